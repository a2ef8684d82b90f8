/** Looks host names up again when `NameWatch` says so, and tells when one of them has moved. */
import type { IpAddress } from "../../src/ip/mod.ts";
import type { NameAnswer, NameWatch } from "../../src/policy/name_watch.ts";

/** Looks names up; those that are not found have no address. */
export type LookUp = (names: readonly string[]) => Promise<ReadonlyMap<string, NameAnswer>>;

/** What is told; the names in it are the file's. */
export interface NameEvents {
  /** Some names have other addresses. */
  moved(): void;
  /** A name does not resolve any more; what it had last stays in use. */
  lost(name: string): void;
}

/** Longest delay that a timer takes, in milliseconds. */
const FAR = 2 ** 31 - 1;

export class NameWatcher {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    private readonly watched: NameWatch,
    private readonly lookUp: LookUp,
    private readonly events: NameEvents,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Watches these names and no others; they were looked up just now. */
  watch(found: ReadonlyMap<string, NameAnswer>): void {
    this.watched.watch(found, this.now());
    this.#schedule();
  }

  /** Somebody could not reach the host of this name. */
  hurry(name: string): void {
    this.watched.hurry(name, this.now());
    this.#schedule();
  }

  /** The addresses that each name has, or had last. */
  addresses(): ReadonlyMap<string, readonly IpAddress[]> {
    return this.watched.addresses();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const next = this.#closed ? undefined : this.watched.nextMs();
    if (next === undefined) return;
    this.#timer = setTimeout(() => this.#turn(), Math.min(FAR, Math.max(0, Math.ceil(next - this.now()))));
  }

  #turn(): void {
    const names = this.watched.due(this.now());
    if (names.length > 0) void this.#ask(names);
    this.#schedule();
  }

  async #ask(names: readonly string[]): Promise<void> {
    const found = await this.lookUp(names);
    if (this.#closed) return;
    let moved = false;
    for (const name of names) {
      const answer = found.get(name) ?? { addresses: [], ttlMs: 0 };
      const change = this.watched.answered(name, answer, this.now());
      if (change === "moved") moved = true;
      else if (change === "lost") this.events.lost(name);
    }
    if (moved) this.events.moved();
    this.#schedule();
  }
}
