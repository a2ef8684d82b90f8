/** Captures made by hand: containers, link layers, IP and UDP around a payload. */
import { concat, Writer } from "../../src/bytes/mod.ts";
import { type CaptureItem, IkeCapture, type Source } from "../../src/capture/mod.ts";
import { addressToOctets, parseAddress } from "../../src/ip/mod.ts";

/** Numbers of a container in one byte order. */
export class Ordered {
  constructor(readonly little: boolean) {}

  u16(value: number): Uint8Array {
    const octets = new Uint8Array(2);
    new DataView(octets.buffer).setUint16(0, value, this.little);
    return octets;
  }

  u32(value: number): Uint8Array {
    const octets = new Uint8Array(4);
    new DataView(octets.buffer).setUint32(0, value, this.little);
    return octets;
  }

  i64(value: bigint): Uint8Array {
    const octets = new Uint8Array(8);
    new DataView(octets.buffer).setBigInt64(0, value, this.little);
    return octets;
  }
}

export const LITTLE = new Ordered(true);
export const BIG = new Ordered(false);

/** The header of a pcap file. */
export function pcapHeader(order: Ordered, linkType: number, magic = 0xa1b2c3d4): Uint8Array {
  return concat(
    order.u32(magic),
    order.u16(2),
    order.u16(4),
    new Uint8Array(8),
    order.u32(262144),
    order.u32(linkType),
  );
}

/** A frame of a pcap file. */
export function pcapRecord(order: Ordered, frame: Uint8Array, seconds = 0, fraction = 0): Uint8Array {
  return concat(
    order.u32(seconds),
    order.u32(fraction),
    order.u32(frame.length),
    order.u32(frame.length),
    frame,
  );
}

/** A whole pcap file with frames a second apart. */
export function pcapFile(linkType: number, frames: readonly Uint8Array[]): Uint8Array {
  const records = frames.map((frame, index) => pcapRecord(LITTLE, frame, index));
  return concat(pcapHeader(LITTLE, linkType), ...records);
}

/** A block of a pcapng file. */
export function block(order: Ordered, type: number, ...body: readonly Uint8Array[]): Uint8Array {
  const content = concat(...body);
  const padding = new Uint8Array((4 - content.length % 4) % 4);
  const length = order.u32(12 + content.length + padding.length);
  return concat(order.u32(type), length, content, padding, length);
}

export function section(order: Ordered): Uint8Array {
  return block(order, 0x0a0d0d0a, order.u32(0x1a2b3c4d), order.u16(1), order.u16(0), order.i64(-1n));
}

/** An option of a block. */
export function option(order: Ordered, code: number, value: Uint8Array): Uint8Array {
  const padding = new Uint8Array((4 - value.length % 4) % 4);
  return concat(order.u16(code), order.u16(value.length), value, padding);
}

export function interfaceBlock(
  order: Ordered,
  linkType: number,
  options: readonly Uint8Array[] = [],
  snapLength = 0,
): Uint8Array {
  return block(order, 1, order.u16(linkType), order.u16(0), order.u32(snapLength), ...options);
}

/** An enhanced packet block. */
export function packetBlock(order: Ordered, id: number, ticks: bigint, frame: Uint8Array): Uint8Array {
  const high = order.u32(Number(ticks >> 32n)), low = order.u32(Number(ticks & 0xffff_ffffn));
  const length = order.u32(frame.length);
  return block(order, 6, order.u32(id), high, low, length, length, frame);
}

/** A UDP datagram without checksum. */
export function udp(sourcePort: number, destinationPort: number, payload: Uint8Array): Uint8Array {
  const out = new Writer();
  for (const value of [sourcePort, destinationPort, 8 + payload.length, 0]) out.u16(value);
  out.octets(payload);
  return out.finish();
}

export interface V4Options {
  readonly protocol?: number;
  readonly id?: number;
  readonly offset?: number;
  readonly more?: boolean;
  /** A multiple of 4 octets. */
  readonly options?: Uint8Array;
}

/** An IPv4 packet from 192.0.2.1 to 192.0.2.2. */
export function ipv4(payload: Uint8Array, fields: V4Options = {}): Uint8Array {
  const options = fields.options ?? new Uint8Array(0);
  const out = new Writer();
  out.u8(0x45 + options.length / 4);
  out.u8(0);
  out.u16(20 + options.length + payload.length);
  out.u16(fields.id ?? 1);
  out.u16((fields.more === true ? 0x2000 : 0) | (fields.offset ?? 0) / 8);
  out.u8(64);
  out.u8(fields.protocol ?? 17);
  out.u16(0);
  out.octets(addressToOctets(parseAddress("192.0.2.1")!));
  out.octets(addressToOctets(parseAddress("192.0.2.2")!));
  out.octets(options);
  out.octets(payload);
  return out.finish();
}

/** An IPv6 packet from 2001:db8::1 to 2001:db8::2 whose payload begins with a header of type `next`. */
export function ipv6(payload: Uint8Array, next = 17): Uint8Array {
  const out = new Writer();
  out.u32(0x60000000);
  out.u16(payload.length);
  out.u8(next);
  out.u8(64);
  out.octets(addressToOctets(parseAddress("2001:db8::1")!));
  out.octets(addressToOctets(parseAddress("2001:db8::2")!));
  out.octets(payload);
  return out.finish();
}

/** A fragment header of IPv6. */
export function fragmentHeader(next: number, id: number, offset: number, more: boolean): Uint8Array {
  const out = new Writer();
  out.u8(next);
  out.u8(0);
  out.u16(offset | (more ? 1 : 0));
  out.u32(id);
  return out.finish();
}

export function ethernet(packet: Uint8Array, ...tags: readonly number[]): Uint8Array {
  const out = new Writer();
  out.zeros(12);
  for (const tag of tags) {
    out.u16(tag);
    out.u16(7);
  }
  out.u16(packet[0]! >> 4 === 6 ? 0x86dd : 0x0800);
  out.octets(packet);
  return out.finish();
}

/** An IKEv2 message without payloads, or with octets behind the header that are counted in its length. */
export function ikeMessage(behind: Uint8Array = new Uint8Array(0), spiI = 0x1122334455667788n): Uint8Array {
  const out = new Writer();
  out.u64(spiI);
  out.u64(0n);
  out.octets(Uint8Array.of(0, 0x20, 37, 0x08));
  out.u32(1);
  out.u32(28 + behind.length);
  out.octets(behind);
  return out.finish();
}

/** A source that gives a file in pieces of at most `piece` octets. */
export function sourceOf(file: Uint8Array, piece = Infinity): Source {
  let at = 0;
  return {
    read(into) {
      const length = Math.min(piece, into.length, file.length - at);
      into.set(file.subarray(at, at + length));
      at += length;
      return length;
    },
  };
}

/** All items of a capture; octets are copied. */
export function itemsOf(file: Uint8Array, piece = Infinity): CaptureItem[] {
  return Array.from(
    new IkeCapture(sourceOf(file, piece)).items(),
    (item) => item.kind === "message" ? { ...item, octets: item.octets.slice() } : item,
  );
}
