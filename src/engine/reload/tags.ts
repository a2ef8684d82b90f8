/**
 * Tags of policies: what engine and data path know a policy by, whatever its name. A tag goes on from one configuration
 * to the next; another policy gets it only after every SA of the first is gone.
 */
import type { Policy } from "../../policy/mod.ts";

export class PolicyTags {
  readonly #tags = new WeakMap<Policy, string>();
  #policies: ReadonlyMap<string, Policy> = new Map();
  #prepared: ReadonlyMap<string, Policy> = new Map();
  #last = 0;

  /** The tag of a policy, also of one that is gone. */
  of(policy: Policy): string {
    return this.#tags.get(policy) ?? policy.name;
  }

  /** The policy in force that has this tag. */
  find(tag: string): Policy | undefined {
    return this.#policies.get(tag);
  }

  /**
   * Hands tags on to successors and gives others to what is new; `used` are those of SAs that are there. The new
   * policies have tags from now on, and are found by them from `commit` on.
   */
  prepare(
    policies: readonly Policy[],
    successors: ReadonlyMap<Policy, Policy | undefined>,
    used: ReadonlySet<string>,
  ): void {
    const inherited = new Map<Policy, string>();
    for (const [from, to] of successors) if (to !== undefined) inherited.set(to, this.of(from));
    const taken = new Set([...used, ...inherited.values()]);
    const next = new Map<string, Policy>();
    for (const policy of policies) {
      const tag = inherited.get(policy) ?? this.#fresh(policy.name, taken);
      taken.add(tag);
      this.#tags.set(policy, tag);
      next.set(tag, policy);
    }
    this.#prepared = next;
  }

  commit(): void {
    this.#policies = this.#prepared;
  }

  #fresh(name: string, taken: ReadonlySet<string>): string {
    let tag = name;
    while (taken.has(tag)) tag = `${name}#${++this.#last}`;
    return tag;
  }
}
