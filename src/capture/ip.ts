/** IP headers: IPv4 with options (RFC 791), IPv6 with extension headers (RFC 8200 §4), fragments of both. */
import { addressFromOctets, type IpAddress } from "../ip/mod.ts";
import { viewOf } from "./view.ts";

/** What a packet carries; octets are views of it. */
export interface IpPacket {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** Protocol of `payload`; of a fragment, that of the whole payload. */
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly fragment?: Fragment;
}

/** Which part of the payload this is. */
export interface Fragment {
  readonly id: number;
  /** Octets in front of it. */
  readonly offset: number;
  readonly more: boolean;
}

/** A payload behind the extension headers of IPv6. */
export interface Upper {
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly fragment?: Fragment;
}

const IPV4_HEADER_LENGTH = 20;
const IPV6_HEADER_LENGTH = 40;
const FRAGMENT_HEADER_LENGTH = 8;
const AH = 51;
const IPV6_FRAGMENT = 44;
/** Hop-by-hop, routing, destination options, mobility, HIP, Shim6: length in units of 8 octets, the first not counted. */
const EXTENSIONS: readonly number[] = [0, 43, 60, 135, 139, 140];

/** The packet at the start of `octets`; what is behind it, as padding of the link, is left out. */
export function parseIp(octets: Uint8Array): IpPacket | undefined {
  switch ((octets[0] ?? 0) >> 4) {
    case 4:
      return parseIpv4(octets);
    case 6:
      return parseIpv6(octets);
    default:
      return undefined;
  }
}

function parseIpv4(octets: Uint8Array): IpPacket | undefined {
  if (octets.length < IPV4_HEADER_LENGTH) return undefined;
  const view = viewOf(octets);
  const headerLength = (octets[0]! & 0x0f) * 4;
  // A card that cuts large packets up leaves the length to be filled in after the capture.
  const length = view.getUint16(2) || octets.length;
  if (headerLength < IPV4_HEADER_LENGTH || length < headerLength) return undefined;
  const word = view.getUint16(6);
  const offset = (word & 0x1fff) * 8, more = (word & 0x2000) !== 0;
  const packet = {
    source: addressFromOctets(octets.subarray(12, 16))!,
    destination: addressFromOctets(octets.subarray(16, 20))!,
    protocol: octets[9]!,
    payload: octets.subarray(headerLength, length),
  };
  return more || offset > 0 ? { ...packet, fragment: { id: view.getUint16(4), offset, more } } : packet;
}

function parseIpv6(octets: Uint8Array): IpPacket | undefined {
  if (octets.length < IPV6_HEADER_LENGTH) return undefined;
  const length = viewOf(octets).getUint16(4) || octets.length;
  const upper = upperOf(octets[6]!, octets.subarray(IPV6_HEADER_LENGTH, IPV6_HEADER_LENGTH + length));
  return upper && {
    source: addressFromOctets(octets.subarray(8, 24))!,
    destination: addressFromOctets(octets.subarray(24, 40))!,
    ...upper,
  };
}

/**
 * Passes over extension headers up to the upper protocol or to a fragment; undefined where one is cut off. A fragment
 * that is the whole payload (RFC 6946) counts as none.
 */
export function upperOf(first: number, octets: Uint8Array): Upper | undefined {
  let protocol = first, payload = octets;
  for (;;) {
    const extension = EXTENSIONS.includes(protocol);
    if (!extension && protocol !== AH && protocol !== IPV6_FRAGMENT) return { protocol, payload };
    if (payload.length < FRAGMENT_HEADER_LENGTH) return undefined;
    const next = payload[0]!;
    if (protocol === IPV6_FRAGMENT) {
      const view = viewOf(payload), word = view.getUint16(2);
      const fragment = { id: view.getUint32(4), offset: word & 0xfff8, more: (word & 1) !== 0 };
      payload = payload.subarray(FRAGMENT_HEADER_LENGTH);
      if (fragment.more || fragment.offset > 0) return { protocol: next, payload, fragment };
    } else {
      const length = extension ? (payload[1]! + 1) * 8 : (payload[1]! + 2) * 4;
      if (payload.length < length) return undefined;
      payload = payload.subarray(length);
    }
    protocol = next;
  }
}
