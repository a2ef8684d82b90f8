/**
 * Lines of the log about peers that are not authenticated. Anybody can cause one, so that there are so many in an
 * interval, and what is beyond is summed up in one line at its end.
 */

const INTERVAL_MS = 10_000;
/** Twenty peers behind one address that all have the wrong key get a line each. */
const LINES = 20;

export class StrangerLog {
  /** Lines that were held back, by the reason that they have. */
  readonly #held = new Map<string, number>();
  #sinceMs = -Infinity;
  #lines = 0;

  /** Whether a line with this reason may be written at this monotonic time; otherwise it is counted. */
  admit(reason: string, nowMs: number): boolean {
    if (nowMs - this.#sinceMs >= INTERVAL_MS) {
      this.#sinceMs = nowMs;
      this.#lines = 0;
    }
    if (this.#lines < LINES) {
      this.#lines++;
      return true;
    }
    this.#held.set(reason, (this.#held.get(reason) ?? 0) + 1);
    return false;
  }

  /** When the interval ends: the time to sum up. */
  get endsMs(): number {
    return this.#sinceMs + INTERVAL_MS;
  }

  /** One line about all that was held back, which is forgotten with it; undefined where there was nothing. */
  sumUp(): string | undefined {
    if (this.#held.size === 0) return undefined;
    const counts = [...this.#held].sort(([, a], [, b]) => b - a);
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    this.#held.clear();
    const list = counts.map(([reason, count]) => `${reason} ${count}`).join(", ");
    return `${total} more negotiations of strangers failed within ${INTERVAL_MS / 1000} s: ${list}`;
  }
}
