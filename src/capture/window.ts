/** The part of a capture that is in memory: octets are looked at, then passed over. */
import type { Source } from "./types.ts";

/** Longest frame that is looked at in full, in octets: libpcap's largest snapshot length. Of longer ones, the front. */
export const MAX_FRAME_LENGTH = 262_144;

const CHUNK_LENGTH = 65_536;

/** Views that it hands out last until its next call. */
export class Window {
  readonly #source: Source;
  #buffer = new Uint8Array(CHUNK_LENGTH);
  #start = 0;
  #end = 0;
  #passed = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Where the next octet is, counted from the start of the file. */
  get octet(): number {
    return this.#passed;
  }

  /** Octets of the buffer. It grows to the longest `peek` and no further. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** The next `length` octets, which stay the next ones; fewer only where the file ends. */
  peek(length: number): Uint8Array {
    while (this.#end - this.#start < length && this.#fill(length));
    return this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + length));
  }

  /** Passes over `length` octets; false where the file ends before. */
  skip(length: number): boolean {
    let left = length;
    for (;;) {
      const step = Math.min(left, this.#end - this.#start);
      this.#start += step;
      this.#passed += step;
      left -= step;
      if (left === 0) return true;
      if (!this.#fill(1)) return false;
    }
  }

  /** Reads what comes, with room for `length` octets from the next one on; false at the end. */
  #fill(length: number): boolean {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (this.#start > 0 && this.#start + length > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(length);
      larger.set(this.#buffer.subarray(0, this.#end));
      this.#buffer = larger;
    }
    const read = this.#source.read(this.#buffer.subarray(this.#end));
    this.#end += read;
    return read > 0;
  }
}
