/**
 * A packet that the inside left unfinished, finished: partial checksums completed, and what is longer than a packet
 * cut into segments with their own lengths, ids, sequence numbers, flags and checksums (TCP: RFC 9293, UDP: RFC 768).
 */
import { checksum, copyHeader, copySummed, fold, type PacketBuffer } from "./buffer.ts";
import { type InnerPacket, IP_PROTOCOL } from "./packet.ts";
import { GSO, NEEDS_CHECKSUM, type VnetHeader } from "./vnet.ts";

const TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_CWR = 0x80;

/** Sum of the pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1) without the length. */
export function pseudoSum(packet: InnerPacket): number {
  let sum = packet.protocol;
  for (let word = 0; word < 8; word++) {
    if (packet.family === 4 && (word & 3) !== 0) continue;
    sum += packet.addresses[word]! >>> 16;
    sum += packet.addresses[word]! & 0xffff;
  }
  return fold(sum);
}

/** Where the checksum stands in the upper-layer header; undefined where this room knows none. */
export function checksumField(protocol: number): number | undefined {
  return protocol === IP_PROTOCOL.tcp ? 16 : protocol === IP_PROTOCOL.udp ? 6 : undefined;
}

/** Completes the checksum of a packet that is no super-packet; false: the header points outside. */
export function completeChecksum(packet: InnerPacket, buffer: PacketBuffer, header: VnetHeader): boolean {
  if ((header.flags & NEEDS_CHECKSUM) === 0) return true;
  const { checksumStart: start, checksumOffset: offset } = header;
  if (start < packet.headerLength || start + offset + 2 > packet.length) return false;
  const at = packet.offset + start;
  const sum = ~checksum(buffer, at, packet.length - start, 0) & 0xffff;
  // Zero would mean that UDP has no checksum (RFC 768); for TCP both mean the same.
  buffer.view.setUint16(at + offset, sum === 0 ? 0xffff : sum);
  return true;
}

/** Octets before the payload of each segment; undefined where header and packet contradict each other. */
export function segmentHeaderLength(
  packet: InnerPacket,
  buffer: PacketBuffer,
  header: VnetHeader,
): number | undefined {
  if (packet.fragment || header.gsoSize === 0 || (header.flags & NEEDS_CHECKSUM) === 0) return undefined;
  if (header.checksumStart !== packet.headerLength) return undefined;
  const upper = packet.offset + packet.headerLength;
  let length: number;
  if (packet.protocol === IP_PROTOCOL.tcp) {
    if (header.gsoType !== (packet.family === 4 ? GSO.tcp4 : GSO.tcp6)) return undefined;
    if (packet.headerLength + 20 > packet.length) return undefined;
    length = (buffer.octets[upper + 12]! >>> 4) * 4;
    if (length < 20) return undefined;
  } else if (packet.protocol === IP_PROTOCOL.udp && header.gsoType === GSO.udp) {
    length = 8;
  } else {
    return undefined;
  }
  // A super-packet has payload; one without would make no segment at all.
  return packet.headerLength + length < packet.length ? packet.headerLength + length : undefined;
}

/**
 * Writes segment number `index` of a super-packet at `at` of `to` and returns its octets. `headerLength` is from
 * `segmentHeaderLength`, `pseudo` from `pseudoSum`.
 */
export function writeSegment(
  packet: InnerPacket,
  from: PacketBuffer,
  header: VnetHeader,
  headerLength: number,
  pseudo: number,
  index: number,
  to: PacketBuffer,
  at: number,
): number {
  const begin = headerLength + index * header.gsoSize;
  const payload = Math.min(header.gsoSize, packet.length - begin);
  const last = begin + payload === packet.length;
  const length = headerLength + payload;
  const { octets, view } = to;
  copyHeader(from, packet.offset, to, at, headerLength);
  const payloadSum = copySummed(from, packet.offset + begin, to, at + headerLength, payload);
  if (packet.family === 4) {
    view.setUint16(at + 2, length);
    view.setUint16(at + 4, (view.getUint16(at + 4) + index) & 0xffff);
    view.setUint16(at + 10, 0);
    view.setUint16(at + 10, ~checksum(to, at, (octets[at]! & 15) * 4, 0) & 0xffff);
  } else {
    view.setUint16(at + 4, length - 40);
  }
  const upper = at + packet.headerLength, upperLength = length - packet.headerLength;
  const rest = pseudo + upperLength + payloadSum;
  if (packet.protocol === IP_PROTOCOL.tcp) {
    view.setUint32(upper + 4, view.getUint32(upper + 4) + index * header.gsoSize);
    let flags = octets[upper + 13]!;
    if (!last) flags &= ~(TCP_FIN | TCP_PSH);
    if (index > 0) flags &= ~TCP_CWR;
    octets[upper + 13] = flags;
    view.setUint16(upper + 16, 0);
    view.setUint16(upper + 16, ~checksum(to, upper, headerLength - packet.headerLength, rest) & 0xffff);
  } else {
    view.setUint16(upper + 4, upperLength);
    view.setUint16(upper + 6, 0);
    const sum = ~checksum(to, upper, headerLength - packet.headerLength, rest) & 0xffff;
    view.setUint16(upper + 6, sum === 0 ? 0xffff : sum);
  }
  return length;
}
