/** Lets through so many a second, and as many at once. */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #filledMs = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
  }

  /** Whether one more may pass at this monotonic time. */
  take(nowMs: number): boolean {
    const gained = (nowMs - this.#filledMs) / 1000 * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + gained);
    this.#filledMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
