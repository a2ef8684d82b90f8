/**
 * An IP packet as the security policy sees it: addresses, protocol, ports (RFC 4301 §4.4.1.1), found in place.
 * The walk over IPv6 extension headers (RFC 8200 §4) is bounded; whatever is cut short or contradicts itself is refused.
 */
import type { PacketBuffer } from "./buffer.ts";
import type { IpAddress } from "../../ip/mod.ts";

/** IP protocol numbers that this room looks at. */
export const IP_PROTOCOL = {
  hopByHop: 0,
  icmp: 1,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  esp: 50,
  authentication: 51,
  icmpv6: 58,
  noNext: 59,
  destination: 60,
  dccp: 33,
  sctp: 132,
  mobility: 135,
  udpLite: 136,
  hip: 139,
  shim6: 140,
} as const;

/** A port that cannot be known: a later fragment, or a protocol without ports (RFC 4301: OPAQUE). */
export const OPAQUE = -1;

/** Extension headers that are walked over; a longer chain is refused. */
const MAX_EXTENSIONS = 8;

/** What was found in one packet; one object is used again and again. */
export class InnerPacket {
  family: 4 | 6 = 4;
  /** Where it begins in its buffer. */
  offset = 0;
  /** Octets of the packet as its own header says. */
  length = 0;
  /** Octets up to the upper-layer header, extension headers included. */
  headerLength = 0;
  /** The upper-layer protocol. */
  protocol = 0;
  sourcePort = OPAQUE;
  destinationPort = OPAQUE;
  /** TOS or traffic class: DSCP and ECN. */
  trafficClass = 0;
  /** DF of IPv4; IPv6 always. */
  dontFragment = true;
  /** It is a fragment, the first included. */
  fragment = false;
  /** Source in the words 0 to 3, destination in 4 to 7, most significant first; IPv4 has 0 and 4, the others are 0. */
  readonly addresses = new Uint32Array(8);
}

/** Copies one of the two addresses out as a value. */
export function addressOf(packet: InnerPacket, end: "source" | "destination"): IpAddress {
  const from = end === "source" ? 0 : 4;
  let value = 0n;
  for (let word = 0; word < (packet.family === 4 ? 1 : 4); word++) {
    value = (value << 32n) | BigInt(packet.addresses[from + word]!);
  }
  return { family: packet.family, value };
}

function readPorts(packet: InnerPacket, buffer: PacketBuffer, at: number, end: number): boolean {
  const { view, octets } = buffer;
  switch (packet.protocol) {
    case IP_PROTOCOL.tcp:
    case IP_PROTOCOL.udp:
    case IP_PROTOCOL.sctp:
    case IP_PROTOCOL.dccp:
    case IP_PROTOCOL.udpLite:
      if (at + 4 > end) return false;
      packet.sourcePort = view.getUint16(at);
      packet.destinationPort = view.getUint16(at + 2);
      return true;
    case IP_PROTOCOL.icmp:
    case IP_PROTOCOL.icmpv6:
      // Type and code stand in for a port, at both ends (RFC 7296 §3.13.1).
      if (at + 2 > end) return false;
      packet.sourcePort = packet.destinationPort = view.getUint16(at);
      return true;
    case IP_PROTOCOL.mobility:
      // The type is the sender's, in the upper octet (RFC 7296 §3.13.1, RFC 4301 §4.4.1.1).
      if (at + 3 > end) return false;
      packet.sourcePort = octets[at + 2]! << 8;
      return true;
    default:
      return true;
  }
}

function parseIpv4(packet: InnerPacket, buffer: PacketBuffer, offset: number, available: number): boolean {
  const { octets, view } = buffer;
  if (available < 20) return false;
  const headerLength = (octets[offset]! & 15) * 4;
  const length = view.getUint16(offset + 2);
  if (headerLength < 20 || length < headerLength || length > available) return false;
  const fragmentWord = view.getUint16(offset + 6);
  packet.family = 4;
  packet.length = length;
  packet.headerLength = headerLength;
  packet.protocol = octets[offset + 9]!;
  packet.trafficClass = octets[offset + 1]!;
  packet.dontFragment = (fragmentWord & 0x4000) !== 0;
  packet.fragment = (fragmentWord & 0x3fff) !== 0;
  for (let word = 0; word < 8; word++) packet.addresses[word] = 0;
  packet.addresses[0] = view.getUint32(offset + 12);
  packet.addresses[4] = view.getUint32(offset + 16);
  if ((fragmentWord & 0x1fff) !== 0) return true;
  return readPorts(packet, buffer, offset + headerLength, offset + length);
}

function parseIpv6(packet: InnerPacket, buffer: PacketBuffer, offset: number, available: number): boolean {
  const { octets, view } = buffer;
  if (available < 40) return false;
  const length = 40 + view.getUint16(offset + 4);
  if (length > available) return false;
  packet.family = 6;
  packet.length = length;
  packet.trafficClass = (view.getUint16(offset) >>> 4) & 0xff;
  packet.dontFragment = true;
  packet.fragment = false;
  for (let word = 0; word < 8; word++) packet.addresses[word] = view.getUint32(offset + 8 + 4 * word);
  const end = offset + length;
  let next = octets[offset + 6]!, at = offset + 40;
  for (let walked = 0;; walked++) {
    packet.protocol = next;
    packet.headerLength = at - offset;
    let headerLength: number;
    switch (next) {
      case IP_PROTOCOL.hopByHop:
      case IP_PROTOCOL.routing:
      case IP_PROTOCOL.destination:
        if (at + 8 > end) return false;
        headerLength = (octets[at + 1]! + 1) * 8;
        break;
      case IP_PROTOCOL.authentication:
        if (at + 8 > end) return false;
        headerLength = (octets[at + 1]! + 2) * 4;
        break;
      case IP_PROTOCOL.fragment: {
        if (at + 8 > end) return false;
        const word = view.getUint16(at + 2);
        // An atomic fragment is a whole packet (RFC 6946).
        if ((word & 0xfff9) !== 0) packet.fragment = true;
        if ((word & 0xfff8) !== 0) {
          packet.protocol = octets[at]!;
          packet.headerLength = at + 8 - offset;
          return true;
        }
        headerLength = 8;
        break;
      }
      default:
        return readPorts(packet, buffer, at, end);
    }
    if (at + headerLength > end || walked >= MAX_EXTENSIONS) return false;
    next = octets[at]!;
    at += headerLength;
  }
}

/**
 * Reads the packet at `offset`, of which `available` octets are there; more than its own length is padding
 * (RFC 4303 §2.7). False: it is no whole IP packet.
 */
export function parseInner(
  packet: InnerPacket,
  buffer: PacketBuffer,
  offset: number,
  available: number,
): boolean {
  packet.offset = offset;
  packet.sourcePort = packet.destinationPort = OPAQUE;
  if (available < 1) return false;
  switch (buffer.octets[offset]! >>> 4) {
    case 4:
      return parseIpv4(packet, buffer, offset, available);
    case 6:
      return parseIpv6(packet, buffer, offset, available);
    default:
      return false;
  }
}
