/**
 * When host names are looked up again. Decides and does nothing: the caller has the clock and asks the DNS.
 *
 * What the DNS says is not trusted with our time: a TTL of 0 asks no more than every `leastMs`, one of years is not
 * believed for more than `mostMs`, and of an answer only so many addresses are taken.
 */
import type { IpAddress } from "../ip/mod.ts";

/** What a name was found to have; no address: it does not resolve. */
export interface NameAnswer {
  readonly addresses: readonly IpAddress[];
  /** How long that is good. */
  readonly ttlMs: number;
}

export interface NameLimits {
  readonly leastMs: number;
  readonly mostMs: number;
  /** A name that does not resolve is asked for again after this, then after twice as long, up to `failedMostMs`. */
  readonly failedMs: number;
  readonly failedMostMs: number;
  /** Look-ups that are under way at the same time. */
  readonly atOnce: number;
  /** Addresses of one name. */
  readonly addresses: number;
}

export const NAME_LIMITS: NameLimits = {
  leastMs: 30_000,
  mostMs: 3_600_000,
  failedMs: 5_000,
  failedMostMs: 300_000,
  atOnce: 16,
  addresses: 16,
};

interface Watched {
  addresses: readonly IpAddress[];
  /** Monotonic; undefined while a look-up is under way. */
  dueMs: number | undefined;
  /** When it was looked up last. */
  askedMs: number;
  failures: number;
}

/** A name is looked up again no sooner than this because somebody wants it. */
const HURRY_MS = 5_000;

/** What an answer changed. */
export type NameChange =
  | "same"
  | "moved"
  /** It resolved until now, or this is the first time that it was asked for; what it had is kept. */
  | "lost";

export class NameWatch {
  readonly #limits: NameLimits;
  #names = new Map<string, Watched>();
  #underWay = 0;

  constructor(limits: NameLimits = NAME_LIMITS) {
    this.#limits = limits;
  }

  /** Watches these names and no others; they were looked up just now. */
  watch(found: ReadonlyMap<string, NameAnswer>, nowMs: number): void {
    const next = new Map<string, Watched>();
    for (const [name, answer] of found) {
      const known = this.#names.get(name) ?? { addresses: [], dueMs: undefined, askedMs: nowMs, failures: 0 };
      const waiting = this.#names.has(name) && known.dueMs === undefined;
      next.set(name, known);
      this.#take(known, answer, nowMs);
      if (waiting) known.dueMs = undefined;
    }
    for (const [name, { dueMs }] of this.#names) if (dueMs === undefined && !next.has(name)) this.#underWay--;
    this.#names = next;
  }

  /** When `due` has something to say; undefined: not before an answer has come. */
  nextMs(): number | undefined {
    if (this.#underWay >= this.#limits.atOnce) return undefined;
    let next: number | undefined;
    for (const { dueMs } of this.#names.values()) {
      if (dueMs !== undefined && (next === undefined || dueMs < next)) next = dueMs;
    }
    return next;
  }

  /** Names that are to be looked up now: from here on they are under way, until `answered`. */
  due(nowMs: number): string[] {
    const ready = [...this.#names].filter(([, { dueMs }]) => dueMs !== undefined && dueMs <= nowMs);
    ready.sort(([, a], [, b]) => a.dueMs! - b.dueMs!);
    const taken = ready.slice(0, Math.max(0, this.#limits.atOnce - this.#underWay));
    for (const [, one] of taken) {
      one.dueMs = undefined;
      one.askedMs = nowMs;
    }
    this.#underWay += taken.length;
    return taken.map(([name]) => name);
  }

  /** A look-up that `due` asked for came to this. */
  answered(name: string, answer: NameAnswer, nowMs: number): NameChange {
    const known = this.#names.get(name);
    // Nobody wants it any more.
    if (known === undefined || known.dueMs !== undefined) return "same";
    this.#underWay--;
    return this.#take(known, answer, nowMs);
  }

  /** Somebody could not reach the host of this name: it is looked up soon, whatever its TTL. */
  hurry(name: string, nowMs: number): void {
    const known = this.#names.get(name);
    if (known?.dueMs === undefined) return;
    known.dueMs = Math.min(known.dueMs, Math.max(nowMs, known.askedMs + HURRY_MS));
  }

  /** The addresses that each name has, or had last. */
  addresses(): ReadonlyMap<string, readonly IpAddress[]> {
    return new Map([...this.#names].map(([name, { addresses }]) => [name, addresses]));
  }

  #take(known: Watched, { addresses, ttlMs }: NameAnswer, nowMs: number): NameChange {
    const { leastMs, mostMs, failedMs, failedMostMs } = this.#limits;
    if (addresses.length === 0) {
      known.dueMs = nowMs + Math.min(failedMs * 2 ** Math.min(known.failures, 20), failedMostMs);
      return known.failures++ === 0 ? "lost" : "same";
    }
    known.failures = 0;
    known.dueMs = nowMs + Math.min(Math.max(ttlMs, leastMs), mostMs);
    const next = usedAddresses(addresses, this.#limits.addresses);
    if (sameAddresses(known.addresses, next)) return "same";
    known.addresses = next;
    return "moved";
  }
}

/**
 * Addresses of a name as they are used: each once, in an order of our own, since that of the DNS goes round, and so many
 * that it is the same ones each time.
 */
export function usedAddresses(addresses: readonly IpAddress[], most = NAME_LIMITS.addresses): IpAddress[] {
  const sorted = [...addresses].sort((a, b) =>
    a.family - b.family || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0)
  );
  return sorted.filter((one, at) => at === 0 || !isSame(one, sorted[at - 1]!)).slice(0, most);
}

function isSame(a: IpAddress, b: IpAddress): boolean {
  return a.family === b.family && a.value === b.value;
}

function sameAddresses(a: readonly IpAddress[], b: readonly IpAddress[]): boolean {
  return a.length === b.length && a.every((one, at) => isSame(one, b[at]!));
}
