/** Sockets of IPv4 and IPv6: make, bind, name, and the options that iked sets. All are nonblocking. */
import { type Endpoint, type Family, formatAddress, formatEndpoint, unspecified } from "../../src/ip/mod.ts";
import { ERRNO } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { AF_INET, AF_INET6, decodeSockaddr, encodeSockaddr, SOCKADDR_LENGTH } from "./sockaddr.ts";

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0x800;
export const SOCK_CLOEXEC = 0x80000;

const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
const SO_MARK = 36;

export const IPPROTO_IP = 0;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;
export const IPPROTO_ESP = 50;

export const IP_TOS = 1;
export const IP_PKTINFO = 8;
const IP_MTU_DISCOVER = 10;
const IP_RECVTOS = 13;
const IP_IPSEC_POLICY = 16, IP_XFRM_POLICY = 17;
const IPV6_MTU_DISCOVER = 23;
const IPV6_V6ONLY = 26;
const IPV6_IPSEC_POLICY = 34, IPV6_XFRM_POLICY = 35;
const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;
const IPV6_DONTFRAG = 62;
const IPV6_RECVTCLASS = 66;
export const IPV6_TCLASS = 67;
const UDP_ENCAP = 100;
const UDP_ENCAP_ESPINUDP = 2;
export const UDP_SEGMENT = 103;
export const UDP_GRO = 104;

const PMTUDISC_DONT = 0;
const PMTUDISC_DO = 2;

/** What a socket of this module carries. */
export type SocketKind = "udp" | "esp";

export interface SocketOptions {
  readonly kind: SocketKind;
  readonly family: Family;
  /** Where to bind; without it the unspecified address and port 0. */
  readonly local?: Endpoint;
  /** SO_MARK, so that a rule can exempt our own packets from the tunnel. */
  readonly mark?: number;
  /** Octets of the kernel's buffers. */
  readonly receiveBuffer?: number;
  readonly sendBuffer?: number;
  /** UDP_GRO: the kernel joins datagrams of one sender and size. */
  readonly gro?: boolean;
}

/** An option that is an int. Returns false where the kernel refuses it; `libc.errno()` has why. */
export function setOption(libc: Libc, fd: number, level: number, name: number, value: number): boolean {
  return libc.c.setsockopt(fd, level, name, new Int32Array([value]), 4) === 0;
}

function requireOption(
  libc: Libc,
  fd: number,
  level: number,
  name: number,
  value: number,
  what: string,
): void {
  if (!setOption(libc, fd, level, name, value)) libc.unwrap(-1, `set ${what}`);
}

/** Asks for buffers beyond the system's limit; without CAP_NET_ADMIN in the first user namespace up to the limit. */
export function setBuffer(libc: Libc, fd: number, force: number, plain: number, octets: number): void {
  if (!setOption(libc, fd, SOL_SOCKET, force, octets)) setOption(libc, fd, SOL_SOCKET, plain, octets);
}

/** SO_MARK. Needs CAP_NET_ADMIN over the network namespace. */
export function setMark(libc: Libc, fd: number, mark: number): void {
  requireOption(libc, fd, SOL_SOCKET, SO_MARK, mark, "SO_MARK on a socket");
}

/** Whether packets leave with DF (IPv4), or are never fragmented by us (IPv6); too long ones fail with EMSGSIZE. */
export function setDontFragment(libc: Libc, fd: number, family: Family, on: boolean): void {
  const mode = on ? PMTUDISC_DO : PMTUDISC_DONT;
  if (family === 4) return requireOption(libc, fd, IPPROTO_IP, IP_MTU_DISCOVER, mode, "IP_MTU_DISCOVER");
  requireOption(libc, fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, mode, "IPV6_MTU_DISCOVER");
  requireOption(libc, fd, IPPROTO_IPV6, IPV6_DONTFRAG, on ? 1 : 0, "IPV6_DONTFRAG");
}

/** UDP_ENCAP: the kernel takes ESP in UDP (RFC 3948) from this socket, and leaves IKE to it. */
export function setEspInUdp(libc: Libc, fd: number): void {
  requireOption(
    libc,
    fd,
    IPPROTO_UDP,
    UDP_ENCAP,
    UDP_ENCAP_ESPINUDP,
    "UDP_ENCAP on a socket (CONFIG_INET_ESP)",
  );
}

