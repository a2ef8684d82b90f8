/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import {
  cString,
  localName,
  openLibc,
  openSocket,
  Poller,
  ReceiveBatch,
  SendBatch,
  sendPath,
} from "../../ffi/libc/mod.ts";

function unsafePointer(): string {
  try {
    Deno.UnsafePointer.of(new Uint8Array(1));
    return "allowed";
  } catch {
    return "refused";
  }
}

self.onmessage = async (event: MessageEvent<string>) => {
  const libc = openLibc(event.data);
  const source = new Uint8Array([1, 2, 3, 4, 5, 6]);
  const octets = new Uint8Array(3);
  libc.c.memcpy_from(octets, libc.pointerTo(source.subarray(2)), 3);
  let errno = "none";
  try {
    libc.unwrap(libc.c.open(cString("/nonexistent/file"), 0, 0), "open");
  } catch (error) {
    errno = (error as { code: string }).code;
  }
  const local = { address: { family: 4, value: 0x7f000001n }, port: 0 } as const;
  const fd = openSocket(libc, { kind: "udp", family: 4, local });
  const tx = new SendBatch(libc, { slots: 1, slotLength: 64 });
  const rx = new ReceiveBatch(libc, { slots: 1, slotLength: 64 });
  tx.push(sendPath(libc, undefined, localName(libc, fd)!), 0, new Uint8Array([1, 2, 3]));
  tx.flush(fd);
  const poller = new Poller(libc);
  poller.watch(fd);
  const ready = await poller.wait(5000);
  rx.receive(fd);
  self.postMessage({
    unsafePointer: unsafePointer(),
    octets: [...octets],
    errno,
    datagram: [...rx.copy(0)],
    ready,
  });
  poller.close();
  libc.c.close(fd);
};
