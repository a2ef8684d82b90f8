import assert from "node:assert/strict";
import { formatPrefix, formatRange, parsePrefix } from "../../../src/ip/mod.ts";
import type { Flow, Policy } from "../../../src/policy/mod.ts";
import { bothFlows, flowsOf } from "../../../src/engine/reload/flows.ts";
import { PolicyTags } from "../../../src/engine/reload/tags.ts";
import { flow, selector, sideA } from "../../support/policies.ts";

function policies(...flows: readonly Flow[]): Policy[] {
  return flows.map((one, at) => ({ ...sideA().policies[0]!, name: `p${at}`, flows: [one] }));
}

function order(...flows: readonly Flow[]): string[] {
  return flowsOf(policies(...flows), new PolicyTags()).map(({ policy }) => policy);
}

Deno.test("flowsOf: the narrower flow comes first, whatever their order in the file", () => {
  const wide = flow("10.1.0.0/16", "0.0.0.0/0"), middle = flow("10.1.0.0/16", "10.2.0.0/16");
  const narrow = flow("10.1.7.0/24", "10.2.0.0/16");
  assert.deepEqual(order(wide, middle, narrow), ["p2", "p1", "p0"]);
  assert.deepEqual(order(narrow, middle, wide), ["p0", "p1", "p2"]);
  assert.deepEqual(order(flow("::/0", "2001:db8::/32"), flow("2001:db8:1::/48", "2001:db8::/32")), [
    "p1",
    "p0",
  ]);
});

Deno.test("flowsOf: a protocol or a port counts more than any number of addresses", () => {
  const host = flow("10.1.0.1/32", "10.2.0.1/32");
  const udp = { local: selector("0.0.0.0/0", 17), remote: selector("0.0.0.0/0", 17) };
  const dns = { local: selector("0.0.0.0/0", 17), remote: selector("0.0.0.0/0", 17, 53) };
  assert.deepEqual(order(host, udp, dns), ["p2", "p1", "p0"]);
});

Deno.test("flowsOf: flows of the same width keep the order of the file", () => {
  const flows = ["10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"].map((to) => flow("10.1.0.0/16", to));
  assert.deepEqual(order(...flows), ["p0", "p1", "p2"]);
});

Deno.test("bothFlows: the new flows, then those of the old that they lack, each once", () => {
  const tags = new PolicyTags();
  const old = flowsOf(policies(flow("10.1.0.0/16", "10.2.0.0/16"), flow("10.1.0.0/16", "10.3.0.0/16")), tags);
  const next = flowsOf(
    policies(flow("10.1.0.0/16", "10.3.0.0/16"), flow("10.1.0.0/16", "10.4.0.0/16")),
    tags,
  );
  const both = bothFlows(old, next).map(({ remote }) => formatRange(remote.addresses));
  assert.deepEqual(both, ["10.3.0.0/16", "10.4.0.0/16", "10.2.0.0/16"]);
  assert.deepEqual(bothFlows([], next), next);
});

Deno.test("flowsOf, bothFlows: true sources behind source NAT are part of a flow", () => {
  const tags = new PolicyTags();
  const nat = (from: string) => ({ ...flow("192.0.2.10/32", "10.2.0.0/16"), sourceNat: parsePrefix(from)! });
  const old = flowsOf(policies(nat("10.1.0.0/16")), tags), next = flowsOf(policies(nat("10.9.0.0/16")), tags);
  const sources = bothFlows(old, next).map(({ sourceNat }) => formatPrefix(sourceNat!));
  assert.deepEqual(sources, ["10.9.0.0/16", "10.1.0.0/16"]);
});
