import assert from "node:assert/strict";
import fc from "fast-check";
import { type IpAddress, parseAddress, parsePrefix } from "../../src/ip/mod.ts";
import type { SecretRef } from "../../src/bytes/mod.ts";
import { DEFAULT_IKE } from "../../src/config/compile/proposals.ts";
import {
  createLookup,
  type HostSpec,
  identityKey,
  parseIdentity,
  type PeerQuery,
  type Policy,
  policyMatches,
  sameIdentity,
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

/** What iked.conf(5) says, word by word: a walk over all policies. */
function walk(policies: readonly Policy[], wanted: PeerQuery): Policy | undefined {
  const fitting = policies.filter((one) => policyMatches(one, wanted));
  return fitting.find((one) => one.evaluation === "quick") ??
    fitting.findLast((one) => one.evaluation === "normal") ??
    fitting.findLast((one) => one.evaluation === "default");
}

const NETWORKS = ["192.0.2.1", "192.0.2.2", "192.0.2.0/30", "192.0.2.0/24", "2001:db8::1", "2001:db8::/64"];
const IDS = [
  "a.example.com",
  "A.Example.COM",
  "b.example.com",
  "a@example.com",
  "/C=DE/CN=a",
  "/C=de/CN= A",
  "192.0.2.1",
];
const PROPOSALS: readonly Policy["ikeProposals"][] = [
  DEFAULT_IKE,
  DEFAULT_IKE.slice(0, 1),
  DEFAULT_IKE.slice(1),
];

function samples(): { policies: fc.Arbitrary<Policy[]>; wanted: fc.Arbitrary<PeerQuery> } {
  const name = fc.subarray(["192.0.2.1", "192.0.2.2", "2001:db8::1"]).map((list): HostSpec => (
    { kind: "name", name: "peer.example.com", addresses: list.map(addr) }
  ));
  const host = fc.oneof(fc.constant(ANY), fc.constantFrom(...NETWORKS).map(net), name);
  const id = fc.constantFrom(...IDS).map((text) => parseIdentity(text)!);
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 1 });
  const entry = fc.record({
    peer: host,
    local: fc.oneof({ weight: 3, arbitrary: fc.constant(ANY) }, host),
    family: optional(fc.constantFrom(4, 6 as const)),
    evaluation: fc.constantFrom("normal", "quick", "skip", "default" as const),
    localId: id,
    peerId: optional(id),
    ikeProposals: fc.constantFrom(...PROPOSALS),
  });
  const policies = fc.array(entry, { maxLength: 40, size: "max" }).map((list) =>
    list.map((one, at) => policy(`p${at}`, one as Partial<Policy>))
  );
  const wanted = fc.record({
    addresses: fc.constantFrom(
      ["192.0.2.1", "192.0.2.2"],
      ["192.0.2.9", "192.0.2.1"],
      ["2001:db8::1", "2001:db8::2"],
      ["2001:db8::2", "2001:db8::1"],
    ),
    peerId: optional(id),
    localId: optional(id),
    proposals: optional(fc.constantFrom(...PROPOSALS)),
    digit: optional(fc.constantFrom("1", "2", "3")),
  }).map(({ addresses, proposals, digit, ...ids }): PeerQuery => ({
    peer: addr(addresses[0]!),
    local: addr(addresses[1]!),
    ...ids as Partial<PeerQuery>,
    ...(proposals === undefined ? {} : { acceptsIke: (own: Policy["ikeProposals"]) => own === proposals }),
    ...(digit === undefined ? {} : { accepts: (one: Policy) => one.name.includes(digit) }),
  }));
  return { policies, wanted };
}

Deno.test("lookup by index finds what a walk over all policies finds", () => {
  const { policies, wanted } = samples();
  let found = 0;
  fc.assert(
    fc.property(policies, fc.array(wanted, { minLength: 1, maxLength: 8 }), (list, queries) => {
      const lookup = createLookup(list);
      for (const one of queries) {
        const expected = walk(list, one);
        if (expected !== undefined) found++;
        assert.equal(lookup.incoming(one)?.name, expected?.name);
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(found > 500, `only ${found} found anything`);
});

Deno.test("identities have the same key where they are the same, and another where they are not", () => {
  for (const a of IDS) {
    for (const b of IDS) {
      const [left, right] = [parseIdentity(a)!, parseIdentity(b)!];
      assert.equal(identityKey(left) === identityKey(right), sameIdentity(left, right), `${a}, ${b}`);
    }
  }
});

/** How many policies are looked into for one query: each of them is asked for its peer. */
function stepsOf(
  make: (at: number) => Partial<Policy>,
  wanted: PeerQuery,
  size: number,
): [string | undefined, number] {
  let steps = 0, counting = false;
  const policies = Array.from({ length: size }, (_, at) => {
    const { peer, ...rest } = policy(`p${at}`, make(at));
    return {
      ...rest,
      get peer() {
        if (counting) steps++;
        return peer;
      },
    };
  });
  const lookup = createLookup(policies);
  counting = true;
  return [lookup.incoming(wanted)?.name, steps];
}

const v4 = (at: number) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;
const id = (at: number) => parseIdentity(`u${at}.example.com`)!;
const refuses: Partial<PeerQuery> = { acceptsIke: () => false };

Deno.test("among 10,000 policies as few are tried as among 100", () => {
  const shapes:
    readonly (readonly [what: string, (at: number) => Partial<Policy>, PeerQuery, string | undefined])[] = [
      ["a host each", (at) => ({ peer: net(v4(at)) }), query(v4(77)), "p77"],
      [
        "a network each",
        (at) => ({ peer: net(`2001:db8:${(at >> 16).toString(16)}:${(at & 0xffff).toString(16)}::/64`) }),
        query("2001:db8:0:4d::1"),
        "p77",
      ],
      [
        "a name each",
        (at) => ({ peer: { kind: "name", name: "x", addresses: [addr(v4(at))] } }),
        query(v4(77)),
        "p77",
      ],
      [
        "anybody, an identity each",
        (at) => ({ peerId: id(at) }),
        query("192.0.2.1", { peerId: id(77) }),
        "p77",
      ],
      [
        "anybody, an identity of ours each",
        (at) => ({ localId: id(at) }),
        query("192.0.2.1", { peerId: id(1), localId: id(77) }),
        "p77",
      ],
      [
        "anybody, an address of ours each",
        (at) => ({ local: net(v4(at)) }),
        query("192.0.2.1", { local: addr(v4(77)) }),
        "p77",
      ],
      [
        "anybody, whom no identity is known of",
        (at) => ({ peerId: id(at) }),
        query("192.0.2.1", { peerId: parseIdentity("who.example.com")! }),
        undefined,
      ],
      [
        "anybody, with proposals that do not fit",
        (at) => ({ peerId: id(at), ikeProposals: DEFAULT_IKE }),
        query("192.0.2.1", refuses),
        undefined,
      ],
      ["nobody at this address", (at) => ({ peer: net(v4(at)) }), query("192.0.2.1"), undefined],
    ];
  for (const [what, make, wanted, name] of shapes) {
    for (const size of [100, 10_000]) {
      const [found, steps] = stepsOf(make, wanted, size);
      assert.equal(found, name, what);
      assert.ok(steps <= 8, `${what}: ${steps} of ${size}`);
    }
  }
});
