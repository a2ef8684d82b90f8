/** Longest request line, in octets. */
export const REQUEST_LIMIT = 1 << 20;

/**
 * Cuts a stream of octets into lines. It holds at most one unfinished line of `limit` octets, and costs what came
 * in: a line that arrives octet by octet is not searched again.
 */
export class LineSplitter {
  readonly #limit: number;
  #held = new Uint8Array(1024);
  #length = 0;

  constructor(limit: number = REQUEST_LIMIT) {
    this.#limit = limit;
  }

  /** Octets of the unfinished line. */
  get held(): number {
    return this.#length;
  }

  /** The lines that these octets finish, without line feed; undefined once a line exceeds the limit. */
  push(octets: Uint8Array): Uint8Array[] | undefined {
    const lines: Uint8Array[] = [];
    let at = 0;
    for (let end = octets.indexOf(10); end >= 0; end = octets.indexOf(10, at)) {
      if (!this.#hold(octets.subarray(at, end))) return undefined;
      lines.push(this.#held.slice(0, this.#length));
      this.#length = 0;
      at = end + 1;
    }
    return this.#hold(octets.subarray(at)) ? lines : undefined;
  }

  #hold(octets: Uint8Array): boolean {
    const length = this.#length + octets.length;
    if (length > this.#limit) return false;
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.min(this.#limit, Math.max(length, 2 * this.#held.length)));
      larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    this.#held.set(octets, this.#length);
    this.#length = length;
    return true;
  }
}
