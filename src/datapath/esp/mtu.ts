/**
 * How much fits: the inner MTU of a pair from the MTU of its outer path (RFC 4301 §8.2), and the ICMP errors that
 * tell it to the inside (RFC 792, RFC 1191, RFC 4443 §3.2, RFC 8201).
 */
import { checksum, fold, type PacketBuffer } from "./buffer.ts";
import type { InnerPacket } from "./packet.ts";
import { IP_PROTOCOL } from "./packet.ts";
import { openedRoom, sealedLength } from "./seal.ts";
import type { Child, OutboundSa, OuterPath } from "./sa.ts";

/** Taken for a path of which nothing is known. */
export const DEFAULT_OUTER_MTU = 1500;

/** Least MTU of a link (RFC 8200 §5), and the least that a message from outside may make us believe for IPv4 (RFC 791). */
const LEAST_MTU = { 4: 576, 6: 1280 } as const;

/** How long a learnt MTU holds (RFC 1191 §6.3, RFC 8201 §4). */
export const MTU_LIFETIME_MS = 600_000;

function outerOverhead(path: OuterPath): number {
  return (path.remote.address.family === 4 ? 20 : 40) + (path.udpEncap ? 8 : 0);
}

/** What is believed of a reported MTU. */
export function plausibleMtu(family: 4 | 6, mtu: number): number {
  return Math.min(Math.max(mtu, LEAST_MTU[family]), 65535);
}

/** The longest inner packet that the path takes in one piece. */
export function innerMtu(sa: OutboundSa, path: OuterPath, outerMtu: number): number {
  return openedRoom(sa, outerMtu - outerOverhead(path));
}

/** The longest inner packet that one datagram can carry, in however many fragments. */
export function innerLimit(sa: OutboundSa, path: OuterPath): number {
  return openedRoom(sa, 65535 - (path.remote.address.family === 4 ? 20 : 0) - (path.udpEncap ? 8 : 0));
}

/**
 * What to do with an inner packet of `length` octets: `whole` in one piece with DF as it says, `cut` to be fragmented
 * outside (RFC 4301 §8.1), `refuse` with an ICMP error.
 */
export function fitting(child: Child, packet: InnerPacket, length: number): "whole" | "cut" | "refuse" {
  if (length <= child.innerMtu) return "whole";
  if (length > innerLimit(child.outbound, child.path)) return "refuse";
  // IPv6 promises 1280 octets to everybody: where the path has less, the outer packet is cut.
  if (packet.family === 6) return length <= LEAST_MTU[6] ? "cut" : "refuse";
  return packet.dontFragment ? "refuse" : "cut";
}

/** Octets of the outer packet, ESP and all, of an inner one. */
export function outerLength(child: Child, length: number): number {
  return outerOverhead(child.path) + sealedLength(child.outbound, length);
}

const ICMP_UNREACHABLE = 3, ICMP_FRAGMENTATION_NEEDED = 4, ICMPV6_TOO_BIG = 2;

/** The types of ICMP that may be answered with an error: the queries (RFC 1122 §3.2.2). */
function answerable(packet: InnerPacket, buffer: PacketBuffer): boolean {
  if (packet.fragment && packet.sourcePort < 0) return false;
  const type = buffer.octets[packet.offset + packet.headerLength]!;
  if (packet.protocol === IP_PROTOCOL.icmp) return type === 0 || type === 8 || (type >= 13 && type <= 18);
  if (packet.protocol === IP_PROTOCOL.icmpv6) return type >= 128;
  return true;
}

function tooBigV4(
  packet: InnerPacket,
  from: PacketBuffer,
  to: PacketBuffer,
  at: number,
  mtu: number,
): number {
  const { view, octets } = to;
  const quoted = Math.min(packet.length, packet.headerLength + 8 + 500, 548);
  octets.fill(0, at, at + 28);
  octets[at] = 0x45;
  octets[at + 1] = 0xc0;
  view.setUint16(at + 2, 28 + quoted);
  octets[at + 8] = 64;
  octets[at + 9] = IP_PROTOCOL.icmp;
  // From the far end: an address that the route back into the tunnel vouches for.
  view.setUint32(at + 12, packet.addresses[4]!);
  view.setUint32(at + 16, packet.addresses[0]!);
  view.setUint16(at + 10, ~checksum(to, at, 20, 0) & 0xffff);
  octets[at + 20] = ICMP_UNREACHABLE;
  octets[at + 21] = ICMP_FRAGMENTATION_NEEDED;
  view.setUint16(at + 26, mtu);
  octets.set(from.octets.subarray(packet.offset, packet.offset + quoted), at + 28);
  view.setUint16(at + 22, ~checksum(to, at + 20, 8 + quoted, 0) & 0xffff);
  return 28 + quoted;
}

function tooBigV6(
  packet: InnerPacket,
  from: PacketBuffer,
  to: PacketBuffer,
  at: number,
  mtu: number,
): number {
  const { view, octets } = to;
  const quoted = Math.min(packet.length, LEAST_MTU[6] - 48);
  octets.fill(0, at, at + 48);
  octets[at] = 0x60;
  view.setUint16(at + 4, 8 + quoted);
  octets[at + 6] = IP_PROTOCOL.icmpv6;
  octets[at + 7] = 64;
  for (let word = 0; word < 4; word++) {
    view.setUint32(at + 8 + 4 * word, packet.addresses[4 + word]!);
    view.setUint32(at + 24 + 4 * word, packet.addresses[word]!);
  }
  octets[at + 40] = ICMPV6_TOO_BIG;
  view.setUint32(at + 44, Math.max(mtu, LEAST_MTU[6]));
  octets.set(from.octets.subarray(packet.offset, packet.offset + quoted), at + 48);
  const pseudo = fold(checksum(to, at + 8, 32, 8 + quoted) + IP_PROTOCOL.icmpv6);
  view.setUint16(at + 42, ~checksum(to, at + 40, 8 + quoted, pseudo) & 0xffff);
  return 48 + quoted;
}

/**
 * Writes at `at` of `to` the ICMP error that the packet exceeds `mtu`; returns its octets, 0 where none may be sent
 * (RFC 1122 §3.2.2, RFC 4443 §2.4).
 */
export function writeTooBig(
  packet: InnerPacket,
  from: PacketBuffer,
  to: PacketBuffer,
  at: number,
  mtu: number,
): number {
  if (!answerable(packet, from)) return 0;
  return packet.family === 4 ? tooBigV4(packet, from, to, at, mtu) : tooBigV6(packet, from, to, at, mtu);
}
