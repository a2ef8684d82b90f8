/** What a fuzzer is at, in memory that it shares with its watcher: how many inputs it began, and the last of them. */

/** Counters in front: inputs begun, seed of the episode (32 bits, more do not count), octets of the input. */
const HEAD_LENGTH = 12;
const MOST_OCTETS = 131_072;

/** An input that was begun. */
export interface Begun {
  readonly count: number;
  readonly seed: number;
  readonly input: Uint8Array;
}

export class Progress {
  readonly #head: Uint32Array;
  readonly #input: Uint8Array;

  constructor(shared: SharedArrayBuffer) {
    this.#head = new Uint32Array(shared, 0, HEAD_LENGTH / 4);
    this.#input = new Uint8Array(shared, HEAD_LENGTH);
  }

  /** Memory to share. */
  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(HEAD_LENGTH + MOST_OCTETS);
  }

  begin(seed: number, input: Uint8Array): void {
    const length = Math.min(input.length, MOST_OCTETS);
    this.#input.set(input.subarray(0, length));
    this.#head[1] = seed;
    this.#head[2] = length;
    Atomics.add(this.#head, 0, 1);
  }

  last(): Begun {
    const [count = 0, seed = 0, length = 0] = this.#head;
    return { count, seed, input: this.#input.slice(0, length) };
  }
}
