/** Every timer of the engine, and the one table they are kept in. */

/** When each timer fires. */
export const TIMERS = {
  /** To send our outstanding request again, or to give it up. */
  retransmit: "send the outstanding request again",
  /** To end an IKE SA that did not get established in time. */
  negotiation: "give up an unfinished negotiation",
  /** To replace an IKE SA before its lifetime is over. */
  rekeyIke: "replace the IKE SA",
  /** To end an IKE SA whose replacement did not come. */
  expireIke: "end the IKE SA at the end of its lifetime",
  /** To ask a silent peer whether it is alive. */
  liveness: "probe a silent peer",
  /** To replace a Child SA before its lifetime is over; one for each Child SA. */
  rekeyChild: "replace a Child SA",
  /** To end a Child SA at the end of its lifetime; one for each Child SA. */
  expireChild: "end a Child SA",
  /** To make a Child SA again where an active policy lost its last one. */
  createChild: "make a Child SA again",
  /** To drop an SA that its peer should have deleted. */
  linger: "drop a replaced SA that nobody deleted",
  /** To end an IKE SA where both ends made one at the same time. */
  redundant: "end an IKE SA that another one makes redundant",
  /** To forget the stored response that nobody asks for any more. */
  forgetResponse: "forget the stored response",
  /** To start an active policy again that has no IKE SA; its owner is the policy. */
  retryPolicy: "start an active policy again",
  /** To sum up the lines of the log that were held back; its owner is what holds them. */
  sumUp: "sum up lines of the log that were held back",
} as const;

export type Timer = keyof typeof TIMERS;

/** A timer that fired: whose, which, and for which Child SA (0: none). */
export interface Fired<Owner> {
  readonly owner: Owner;
  readonly timer: Timer;
  readonly sub: number;
}

interface Entry<Owner> extends Fired<Owner> {
  at: number;
  /** Order of setting: ties fire in it, so that a run can be repeated. */
  order: number;
  live: boolean;
}

/** Timers by owner, in a heap by time; times are monotonic milliseconds. Stopped entries leave the heap lazily. */
export class TimerTable<Owner extends object> {
  readonly #heap: Entry<Owner>[] = [];
  readonly #byOwner = new Map<Owner, Entry<Owner>[]>();
  #order = 0;
  #dead = 0;

  /** Sets a timer, in place of one of the same owner, name and `sub`. */
  set(owner: Owner, timer: Timer, atMs: number, sub = 0): void {
    this.stop(owner, timer, sub);
    const entry: Entry<Owner> = { owner, timer, sub, at: atMs, order: this.#order++, live: true };
    const own = this.#byOwner.get(owner);
    if (own === undefined) this.#byOwner.set(owner, [entry]);
    else own.push(entry);
    this.#push(entry);
  }

  /** Stops a timer; nothing happens where it is not set. */
  stop(owner: Owner, timer: Timer, sub = 0): void {
    const own = this.#byOwner.get(owner);
    const index = own?.findIndex((entry) => entry.timer === timer && entry.sub === sub) ?? -1;
    if (own === undefined || index < 0) return;
    this.#kill(own[index]!);
    own.splice(index, 1);
    if (own.length === 0) this.#byOwner.delete(owner);
  }

  /** Stops every timer of an owner. */
  stopAll(owner: Owner): void {
    for (const entry of this.#byOwner.get(owner) ?? []) this.#kill(entry);
    this.#byOwner.delete(owner);
  }

  /** When a timer is set for; undefined where it is not. */
  at(owner: Owner, timer: Timer, sub = 0): number | undefined {
    return this.#byOwner.get(owner)?.find((entry) => entry.timer === timer && entry.sub === sub)?.at;
  }

  /** The earliest time that a timer is set for. */
  next(): number | undefined {
    this.#dropDead();
    return this.#heap[0]?.at;
  }

  /** Takes the timers that are due, in order of time. Those set meanwhile for the past come with the next call. */
  due(now: number): Fired<Owner>[] {
    const fired: Fired<Owner>[] = [];
    for (this.#dropDead(); this.#heap[0] !== undefined && this.#heap[0].at <= now; this.#dropDead()) {
      const entry = this.#heap[0];
      fired.push(entry);
      this.stop(entry.owner, entry.timer, entry.sub);
    }
    return fired;
  }

  /** Timers that are set. */
  get size(): number {
    return this.#heap.length - this.#dead;
  }

  #kill(entry: Entry<Owner>): void {
    entry.live = false;
    this.#dead++;
    // Dead entries deep in the heap would hold their owners: rebuild once they are the majority.
    if (this.#dead > 64 && this.#dead * 2 > this.#heap.length) this.#rebuild();
  }

  #rebuild(): void {
    const live = this.#heap.filter((entry) => entry.live);
    this.#heap.length = 0;
    this.#dead = 0;
    for (const entry of live) this.#push(entry);
  }

  #dropDead(): void {
    while (this.#heap[0] !== undefined && !this.#heap[0].live) {
      this.#pop();
      this.#dead--;
    }
  }

  #push(entry: Entry<Owner>): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function before(a: Entry<object>, b: Entry<object>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
