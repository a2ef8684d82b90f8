/** Input ended before what it had to hold. Caught at the entry of the room that decodes. */
export class ReadError extends Error {
  /** Where reading stopped, in octets from the start of the outermost input. */
  readonly octet: number;

  constructor(octet: number, message: string) {
    super(message);
    this.name = "ReadError";
    this.octet = octet;
  }
}

/**
 * Reads big-endian integers and octets from the front of a buffer; never past its end.
 *
 * Octets that it hands out are views of the input, not copies.
 */
export class Reader {
  readonly #octets: Uint8Array;
  readonly #origin: number;
  readonly #what: string;
  readonly #end: number;
  #at: number;

  /**
   * `origin` is where `octets` begins in the outermost input, `what` names the structure in errors; what is read
   * begins at `start` and ends before `end`.
   */
  constructor(octets: Uint8Array, origin = 0, what = "Input", start = 0, end = octets.length) {
    this.#octets = octets;
    this.#origin = origin;
    this.#what = what;
    this.#at = start;
    this.#end = end;
  }

  /** Octets not yet read. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** Where the next octet is, counted from the start of the outermost input. */
  get octet(): number {
    return this.#origin + this.#at;
  }

  /** What this reader reads, for error messages. */
  get what(): string {
    return this.#what;
  }

  u8(): number {
    return this.#octets[this.#advance(1)]!;
  }

  u16(): number {
    const at = this.#advance(2);
    return (this.#octets[at]! << 8) | this.#octets[at + 1]!;
  }

  u32(): number {
    const at = this.#advance(4);
    const o = this.#octets;
    return ((o[at]! << 24) | (o[at + 1]! << 16) | (o[at + 2]! << 8) | o[at + 3]!) >>> 0;
  }

  u64(): bigint {
    const high = this.u32();
    return (BigInt(high) << 32n) | BigInt(this.u32());
  }

  /** The next `length` octets. */
  take(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#octets.subarray(at, at + length);
  }

  /** All octets that are left. */
  rest(): Uint8Array {
    return this.take(this.remaining);
  }

  /** A reader of just the next `length` octets, which this one passes over. */
  sub(length: number, what: string): Reader {
    const start = this.#advance(length);
    return new Reader(this.#octets, this.#origin, what, start, start + length);
  }

  #advance(length: number): number {
    const at = this.#at;
    // A negative length would go back, and a loop over structures would never end.
    if (length < 0 || length > this.#end - at) {
      throw new ReadError(
        this.octet,
        `${this.#what} ends early: ${length} octets needed, ${this.remaining} left`,
      );
    }
    this.#at = at + length;
    return at;
  }
}
