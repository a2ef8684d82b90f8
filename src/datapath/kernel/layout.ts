/**
 * The C structures of linux/xfrm.h and linux/pfkeyv2.h: integers in the order of little-endian machines, addresses, ports
 * and SPIs in the network's order, each at a multiple of its own size.
 */
import { addressFromOctets, addressToOctets, type Family, type IpAddress } from "../../ip/mod.ts";

/** Octets of an `xfrm_address_t`; an IPv4 address fills the first four. */
const ADDRESS_LENGTH = 16;

/** Writes one structure, or several in a row, into octets of a known length; what is not written stays zero. */
export class StructWriter {
  readonly octets: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.octets = new Uint8Array(length);
    this.#view = new DataView(this.octets.buffer);
  }

  u8(value: number): this {
    this.#view.setUint8(this.#take(1), value);
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#take(2), value, true);
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#take(4), value, true);
    return this;
  }

  u64(value: bigint): this {
    this.#view.setBigUint64(this.#take(8), value, true);
    return this;
  }

  /** 16 bits in the network's order: a port. */
  port(value: number): this {
    this.#view.setUint16(this.#take(2), value, false);
    return this;
  }

  /** 32 bits in the network's order: an SPI. */
  spi(value: number): this {
    this.#view.setUint32(this.#take(4), value, false);
    return this;
  }

  /** An `xfrm_address_t`; absent is all zero. */
  address(address: IpAddress | undefined): this {
    const at = this.#take(ADDRESS_LENGTH);
    if (address !== undefined) this.octets.set(addressToOctets(address), at);
    return this;
  }

  /** A C string in a field of `length` octets. */
  text(value: string, length: number): this {
    const octets = new TextEncoder().encode(value);
    if (octets.length >= length) throw new RangeError(`"${value}" does not fit ${length} octets`);
    this.octets.set(octets, this.#take(length));
    return this;
  }

  bytes(octets: Uint8Array): this {
    this.octets.set(octets, this.#take(octets.length));
    return this;
  }

  /** Zero octets: padding, or a field that is not used. */
  skip(length: number): this {
    this.#take(length);
    return this;
  }

  #take(length: number): number {
    const at = this.#at;
    this.#at += length;
    if (this.#at > this.octets.length) throw new RangeError(`${this.#at} octets in a structure of fewer`);
    return at;
  }
}

/** Reads structures. Reading past the end throws `RangeError`: who reads looks at `length` first. */
export class StructReader {
  readonly #view: DataView;
  readonly #octets: Uint8Array;
  #at: number;

  constructor(octets: Uint8Array, from = 0) {
    this.#octets = octets;
    this.#view = new DataView(octets.buffer, octets.byteOffset, octets.length);
    this.#at = from;
  }

  /** Octets that are left. */
  get length(): number {
    return this.#octets.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  port(): number {
    return this.#view.getUint16(this.#take(2), false);
  }

  spi(): number {
    return this.#view.getUint32(this.#take(4), false);
  }

  /** The octets of an `xfrm_address_t`, to be read once the family is known. */
  address(): Uint8Array {
    const at = this.#take(ADDRESS_LENGTH);
    return this.#octets.subarray(at, at + ADDRESS_LENGTH);
  }

  text(length: number): string {
    const at = this.#take(length);
    const octets = this.#octets.subarray(at, at + length);
    const end = octets.indexOf(0);
    return new TextDecoder().decode(end < 0 ? octets : octets.subarray(0, end));
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    if (this.#at > this.#octets.length) throw new RangeError("Fewer octets than a length says");
    return this.#octets.subarray(at, at + length);
  }

  skip(length: number): this {
    this.#take(length);
    return this;
  }

  #take(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

/** The address that the octets of an `xfrm_address_t` stand for. */
export function addressOf(octets: Uint8Array, family: Family): IpAddress {
  return addressFromOctets(octets.subarray(0, family === 4 ? 4 : 16))!;
}
