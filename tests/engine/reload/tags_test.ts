import assert from "node:assert/strict";
import type { Policy } from "../../../src/policy/mod.ts";
import { PolicyTags } from "../../../src/engine/reload/tags.ts";
import { sideA } from "../../support/policies.ts";

function policy(name: string): Policy {
  return { ...sideA().policies[0]!, name };
}

function take(
  tags: PolicyTags,
  policies: Policy[],
  successors: Map<Policy, Policy | undefined>,
  used: string[] = [],
) {
  tags.prepare(policies, successors, new Set(used));
  tags.commit();
}

Deno.test("PolicyTags: the first policy of a name has the name as its tag", () => {
  const tags = new PolicyTags(), a = policy("a");
  take(tags, [a], new Map());
  assert.equal(tags.of(a), "a");
  assert.equal(tags.find("a"), a);
});

Deno.test("PolicyTags: a renamed policy keeps its tag, and the new one of its old name gets another", () => {
  const tags = new PolicyTags(), old = policy("policy1");
  take(tags, [old], new Map());
  const fresh = policy("policy1"), renamed = policy("policy2");
  take(tags, [fresh, renamed], new Map([[old, renamed]]));
  assert.equal(tags.of(renamed), "policy1");
  assert.notEqual(tags.of(fresh), "policy1");
  assert.equal(tags.find("policy1"), renamed);
  assert.equal(tags.find(tags.of(fresh)), fresh);
});

Deno.test("PolicyTags: the tag of a policy that is gone is not given away while an SA of it is there", () => {
  const tags = new PolicyTags(), old = policy("a");
  take(tags, [old], new Map());
  const next = policy("a"), last = policy("a");
  take(tags, [next], new Map([[old, undefined]]), ["a"]);
  assert.notEqual(tags.of(next), "a");
  assert.equal(tags.of(old), "a");
  assert.equal(tags.find("a"), undefined);
  take(tags, [last], new Map([[next, undefined]]));
  assert.equal(tags.of(last), "a");
});

Deno.test("PolicyTags: what is prepared is found only once it is in force", () => {
  const tags = new PolicyTags(), a = policy("a"), b = policy("b");
  take(tags, [a], new Map());
  tags.prepare([b], new Map([[a, undefined]]), new Set());
  assert.equal(tags.of(b), "b");
  assert.equal(tags.find("b"), undefined);
  assert.equal(tags.find("a"), a);
  tags.commit();
  assert.equal(tags.find("b"), b);
});
