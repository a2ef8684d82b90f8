/** Simulated time: it moves only when a test moves it. */
import type { Clock } from "../../src/exchange/ports.ts";

export class SimulatedClock implements Clock {
  /** 2026-01-01T00:00:00Z. */
  static readonly EPOCH_MS = 1_767_225_600_000;
  #now = 0;

  now(): number {
    return this.#now;
  }

  wall(): number {
    return SimulatedClock.EPOCH_MS + this.#now;
  }

  /** Moves on to `time`, monotonic milliseconds; a time that has passed is a fault of the caller. */
  moveTo(time: number): void {
    if (time < this.#now) throw new RangeError(`Time cannot move back from ${this.#now} to ${time}`);
    this.#now = time;
  }
}
