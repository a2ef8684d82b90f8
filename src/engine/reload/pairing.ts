/**
 * Which policy of a new configuration goes on for which of the old one: one that says the same; else one that says the
 * same under another name (policies without a name are numbered: one more in front renames them all); else one of the
 * same name.
 */
import type { Policy } from "../../policy/mod.ts";
import { sameValue } from "../same.ts";
import { changesOf, contentOf } from "./changes.ts";
import type { PolicyCounts } from "./types.ts";

export interface Pairing {
  /** The new policies in their order; one that says the same as before is the object that it was. */
  readonly policies: readonly Policy[];
  /** What became of each old policy; undefined: it is gone. */
  readonly successors: ReadonlyMap<Policy, Policy | undefined>;
  readonly counts: PolicyCounts;
}

/** Pairs old and new policies. Names are unique on each side. The work grows with the length of the two lists. */
export function pairPolicies(old: readonly Policy[], next: readonly Policy[]): Pairing {
  const named = new Map(old.map((policy) => [policy.name, policy]));
  const successors = new Map<Policy, Policy | undefined>();
  const policies = next.map((policy) => {
    const before = named.get(policy.name);
    if (before === undefined || !sameValue(before, policy)) return policy;
    successors.set(before, before);
    return before;
  });
  const taken = new Set<Policy | undefined>(successors.values());
  const join = (from: Policy | undefined, to: Policy) => {
    if (from === undefined || successors.has(from)) return;
    successors.set(from, to);
    taken.add(to);
  };
  const open = () => policies.filter((policy) => !taken.has(policy));
  const alike = Map.groupBy(old.filter((policy) => !successors.has(policy)), contentOf);
  if (alike.size > 0) { for (const policy of open()) join(alike.get(contentOf(policy))?.shift(), policy); }
  for (const policy of open()) {
    const before = named.get(policy.name);
    if (before !== undefined && isRelated(before, policy)) join(before, policy);
  }
  for (const policy of old) if (!successors.has(policy)) successors.set(policy, undefined);
  return { policies, successors, counts: countsOf(successors, open().length) };
}

/** A policy for another peer and for other traffic has nothing but the name of the old one. */
function isRelated(from: Policy, to: Policy): boolean {
  return sameValue(from.peer, to.peer) || sameValue(from.flows, to.flows);
}

function countsOf(successors: Pairing["successors"], added: number): PolicyCounts {
  const counts = { unchanged: 0, renamed: 0, changed: 0, added, removed: 0 };
  for (const [from, to] of successors) {
    if (to === undefined) counts.removed++;
    else if (from === to) counts.unchanged++;
    else if (from.name !== to.name && changesOf(from, to).size === 0) counts.renamed++;
    else counts.changed++;
  }
  return counts;
}
