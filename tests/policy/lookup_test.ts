import assert from "node:assert/strict";
import fc from "fast-check";
import { type IpAddress, parseAddress, parsePrefix } from "../../src/ip/mod.ts";
import type { SecretRef } from "../../src/bytes/mod.ts";
import {
  createLookup,
  type HostSpec,
  parseIdentity,
  type PeerQuery,
  type Policy,
  policyMatches,
} from "../../src/policy/mod.ts";

const addr = (text: string): IpAddress => parseAddress(text)!;
const net = (text: string): HostSpec => ({ kind: "network", prefix: parsePrefix(text)! });
const ANY: HostSpec = { kind: "any" };

const policy = (name: string, over: Partial<Policy> = {}): Policy => ({
  name,
  evaluation: "normal",
  mode: "passive",
  encapsulation: "esp",
  tunnelMode: "tunnel",
  forceNatt: false,
  flows: [],
  local: ANY,
  peer: ANY,
  ikeProposals: [],
  childProposals: [],
  localId: parseIdentity("gw.example.com")!,
  ikeLifetimeMs: 0,
  childLifetime: { ms: 0, octets: 0 },
  auth: { method: "psk", secret: "psk:1" as SecretRef },
  ...over,
});
const query = (peer: string, over: Partial<PeerQuery> = {}): PeerQuery => ({
  local: addr(peer.includes(":") ? "2001:db8::1" : "203.0.113.1"),
  peer: addr(peer),
  ...over,
});

Deno.test("the last policy that matches wins", () => {
  const lookup = createLookup([
    policy("catch all"),
    policy("subnet", { peer: net("192.0.2.0/24") }),
    policy("host", { peer: net("192.0.2.7") }),
    policy("elsewhere", { peer: net("198.51.100.0/24") }),
  ]);
  assert.equal(lookup.incoming(query("192.0.2.7"))?.name, "host");
  assert.equal(lookup.incoming(query("192.0.2.8"))?.name, "subnet");
  assert.equal(lookup.incoming(query("198.51.100.9"))?.name, "elsewhere");
  assert.equal(lookup.incoming(query("203.0.113.9"))?.name, "catch all");
  assert.equal(lookup.incoming(query("2001:db8::9"))?.name, "catch all");
});

Deno.test("a quick policy that matches ends the search, the first of them", () => {
  const lookup = createLookup([
    policy("early", { peer: net("192.0.2.7") }),
    policy("quick net", { peer: net("192.0.2.0/24"), evaluation: "quick" }),
    policy("quick host", { peer: net("192.0.2.7"), evaluation: "quick" }),
    policy("late"),
  ]);
  assert.equal(lookup.incoming(query("192.0.2.7"))?.name, "quick net");
  assert.equal(lookup.incoming(query("198.51.100.1"))?.name, "late");
});

Deno.test("skip takes no incoming peer, and default only whom no other policy takes", () => {
  const lookup = createLookup([
    policy("usual", { peer: net("192.0.2.0/24") }),
    policy("fallback", { evaluation: "default" }),
    policy("outgoing", { peer: net("192.0.2.7"), evaluation: "skip" }),
  ]);
  assert.equal(lookup.incoming(query("192.0.2.7"))?.name, "usual");
  assert.equal(lookup.incoming(query("198.51.100.1"))?.name, "fallback");
  assert.equal(createLookup([policy("s", { evaluation: "skip" })]).incoming(query("192.0.2.7")), undefined);
});

Deno.test("local address, family, identities and the rest all have to fit", () => {
  const id = parseIdentity("a.example.com")!;
  const one = policy("one", { local: net("203.0.113.0/24"), family: 4, peerId: id });
  assert.ok(policyMatches(one, query("192.0.2.1")));
  assert.ok(!policyMatches(one, query("192.0.2.1", { local: addr("198.51.100.1") })));
  assert.ok(!policyMatches(policy("v4", { family: 4 }), query("2001:db8::9")));
  assert.ok(policyMatches(one, query("192.0.2.1", { peerId: parseIdentity("A.Example.COM")! })));
  assert.ok(!policyMatches(one, query("192.0.2.1", { peerId: parseIdentity("b.example.com")! })));
  assert.ok(!policyMatches(one, query("192.0.2.1", { peerId: parseIdentity("a@example.com")! })));
  assert.ok(!policyMatches(one, query("192.0.2.1", { localId: id })));
  assert.ok(policyMatches(one, query("192.0.2.1", { localId: parseIdentity("gw.example.com")! })));
  assert.ok(!policyMatches(one, query("192.0.2.1", { accepts: (p) => p.name !== "one" })));
});

Deno.test("a peer by name matches the addresses that the name has, none while it has none", () => {
  const named = (...addresses: string[]) =>
    createLookup([
      policy("name", { peer: { kind: "name", name: "peer.example.com", addresses: addresses.map(addr) } }),
    ]);
  assert.equal(named("192.0.2.1", "2001:db8::9").incoming(query("2001:db8::9"))?.name, "name");
  assert.equal(named().incoming(query("192.0.2.1")), undefined);
});

Deno.test("lookup by index finds what a walk over all policies finds", () => {
  const host = fc.constantFrom(
    "192.0.2.1",
    "192.0.2.2",
    "192.0.2.0/30",
    "192.0.2.0/24",
    "2001:db8::1",
    "2001:db8::/64",
  );
  const entry = fc.record({
    peer: fc.oneof(fc.constant(ANY), host.map(net)),
    evaluation: fc.constantFrom("normal", "quick", "skip", "default" as const),
  });
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 12 }),
      fc.constantFrom("192.0.2.1", "192.0.2.9", "2001:db8::1"),
      (list, peer) => {
        const policies = list.map((one, at) => policy(`p${at}`, one as Partial<Policy>));
        const fitting = policies.filter((one) => policyMatches(one, query(peer)));
        const expected = fitting.find((one) => one.evaluation === "quick") ??
          fitting.findLast((one) => one.evaluation === "normal") ??
          fitting.findLast((one) => one.evaluation === "default");
        assert.equal(createLookup(policies).incoming(query(peer)), expected);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("among 10,000 policies for single hosts only those of the peer's address are tried", () => {
  const policies = Array.from(
    { length: 10_000 },
    (_, i) => policy(`p${i}`, { peer: net(`10.0.${i >> 8}.${i & 255}`) }),
  );
  let tried = 0;
  const found = createLookup(policies).incoming(query("10.0.1.7", { accepts: () => (tried++, true) }));
  assert.equal(found?.name, "p263");
  assert.equal(tried, 1);
});