/** By interface, and by family, the option that a policy is set with. */
const POLICY_OPTIONS = {
  xfrm: { 4: IP_XFRM_POLICY, 6: IPV6_XFRM_POLICY },
  pfkey: { 4: IP_IPSEC_POLICY, 6: IPV6_IPSEC_POLICY },
} as const;

/** An interface to the kernel's IPsec: its policies are `xfrm_userpolicy_info` or `sadb_x_policy`. */
export type IpsecInterface = keyof typeof POLICY_OPTIONS;

/** A policy of the socket's own, in place of the host's. Needs CAP_NET_ADMIN. */
export function setSocketPolicy(
  libc: Libc,
  fd: number,
  family: Family,
  by: IpsecInterface,
  policy: Uint8Array,
): void {
  const level = family === 4 ? IPPROTO_IP : IPPROTO_IPV6, name = POLICY_OPTIONS[by][family];
  const set = libc.c.setsockopt(fd, level, name, new Uint8Array(policy), policy.length);
  libc.unwrap(set, "exempt a socket from IPsec policies");
}

/** The address and port a socket is bound to. */
export function localName(libc: Libc, fd: number): Endpoint | undefined {
  const name = new Uint8Array(SOCKADDR_LENGTH);
  libc.unwrap(libc.c.getsockname(fd, name, new Uint32Array([SOCKADDR_LENGTH])), "read the name of a socket");
  return decodeSockaddr(new DataView(name.buffer), 0);
}

/** Completes "Cannot …" for a bind that failed. */
function bindAction(kind: SocketKind, local: Endpoint): string {
  return kind === "udp"
    ? `bind UDP ${formatEndpoint(local)}`
    : `bind raw ESP to ${formatAddress(local.address)}`;
}

/**
 * A bound, nonblocking UDP or raw ESP socket that tells destination address and TOS of what it receives and takes
 * the source address per packet. IPv6 sockets are IPv6 only: IPv4 has a socket of its own. Datagrams leave without
 * DF until `setDontFragment`. Throws `LibcError`, code `EAFNOSUPPORT` where the kernel lacks the family.
 */
export function openSocket(libc: Libc, options: SocketOptions): number {
  const { kind, family } = options;
  const local = options.local ?? { address: unspecified(family), port: 0 };
  const domain = family === 4 ? AF_INET : AF_INET6;
  const type = (kind === "udp" ? SOCK_DGRAM : SOCK_RAW) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const protocol = kind === "udp" ? IPPROTO_UDP : IPPROTO_ESP;
  const what = kind === "udp" ? "UDP" : "raw ESP";
  const fd = libc.unwrap(libc.c.socket(domain, type, protocol), `open an IPv${family} ${what} socket`);
  try {
    if (family === 4) {
      requireOption(libc, fd, IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO");
      requireOption(libc, fd, IPPROTO_IP, IP_RECVTOS, 1, "IP_RECVTOS");
    } else {
      // Raw sockets are of one family anyway, and refuse the option.
      if (kind === "udp") requireOption(libc, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY");
      requireOption(libc, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
      requireOption(libc, fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1, "IPV6_RECVTCLASS");
    }
    setDontFragment(libc, fd, family, false);
    if (options.mark !== undefined) setMark(libc, fd, options.mark);
    if (options.receiveBuffer !== undefined) {
      setBuffer(libc, fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receiveBuffer);
    }
    if (options.sendBuffer !== undefined) setBuffer(libc, fd, SO_SNDBUFFORCE, SO_SNDBUF, options.sendBuffer);
    // Kernels before 5.0 lack UDP_GRO; datagrams then come one by one, and nothing else changes.
    if (options.gro === true) setOption(libc, fd, IPPROTO_UDP, UDP_GRO, 1);
    const name = encodeSockaddr(local);
    libc.unwrap(libc.c.bind(fd, name, name.length), bindAction(kind, local));
    return fd;
  } catch (error) {
    libc.c.close(fd);
    throw error;
  }
}

/** Whether a send may be tried again later: the kernel's queue was full. */
export function isFull(errno: number): boolean {
  return errno === ERRNO.EAGAIN || errno === ERRNO.ENOBUFS;
}
