/** Data path `xfrm`: the kernel's IPsec, over netlink. */
import { KernelEvents, LibcError, Netlink } from "../../../ffi/libc/mod.ts";
import { parseEvent, XFRM_GROUP, XFRM_MSG, XfrmPort } from "../../../src/datapath/xfrm/mod.ts";
import { StartError } from "../role.ts";
import { KernelDatapath, type KernelOptions } from "./kernel_datapath.ts";

/** Of what the kernel tells, what matters: others' SAs come by with their keys. */
const NEWS = [
  XFRM_MSG.ACQUIRE,
  XFRM_MSG.EXPIRE,
  XFRM_MSG.MAPPING,
  XFRM_MSG.DELSA,
  XFRM_MSG.FLUSHSA,
  XFRM_MSG.DELPOLICY,
  XFRM_MSG.FLUSHPOLICY,
];

/** Takes over the kernel's tables. Throws `StartError`. */
export function openXfrm(options: KernelOptions): KernelDatapath {
  const { libc } = options;
  let netlink: Netlink, events: KernelEvents;
  try {
    netlink = new Netlink(libc, "xfrm");
  } catch (error) {
    throw error instanceof LibcError ? new StartError(`${error.message}: the kernel has no XFRM`) : error;
  }
  try {
    const { acquire, expire, mapping, sa, policy } = XFRM_GROUP;
    events = new KernelEvents(libc, acquire | expire | mapping | sa | policy, NEWS);
  } catch (error) {
    netlink.close();
    if (!(error instanceof LibcError)) throw error;
    throw new StartError(`${error.message}: the data path xfrm needs root or CAP_NET_ADMIN`);
  }
  return new KernelDatapath(options, {
    port: new XfrmPort(netlink),
    fd: events.fd,
    drain: (each) =>
      events.drain((message) => {
        const event = parseEvent(message);
        if (event !== undefined) each(event);
      }),
    close: () => {
      events.close();
      netlink.close();
    },
  });
}
