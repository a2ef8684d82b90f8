/**
 * Writes big-endian integers and octets into a buffer that grows.
 *
 * A value that does not fit its field is a bug of the caller and throws `RangeError`.
 */
export class Writer {
  #octets: Uint8Array;
  #length = 0;

  /** `capacity` in octets is a guess that saves growing. */
  constructor(capacity = 512) {
    this.#octets = new Uint8Array(capacity);
  }

  /** Octets written. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    check(value, 0xff);
    const at = this.#grow(1);
    this.#octets[at] = value;
  }

  u16(value: number): void {
    const at = this.#grow(2);
    this.#put16(at, value);
  }

  u32(value: number): void {
    const at = this.#grow(4);
    this.#put32(at, value);
  }

  u64(value: bigint): void {
    this.u32(Number(value >> 32n));
    this.u32(Number(value & 0xffff_ffffn));
  }

  octets(octets: Uint8Array): void {
    const at = this.#grow(octets.length);
    this.#octets.set(octets, at);
  }

  /** Zero octets. */
  zeros(length: number): void {
    this.#grow(length);
  }

  /** Overwrites 2 octets at `at`: a length that is known only afterwards. */
  patchU16(at: number, value: number): void {
    this.#checkWritten(at, 2);
    this.#put16(at, value);
  }

  /** Overwrites 4 octets at `at`. */
  patchU32(at: number, value: number): void {
    this.#checkWritten(at, 4);
    this.#put32(at, value);
  }

  /** What was written, in a buffer of just that size. */
  finish(): Uint8Array {
    return this.#octets.slice(0, this.#length);
  }

  #put16(at: number, value: number): void {
    check(value, 0xffff);
    this.#octets[at] = value >>> 8;
    this.#octets[at + 1] = value;
  }

  #put32(at: number, value: number): void {
    check(value, 0xffff_ffff);
    this.#octets[at] = value >>> 24;
    this.#octets[at + 1] = value >>> 16;
    this.#octets[at + 2] = value >>> 8;
    this.#octets[at + 3] = value;
  }

  #checkWritten(at: number, length: number): void {
    if (at < 0 || at + length > this.#length) throw new RangeError(`Nothing written at ${at}`);
  }

  #grow(by: number): number {
    const at = this.#length;
    const needed = at + by;
    if (needed > this.#octets.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#octets.length));
      larger.set(this.#octets);
      this.#octets = larger;
    }
    this.#length = needed;
    return at;
  }
}

function check(value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`Value ${value} does not fit a field of at most ${max}`);
  }
}
