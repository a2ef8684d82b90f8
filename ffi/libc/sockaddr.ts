/** `struct sockaddr_in` (16 octets) and `struct sockaddr_in6` (28 octets) of Linux as values of room `ip`. */
import { addressToOctets, type Endpoint, type IpAddress } from "../../src/ip/mod.ts";
import type { Octets } from "./libc.ts";

export const AF_INET = 2;
export const AF_INET6 = 10;

/** Octets of the larger of the two. */
export const SOCKADDR_LENGTH = 28;

/** An endpoint as `sockaddr_in` or `sockaddr_in6`. `scope` is the interface of a link-local address, else 0. */
export function encodeSockaddr(endpoint: Endpoint, scope = 0): Octets {
  const octets = new Uint8Array(endpoint.address.family === 4 ? 16 : 28);
  const view = new DataView(octets.buffer);
  view.setUint16(0, endpoint.address.family === 4 ? AF_INET : AF_INET6, true);
  view.setUint16(2, endpoint.port);
  octets.set(addressToOctets(endpoint.address), endpoint.address.family === 4 ? 4 : 8);
  if (endpoint.address.family === 6) view.setUint32(24, scope, true);
  return octets;
}

/** The IPv4 address whose four octets lie at `at`. */
export function ipv4At(view: DataView, at: number): IpAddress {
  return { family: 4, value: BigInt(view.getUint32(at)) };
}

/** The IPv6 address whose 16 octets lie at `at`. */
export function ipv6At(view: DataView, at: number): IpAddress {
  return { family: 6, value: (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8) };
}

/** The endpoint of the sockaddr at `at`; undefined for another address family. */
export function decodeSockaddr(view: DataView, at: number): Endpoint | undefined {
  switch (view.getUint16(at, true)) {
    case AF_INET:
      return { address: ipv4At(view, at + 4), port: view.getUint16(at + 2) };
    case AF_INET6:
      return { address: ipv6At(view, at + 8), port: view.getUint16(at + 2) };
    default:
      return undefined;
  }
}
