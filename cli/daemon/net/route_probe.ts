/** What the kernel knows of the way to a peer. */
import { encodeSockaddr, type Libc, setMark } from "../../../ffi/libc/mod.ts";
import type { IpAddress } from "../../../src/ip/mod.ts";

const AF_INET = 2, AF_INET6 = 10;
const SOCK_DGRAM = 2, SOCK_CLOEXEC = 0x80000;
const IPPROTO_IP = 0, IPPROTO_IPV6 = 41;
const IP_MTU = 14, IPV6_MTU = 24;
/** Any port will do: nothing is sent. */
const DISCARD_PORT = 9;

/**
 * The path MTU towards an address as the kernel believes it at this moment, learnt from ICMP or the link; undefined
 * where there is no route. `mark` is that of the sockets whose way is asked for.
 */
export function pathMtu(libc: Libc, remote: IpAddress, mark: number): number | undefined {
  const { c } = libc;
  const v4 = remote.family === 4;
  const fd = c.socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return undefined;
  try {
    setMark(libc, fd, mark);
    const name = encodeSockaddr({ address: remote, port: DISCARD_PORT });
    if (c.connect(fd, name, name.length) < 0) return undefined;
    const value = new Int32Array(1), length = new Uint32Array([4]);
    const asked = v4
      ? c.getsockopt(fd, IPPROTO_IP, IP_MTU, value, length)
      : c.getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, value, length);
    return asked < 0 ? undefined : value[0];
  } finally {
    c.close(fd);
  }
}
