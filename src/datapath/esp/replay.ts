/**
 * Anti-replay window and extended sequence numbers (RFC 4303 §2.2.1, §3.4.3, Appendix A). The window is a ring of
 * bits addressed by the sequence number itself, so that moving it clears whole words and shifts nothing (the idea of
 * RFC 6479).
 *
 * Sequence numbers are plain numbers: 2^53 packets are never reached, and `expire` comes before.
 */
import { DROP, type Drop } from "./drops.ts";

const WORD_BITS = 32;
/** Window for guessing the high half where replay is not checked at all. */
const GUESS_WINDOW = 1024;

/** Sizes that `ReplayWindow` takes. */
export const REPLAY_WINDOW = { least: 64, most: 4096 } as const;

/** The window of one inbound SA. */
export class ReplayWindow {
  /** Packets that it holds; 0 where replay is not checked. */
  readonly size: number;
  readonly #ring: Uint32Array;
  #top = 0;

  /** `size` is 0 (off) or is brought between 64 and 4096, upwards to a multiple of 32. */
  constructor(size: number) {
    const bounded = Math.min(Math.max(size, REPLAY_WINDOW.least), REPLAY_WINDOW.most);
    this.size = size <= 0 ? 0 : Math.ceil(bounded / WORD_BITS) * WORD_BITS;
    // One word more than the window: the word that the top enters is cleared while its oldest bits leave.
    let words = 1;
    while (words < this.size / WORD_BITS + 1) words *= 2;
    this.#ring = new Uint32Array(words);
  }

  /** The highest authentic sequence number; 0 before the first. */
  get top(): number {
    return this.#top;
  }

  /**
   * The whole sequence number that the low 32 bits stand for, the one nearest to the window (RFC 4303 A2.2);
   * negative where it would be older than the SA.
   */
  infer(low: number): number {
    const window = this.size === 0 ? GUESS_WINDOW : this.size;
    const topLow = this.#top % 0x1_0000_0000;
    const high = Math.floor(this.#top / 0x1_0000_0000);
    const bottom = topLow - window + 1;
    if (bottom >= 0) return (low >= bottom ? high : high + 1) * 0x1_0000_0000 + low;
    return (low >= bottom + 0x1_0000_0000 ? high - 1 : high) * 0x1_0000_0000 + low;
  }

  /** Whether a packet of this number may be authentic and new; before its ICV is looked at. */
  check(sequence: number): Drop | undefined {
    if (this.size === 0) return sequence < 0 ? DROP.stale : undefined;
    if (sequence <= 0) return DROP.stale;
    if (sequence > this.#top) return undefined;
    if (this.#top - sequence >= this.size) return DROP.stale;
    const word = this.#ring[Math.floor(sequence / WORD_BITS) % this.#ring.length]!;
    return (word >>> (sequence % WORD_BITS)) & 1 ? DROP.replayed : undefined;
  }

  /** Takes the number of an authentic packet; true where it is the highest so far. */
  accept(sequence: number): boolean {
    const newest = sequence > this.#top;
    if (newest) {
      const from = Math.floor(this.#top / WORD_BITS);
      const steps = Math.min(Math.floor(sequence / WORD_BITS) - from, this.#ring.length);
      const to = Math.floor(sequence / WORD_BITS);
      for (let step = 0; step < steps; step++) this.#ring[(to - step) % this.#ring.length] = 0;
      this.#top = sequence;
    }
    const at = Math.floor(sequence / WORD_BITS) % this.#ring.length;
    this.#ring[at] = this.#ring[at]! | (1 << (sequence % WORD_BITS));
    return newest;
  }
}
