/**
 * `deno task bench lookup [--json]`: how long it takes to find the policy of an incoming peer, among 100 to 100,000
 * policies. Each row is another way in which the policies differ. Medians of rounds, in nanoseconds of CPU time of all
 * threads a lookup: what else the machine does shows less there.
 */
import process from "node:process";
import { parseAddress, parsePrefix } from "../../src/ip/mod.ts";
import type { SecretRef } from "../../src/bytes/mod.ts";
import { DEFAULT_ESP, DEFAULT_IKE } from "../../src/config/compile/proposals.ts";
import { createLookup, parseIdentity, type PeerQuery, type Policy } from "../../src/policy/mod.ts";

const SIZES = [100, 1_000, 10_000, 100_000] as const;
const ROUNDS = 9;
const LOOKUPS_A_ROUND = 20_000;

/** One row: what the policies are like, and a peer of the policy with this number. */
interface Kind {
  readonly name: string;
  readonly policy: (at: number) => Partial<Policy>;
  readonly query: (at: number) => PeerQuery;
}

const v4 = (at: number) => `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`;
const v6 = (at: number) => `2001:db8:${(at >> 16).toString(16)}:${(at & 0xffff).toString(16)}::1`;
const address = (text: string) => parseAddress(text)!;
const identity = (at: number) => parseIdentity(`user${at}.example.com`)!;
const local = address("203.0.113.1"), local6 = address("2001:db8:ffff::1");
const network = (text: string) => ({ kind: "network", prefix: parsePrefix(text)! }) as const;

const KINDS: readonly Kind[] = [
  {
    name: "IPv4 host each, IKE_SA_INIT",
    policy: (at) => ({ peer: network(v4(at)) }),
    query: (at) => ({ local, peer: address(v4(at)) }),
  },
  {
    name: "IPv4 host each, IKE_AUTH",
    policy: (at) => ({ peer: network(v4(at)), peerId: identity(at) }),
    query: (at) => ({ local, peer: address(v4(at)), peerId: identity(at) }),
  },
  {
    name: "IPv6 host each, IKE_SA_INIT",
    policy: (at) => ({ peer: network(v6(at)) }),
    query: (at) => ({ local: local6, peer: address(v6(at)) }),
  },
  {
    name: "peer any, dstid each, IKE_AUTH",
    policy: (at) => ({ peerId: identity(at) }),
    query: (at) => ({ local, peer: address("192.0.2.1"), peerId: identity(at) }),
  },
  {
    name: "nobody, IKE_SA_INIT",
    policy: (at) => ({ peer: network(v4(at)) }),
    query: () => ({ local, peer: address("192.0.2.1") }),
  },
];

/** What the rows change. */
const EXAMPLE: Omit<Policy, "name"> = {
  evaluation: "normal",
  mode: "passive",
  encapsulation: "esp",
  tunnelMode: "tunnel",
  forceNatt: false,
  flows: [],
  local: { kind: "any" },
  peer: { kind: "any" },
  ikeProposals: DEFAULT_IKE,
  childProposals: DEFAULT_ESP,
  localId: parseIdentity("gw.example.com")!,
  ikeLifetimeMs: 0,
  childLifetime: { ms: 0, octets: 0 },
  auth: { method: "psk", secret: "psk/example" as SecretRef },
};

/** Median nanoseconds of one lookup. */
function measure(kind: Kind, size: number): number {
  const policies = Array.from(
    { length: size },
    (_, at) => ({ ...EXAMPLE, name: `p${at}`, ...kind.policy(at) }),
  );
  const lookup = createLookup(policies);
  const queries = Array.from({ length: 1000 }, (_, at) => kind.query((at * 7919) % size));
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begin = process.cpuUsage();
    for (let at = 0; at < LOOKUPS_A_ROUND; at++) lookup.incoming(queries[at % queries.length]!);
    const { user, system } = process.cpuUsage(begin);
    rounds.push((user + system) * 1000 / LOOKUPS_A_ROUND);
  }
  return Math.round(rounds.toSorted((a, b) => a - b)[ROUNDS >> 1]!);
}

/** One row: nanoseconds by the number of policies. */
export interface LookupRow {
  readonly name: string;
  readonly nanoseconds: Readonly<Record<number, number>>;
}

/** What "microseconds" means among 10,000 policies. */
export const MOST_NANOSECONDS = 20_000;

/** Whether a row is within it. */
export function isQuick({ nanoseconds }: LookupRow): boolean {
  return nanoseconds[10_000]! <= MOST_NANOSECONDS;
}

/** Measures every row at every size. */
export function benchLookup(): LookupRow[] {
  return KINDS.map((kind) => ({
    name: kind.name,
    nanoseconds: Object.fromEntries(SIZES.map((size) => [size, measure(kind, size)])),
  }));
}

/** The rows as a table. */
export function formatLookup(rows: readonly LookupRow[]): string {
  const head = `${"ns of CPU a lookup among".padEnd(34)}${
    SIZES.map((size) => String(size).padStart(9)).join("")
  }`;
  return [
    head,
    ...rows.map(({ name, nanoseconds }) =>
      `${name.padEnd(34)}${SIZES.map((size) => String(nanoseconds[size]).padStart(9)).join("")}`
    ),
  ].join("\n");
}
