/**
 * libc by ffi: descriptors, sockets, poll, TUN, rtnetlink, processes.
 *
 * Duty: the system calls that iked needs, with prepared memory where they are hot. `openLibc` takes the library's
 * full path and works under a grant of just that path; nothing is opened at import.
 * May import: src/ip, src/bytes and the codecs of src/datapath for netlink and PF_KEY. Never: a protocol's logic, Deno.UnsafePointer.
 * @module
 */
export { describeErrno, ERRNO, type ErrnoName, errnoName, LibcError } from "./errno.ts";
export { cString, type Libc, LIBC_PATHS, type Octets, openLibc } from "./libc.ts";
export { Poller, POLLERR, POLLHUP, POLLIN, POLLOUT, type Watch } from "./poll.ts";
export { ReceiveBatch, type ReceiveOptions } from "./receive.ts";
export { SendBatch, type SendFailed, type SendOptions, type SendPath, sendPath } from "./send.ts";
export { decodeSockaddr, encodeSockaddr } from "./sockaddr.ts";
export {
  type IpsecInterface,
  localName,
  openSocket,
  setDontFragment,
  setEspInUdp,
  setMark,
  setSocketPolicy,
  type SocketKind,
  type SocketOptions,
} from "./socket.ts";
export { openTun, type Tun, VNET_HEADER_LENGTH } from "./tun.ts";
export { Pfkey, type PfkeyFailure } from "./pfkey.ts";
export { AddressMonitor, KernelEvents, Netlink, type NetlinkFailure } from "./netlink.ts";
export { coverFolder, currentNetns, enterNetns, inNetns, newNetns } from "./netns.ts";
export { readText, readToEnd, writeAll, writeText } from "./file.ts";
export {
  becomeUser,
  CAP,
  type Capabilities,
  capabilities,
  dieWithParent,
  type Identity,
  identity,
  ignoreSignal,
  keepCapabilities,
  noNewPrivileges,
  notDumpable,
  setCapabilities,
} from "./process.ts";
export { openPipe, spawn, type SpawnOptions } from "./spawn.ts";
export { CaughtStderr, PacketReader } from "./stderr.ts";
