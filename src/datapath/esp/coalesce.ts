/**
 * Packets on their way in, joined again: consecutive segments of one TCP flow, or equal datagrams of one UDP flow,
 * become one super-packet for the device (the reverse of `split.ts`). Only packets whose checksums are right are
 * joined, since the device takes the joined one's for granted. Whatever comes is given on in the order it came.
 */
import { checksum, fold, type PacketBuffer, packetBuffer } from "./buffer.ts";
import { type InnerPacket, IP_PROTOCOL } from "./packet.ts";
import { checksumField, pseudoSum } from "./split.ts";
import { GSO, VNET_HEADER, writeGsoVnet, writePlainVnet } from "./vnet.ts";

const TCP_PSH = 0x08, TCP_ACK = 0x10;
/** The packet begins at a multiple of four, its device header right before. */
const PACKET_AT = 12;
const HEADER_AT = PACKET_AT - VNET_HEADER;
const MAX_LENGTH = 65_500;
/** Datagrams in one UDP super-packet (Linux: UDP_MAX_SEGMENTS). */
const MAX_DATAGRAMS = 64;

/** The device, as this room sees it: `length` octets at `offset`, device header and packet. */
export type Deliver = (buffer: PacketBuffer, offset: number, length: number) => void;

/** The super-packet that is being filled. */
export class Coalescer {
  readonly #out = packetBuffer(PACKET_AT + 65_536);
  readonly #deliver: Deliver;
  readonly #udp: boolean;
  #count = 0;
  #length = 0;
  #headerLength = 0;
  #upper = 0;
  #protocol = 0;
  #segment = 0;
  #nextSequence = 0;
  #nextId = 0;
  #open = false;
  #pseudo = 0;
  #candidatePseudo = 0;

  /** `udp`: the device takes UDP super-packets. */
  constructor(deliver: Deliver, udp: boolean) {
    this.#deliver = deliver;
    this.#udp = udp;
  }

  /** Takes one packet: it is joined, kept for a moment, or given on. */
  add(packet: InnerPacket, buffer: PacketBuffer): void {
    const headerLength = this.#joinable(packet, buffer);
    if (headerLength === 0) {
      this.flush();
      this.#start(packet, buffer, packet.length);
      return this.flush();
    }
    if (this.#open && headerLength === this.#headerLength && this.#continues(packet, buffer)) {
      return this.#append(packet, buffer);
    }
    this.flush();
    this.#start(packet, buffer, headerLength);
  }

