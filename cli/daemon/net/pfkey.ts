/** Data path `pfkey`: the kernel's IPsec, over PF_KEY. */
import { type Libc, LibcError, Pfkey } from "../../../ffi/libc/mod.ts";
import { parseEvent, PfkeyPort, register } from "../../../src/datapath/pfkey/mod.ts";
import { StartError } from "../role.ts";
import { KernelDatapath, type KernelOptions } from "./kernel_datapath.ts";

/** What is missing where there is no PF_KEY: the family is not known where the module is not there. */
export function pfkeyLack(error: LibcError): string {
  return error.code === "EPERM"
    ? `${error.message}: the data path pfkey needs root or CAP_NET_ADMIN`
    : `${error.message}: load the module af_key (CONFIG_NET_KEY)`;
}

/** A socket for requests. Throws `LibcError`. */
export function openPfkeySocket(libc: Libc): Pfkey {
  return new Pfkey(libc, Deno.pid);
}

/** Takes over the kernel's tables. Throws `StartError`. */
export function openPfkey(options: KernelOptions): KernelDatapath {
  const { libc } = options;
  const open: Pfkey[] = [];
  const close = () => open.forEach((socket) => socket.close());
  try {
    // The answers to requests would be lost among the news of others.
    const socket = openPfkeySocket(libc), news = openPfkeySocket(libc);
    open.push(socket, news);
    for (const protocol of ["ah", "esp"] as const) {
      const registered = news.request(register(protocol), "listen to the kernel's IPsec");
      if (!registered.ok) throw new StartError(registered.error.message);
    }
    return new KernelDatapath(options, {
      port: new PfkeyPort(socket),
      fd: news.fd,
      drain: (each) => {
        news.drain((message) => {
          const event = parseEvent(message);
          if (event !== undefined) each(event);
        });
        // What the queue has no room for is lost without a word: the comparison each minute finds it.
        return false;
      },
      close,
    });
  } catch (error) {
    close();
    throw error instanceof LibcError ? new StartError(pfkeyLack(error)) : error;
  }
}
