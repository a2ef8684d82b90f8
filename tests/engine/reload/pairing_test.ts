import assert from "node:assert/strict";
import fc from "fast-check";
import { ascii } from "../../../src/bytes/mod.ts";
import type { Policy } from "../../../src/policy/mod.ts";
import { changesOf } from "../../../src/engine/reload/changes.ts";
import { pairPolicies } from "../../../src/engine/reload/pairing.ts";
import { ESP_MAC, flow, sideA } from "../../support/policies.ts";

/** A policy whose content follows from a number. */
function policy(name: string, content: number, more: Partial<Policy> = {}): Policy {
  const localId = { type: 2, data: ascii(`${content}.example.com`) };
  const peer = {
    kind: "network",
    prefix: { address: { family: 4, value: BigInt(content) }, length: 32 },
  } as const;
  return {
    ...sideA().policies[0]!,
    name,
    localId,
    peer,
    flows: [flow(`10.${content}.0.0/16`, "10.200.0.0/16")],
    ...more,
  };
}

function names(pairing: ReturnType<typeof pairPolicies>): Record<string, string | undefined> {
  return Object.fromEntries([...pairing.successors].map(([from, to]) => [from.name, to?.name]));
}

Deno.test("pairPolicies: the same file again is the same objects again", () => {
  const old = [policy("a", 1), policy("b", 2)];
  const pairing = pairPolicies(old, [policy("a", 1), policy("b", 2)]);
  assert.equal(pairing.policies[0], old[0]);
  assert.equal(pairing.policies[1], old[1]);
  assert.deepEqual(pairing.counts, { unchanged: 2, renamed: 0, changed: 0, added: 0, removed: 0 });
});

Deno.test("pairPolicies: one more policy in front renumbers those without a name and changes none", () => {
  const old = [policy("policy1", 1), policy("policy2", 2)];
  const pairing = pairPolicies(old, [policy("policy1", 3), policy("policy2", 1), policy("policy3", 2)]);
  assert.deepEqual(names(pairing), { policy1: "policy2", policy2: "policy3" });
  assert.deepEqual(pairing.counts, { unchanged: 0, renamed: 2, changed: 0, added: 1, removed: 0 });
});

Deno.test("pairPolicies: the name decides where the content has changed", () => {
  const pairing = pairPolicies([policy("a", 1), policy("b", 2)], [
    policy("b", 2, { childProposals: [ESP_MAC] }),
    policy("a", 1, { ikeLifetimeMs: 1 }),
  ]);
  assert.deepEqual(names(pairing), { a: "a", b: "b" });
  assert.equal(pairing.counts.changed, 2);
});

Deno.test("pairPolicies: a policy for another peer and other traffic is another one in spite of its name", () => {
  const pairing = pairPolicies([policy("a", 1)], [policy("a", 2)]);
  assert.deepEqual(names(pairing), { a: undefined });
  assert.deepEqual(pairing.counts, { unchanged: 0, renamed: 0, changed: 0, added: 1, removed: 1 });
});

Deno.test("pairPolicies: fields that nobody knew when this was written count like the others", () => {
  const later = { ...policy("a", 1), invention: { of: ["a", "later", "day"] } };
  const even = { ...policy("a", 1), invention: { of: ["a", "later", "hour"] } };
  assert.deepEqual([...changesOf(later, even)], [["ike", ["invention"]]]);
  assert.equal(pairPolicies([later], [even]).counts.changed, 1);
  assert.equal(pairPolicies([later], [structuredClone(later)]).counts.unchanged, 1);
});

const list = fc.uniqueArray(
  fc.record({ name: fc.constantFrom("a", "b", "c", "d", "e"), content: fc.integer({ min: 1, max: 4 }) }),
  { selector: ({ name }) => name, maxLength: 5 },
).map((all) => all.map(({ name, content }) => policy(name, content)));

Deno.test("pairPolicies: each old policy has one fate, and no new one goes on for two", () => {
  fc.assert(fc.property(list, list, (old, next) => {
    const { policies, successors, counts } = pairPolicies(old, next);
    assert.deepEqual(policies.map(({ name }) => name), next.map(({ name }) => name));
    assert.deepEqual(new Set(successors.keys()), new Set(old));
    const heirs = [...successors.values()].filter((to) => to !== undefined);
    assert.equal(new Set(heirs).size, heirs.length);
    assert.ok(heirs.every((to) => policies.includes(to)));
    assert.equal(counts.unchanged + counts.renamed + counts.changed + counts.removed, old.length);
    assert.equal(counts.unchanged + counts.renamed + counts.changed + counts.added, next.length);
    // What says the same is never taken for changed while a new policy says what it said and is taken for new.
    const lost = old.filter((from) => successors.get(from) === undefined);
    const fresh = policies.filter((to) => !heirs.includes(to));
    for (const from of lost) for (const to of fresh) assert.ok(changesOf(from, to).size > 0);
  }));
});

Deno.test("pairPolicies: the order of the new policies is theirs, and a second time nothing has changed", () => {
  fc.assert(fc.property(list, list, (old, next) => {
    const first = pairPolicies(old, next);
    const again = pairPolicies(first.policies, structuredClone(next));
    assert.deepEqual(again.policies.map((one, at) => one === first.policies[at]), next.map(() => true));
    assert.equal(again.counts.unchanged, next.length);
  }));
});

Deno.test("pairPolicies: 5,000 policies that are all renamed take a number of steps that grows with their number", () => {
  const many = (shift: number) =>
    Array.from({ length: 5_000 }, (_, at) => policy(`policy${at + shift}`, 1, { ikeLifetimeMs: at + 1 }));
  assert.equal(pairPolicies(many(1), many(2)).counts.renamed, 5_000);
});