  /** Gives on what is kept. */
  flush(): void {
    if (this.#count === 0) return;
    if (this.#count === 1) writePlainVnet(this.#out, HEADER_AT);
    else this.#finish();
    this.#deliver(this.#out, HEADER_AT, VNET_HEADER + this.#length);
    this.#count = 0;
    this.#open = false;
  }

  /** Octets before the payload of a packet that may be joined with others; 0 of one that may not. */
  #joinable(packet: InnerPacket, buffer: PacketBuffer): number {
    const { octets, view } = buffer;
    const at = packet.offset, upper = at + packet.headerLength;
    const upperLength = packet.length - packet.headerLength;
    if (packet.fragment || packet.headerLength !== (packet.family === 4 ? 20 : 40)) return 0;
    let length: number;
    if (packet.protocol === IP_PROTOCOL.tcp) {
      if (upperLength < 20 || (octets[upper + 13]! & ~TCP_PSH) !== TCP_ACK) return 0;
      length = (octets[upper + 12]! >>> 4) * 4;
      if (length < 20) return 0;
    } else if (packet.protocol === IP_PROTOCOL.udp && this.#udp) {
      // Without a checksum there is nothing to vouch for the datagram.
      if (upperLength < 8 || view.getUint16(upper + 4) !== upperLength) return 0;
      if (view.getUint16(upper + 6) === 0) return 0;
      length = 8;
    } else {
      return 0;
    }
    if (length >= upperLength) return 0;
    if (packet.family === 4 && checksum(buffer, at, 20, 0) !== 0xffff) return 0;
    const pseudo = pseudoSum(packet);
    if (checksum(buffer, upper, upperLength, pseudo + upperLength) !== 0xffff) return 0;
    this.#candidatePseudo = pseudo;
    return packet.headerLength + length;
  }

  #start(packet: InnerPacket, { octets, view }: PacketBuffer, headerLength: number): void {
    const { offset, length } = packet;
    this.#out.octets.set(octets.subarray(offset, offset + length), PACKET_AT);
    this.#count = 1;
    this.#length = length;
    this.#headerLength = headerLength;
    this.#upper = PACKET_AT + packet.headerLength;
    this.#protocol = packet.protocol;
    this.#segment = length - headerLength;
    this.#open = this.#segment > 0;
    if (!this.#open) return;
    this.#pseudo = this.#candidatePseudo;
    if (packet.family === 4) this.#nextId = (view.getUint16(offset + 4) + 1) & 0xffff;
    if (packet.protocol !== IP_PROTOCOL.tcp) return;
    const upper = offset + packet.headerLength;
    this.#nextSequence = (view.getUint32(upper + 4) + this.#segment) >>> 0;
    this.#open = (octets[upper + 13]! & TCP_PSH) === 0;
  }

  /** Whether the packet is the next of what is kept: the same headers but for lengths, ids, sums and sequence. */
  #continues(packet: InnerPacket, buffer: PacketBuffer): boolean {
    const payload = packet.length - this.#headerLength;
    if (packet.protocol !== this.#protocol || payload > this.#segment) return false;
    if (this.#length + payload > MAX_LENGTH) return false;
    return this.#sameIp(packet, buffer) &&
      (packet.protocol === IP_PROTOCOL.tcp ? this.#sameTcp(packet, buffer) : this.#count < MAX_DATAGRAMS &&
        buffer.view.getUint32(packet.offset + packet.headerLength) === this.#out.view.getUint32(this.#upper));
  }

  #sameIp(packet: InnerPacket, { view }: PacketBuffer): boolean {
    const kept = this.#out.view;
    const at = packet.offset;
    if (packet.family === 4) {
      if (view.getUint16(at) !== kept.getUint16(PACKET_AT)) return false;
      // Flags, TTL and protocol. With DF the id means nothing (RFC 6864 §4.1).
      if (view.getUint32(at + 6) !== kept.getUint32(PACKET_AT + 6)) return false;
      if (!packet.dontFragment && view.getUint16(at + 4) !== this.#nextId) return false;
      return view.getUint32(at + 12) === kept.getUint32(PACKET_AT + 12) &&
        view.getUint32(at + 16) === kept.getUint32(PACKET_AT + 16);
    }
    if (view.getUint32(at) !== kept.getUint32(PACKET_AT)) return false;
    if (view.getUint16(at + 6) !== kept.getUint16(PACKET_AT + 6)) return false;
    for (let word = 8; word < 40; word += 4) {
      if (view.getUint32(at + word) !== kept.getUint32(PACKET_AT + word)) return false;
    }
    return true;
  }

  #sameTcp(packet: InnerPacket, { octets, view }: PacketBuffer): boolean {
    const kept = this.#out, upper = packet.offset + packet.headerLength;
    if (view.getUint32(upper + 4) !== this.#nextSequence) return false;
    if (view.getUint32(upper) !== kept.view.getUint32(this.#upper)) return false;
    if (view.getUint32(upper + 8) !== kept.view.getUint32(this.#upper + 8)) return false;
    if (octets[upper + 12] !== kept.octets[this.#upper + 12]) return false;
    if (view.getUint16(upper + 14) !== kept.view.getUint16(this.#upper + 14)) return false;
    const options = this.#headerLength - packet.headerLength;
    for (let octet = 18; octet < options; octet++) {
      if (octets[upper + octet] !== kept.octets[this.#upper + octet]) return false;
    }
    return true;
  }

  #append(packet: InnerPacket, { octets }: PacketBuffer): void {
    const { offset, length } = packet;
    const payload = length - this.#headerLength;
    this.#out.octets.set(
      octets.subarray(offset + this.#headerLength, offset + length),
      PACKET_AT + this.#length,
    );
    this.#length += payload;
    this.#count++;
    this.#nextSequence = (this.#nextSequence + payload) >>> 0;
    this.#nextId = (this.#nextId + 1) & 0xffff;
    if (payload < this.#segment) this.#open = false;
    if (packet.protocol !== IP_PROTOCOL.tcp) return;
    if ((octets[offset + packet.headerLength + 13]! & TCP_PSH) === 0) return;
    this.#out.octets[this.#upper + 13] = this.#out.octets[this.#upper + 13]! | TCP_PSH;
    this.#open = false;
  }

  /** Makes the headers those of the joined packet; the device completes the checksum from the pseudo-header's sum. */
  #finish(): void {
    const out = this.#out, { view } = out;
    const upperStart = this.#upper - PACKET_AT, upperLength = this.#length - upperStart;
    const tcp = this.#protocol === IP_PROTOCOL.tcp;
    const ipv4 = out.octets[PACKET_AT]! >>> 4 === 4;
    if (ipv4) {
      view.setUint16(PACKET_AT + 2, this.#length);
      view.setUint16(PACKET_AT + 10, 0);
      view.setUint16(PACKET_AT + 10, ~checksum(out, PACKET_AT, 20, 0) & 0xffff);
    } else {
      view.setUint16(PACKET_AT + 4, this.#length - 40);
    }
    if (!tcp) view.setUint16(this.#upper + 4, upperLength);
    const field = checksumField(this.#protocol)!;
    view.setUint16(this.#upper + field, fold(this.#pseudo + upperLength));
    const gsoType = tcp ? (ipv4 ? GSO.tcp4 : GSO.tcp6) : GSO.udp;
    writeGsoVnet(out, HEADER_AT, gsoType, this.#headerLength, this.#segment, upperStart, field);
  }
}
