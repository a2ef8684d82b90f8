/**
 * The kernel's policies as this daemon wants them. The kernel has one policy for a selector and direction; here several
 * may want it, a flow and the Child SAs that carry it, of which the last one counts. What comes and goes is put in the
 * place of what was there in one step, so that no packet meets a moment without a policy.
 */
import { ok, type Result } from "../../bytes/mod.ts";
import { ERRNO, type KernelFailure } from "./failure.ts";
import { type KernelPort, policyKey } from "./port.ts";
import type { KernelPolicy, PolicyName } from "./values.ts";

/** Who wants a policy; of several the one with the highest rank has it. */
export interface Claim {
  readonly owner: string;
  readonly rank: number;
  readonly policy: KernelPolicy;
}

interface Slot {
  readonly name: PolicyName;
  claims: Claim[];
  installed: KernelPolicy | undefined;
}

/** A text that is the same for policies with one name that do the same. */
function policyText({ action, priority, templates }: KernelPolicy): string {
  const parts = templates.map(({ source, destination, protocol, mode, reqid, spi, optional }) => {
    const [from, to] = [source, destination].map((one) => one && `${one.family} ${one.value.toString(16)}`);
    return [from, to, protocol, mode, reqid, spi, optional].join(" ");
  });
  return [action, priority, ...parts].join("|");
}

/** See the head of the file. */
export class PolicyTable {
  readonly #port: Pick<KernelPort, "putPolicy" | "removePolicy">;
  readonly #slots = new Map<string, Slot>();
  readonly #owned = new Map<string, ReadonlyMap<string, Claim>>();

  constructor(port: Pick<KernelPort, "putPolicy" | "removePolicy">) {
    this.#port = port;
  }

  /** How many policies the kernel has of us. */
  get size(): number {
    return this.#slots.size;
  }

  /** Whether the kernel should have the policy with this key. */
  has(key: string): boolean {
    return this.#slots.has(key);
  }

  /** Keys of those that the kernel should have, also of one that it would not take before. */
  wanted(): ReadonlySet<string> {
    return new Set(this.#slots.keys());
  }

  /**
   * What `owner` wants from now on, all of it: new claims are made first, those that are no more go last. On a failure
   * it has what it had.
   */
  claim(owner: string, claims: readonly Omit<Claim, "owner">[]): Result<void, KernelFailure> {
    const before = this.#owned.get(owner) ?? new Map<string, Claim>();
    const now = new Map<string, Claim>();
    this.#owned.set(owner, now);
    for (const one of claims) {
      const key = policyKey(one.policy), claim = { ...one, owner };
      now.set(key, claim);
      const made = this.#put(key, claim);
      if (made.ok) continue;
      for (const changed of now.keys()) {
        const old = before.get(changed);
        // What cannot be put back now is found by the next comparison.
        if (old === undefined) this.#drop(owner, changed);
        else this.#put(changed, old);
      }
      this.#owned.set(owner, before);
      return made;
    }
    for (const key of before.keys()) if (!now.has(key)) this.#drop(owner, key);
    return ok(undefined);
  }

  /** Takes back all that `owner` wanted. */
  release(owner: string): void {
    for (const key of this.#owned.get(owner)?.keys() ?? []) this.#drop(owner, key);
    this.#owned.delete(owner);
  }

  /** Puts a policy there once more that the kernel lost. */
  restore(key: string): Result<void, KernelFailure> {
    const slot = this.#slots.get(key);
    if (slot === undefined) return ok(undefined);
    slot.installed = undefined;
    return this.#apply(key, slot);
  }

  #slot(key: string, { selector, direction, interfaceId }: PolicyName): Slot {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const name = { selector, direction, ...(interfaceId === undefined ? {} : { interfaceId }) };
    const slot: Slot = { name, claims: [], installed: undefined };
    this.#slots.set(key, slot);
    return slot;
  }

  #put(key: string, claim: Claim): Result<void, KernelFailure> {
    const slot = this.#slot(key, claim.policy);
    slot.claims = [...slot.claims.filter(({ owner }) => owner !== claim.owner), claim];
    return this.#apply(key, slot);
  }

  #drop(owner: string, key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    slot.claims = slot.claims.filter((one) => one.owner !== owner);
    // What cannot be taken away now is found by the next comparison.
    this.#apply(key, slot);
  }

  #apply(key: string, slot: Slot): Result<void, KernelFailure> {
    const wanted = slot.claims.reduce<Claim | undefined>(
      (best, one) => best === undefined || one.rank >= best.rank ? one : best,
      undefined,
    )?.policy;
    if (wanted === undefined) {
      this.#slots.delete(key);
      if (slot.installed === undefined) return ok(undefined);
      const gone = this.#port.removePolicy(slot.name);
      return gone.ok || gone.error.errno === ERRNO.ENOENT ? ok(undefined) : gone;
    }
    // A rekeyed Child SA wants what the old one wanted; the kernel would throw away its routes for nothing.
    if (slot.installed !== undefined && policyText(slot.installed) === policyText(wanted)) {
      return ok(undefined);
    }
    const put = this.#port.putPolicy(wanted);
    if (!put.ok) return put;
    slot.installed = wanted;
    return ok(undefined);
  }
}

/** Of claims for one policy of the kernel the first: flows come in the order of their precedence. */
export function unique<T extends { readonly policy: Parameters<typeof policyKey>[0] }>(
  claims: readonly T[],
): T[] {
  const seen = new Set<string>();
  return claims.filter(({ policy }) => {
    const key = policyKey(policy);
    return seen.has(key) ? false : (seen.add(key), true);
  });
}
