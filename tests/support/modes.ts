/** Two hosts with AH (RFC 4302) or in transport mode (RFC 7296 §1.3.1), and what becomes of their packets. */
import assert from "node:assert/strict";
import { addressToOctets } from "../../src/ip/mod.ts";
import type { Policy } from "../../src/policy/types.ts";
import type { Proposal } from "../../src/proposal/types.ts";
import { INIT, Ladder } from "./ladder.ts";
import type { Host, PairOptions } from "./pair.ts";
import { ADDRESSES, flow, sideA, sideB } from "./policies.ts";

/** HMAC-SHA2-256-128 without encryption, no PFS. */
export const AH_MAC: Proposal = { protocol: 2, encr: [], prf: [], integ: [12], ke: [], esn: [1, 0] };
export const HOSTS = { a: "192.0.2.1/32", b: "198.51.100.2/32" } as const;
export const TRANSPORT_REQUEST = "IDi,N(INITIAL_CONTACT),IDr,AUTH,N(USE_TRANSPORT_MODE),SA,TSi,TSr";
export const TRANSPORT_RESPONSE = "IDr,AUTH,N(USE_TRANSPORT_MODE),SA,TSi,TSr";

export interface Kind {
  readonly protocol: "ESP" | "AH";
  readonly mode: "tunnel" | "transport";
}

/** What a policy of either host says of a kind. In transport mode its flow is from host to host. */
export function policyOf({ protocol, mode }: Kind, side: "a" | "b"): Partial<Policy> {
  const other = side === "a" ? "b" : "a";
  return {
    tunnelMode: mode,
    ...(protocol === "AH" ? { encapsulation: "ah", childProposals: [AH_MAC] } : {}),
    ...(mode === "transport" ? { flows: [flow(HOSTS[side], HOSTS[other])] } : {}),
  };
}

export function options(a: Kind, b: Kind = a): PairOptions {
  return { a: sideA({ policy: policyOf(a, "a") }), b: sideB({ policy: policyOf(b, "b") }) };
}

/** The peer of `a` as it reaches it. */
export function peerBehind(nat: "a" | "b"): Partial<Policy> {
  const reached = nat === "b" ? ADDRESSES[4].nat : ADDRESSES[4].b;
  return { peer: { kind: "network", prefix: { address: reached, length: 32 } } };
}

/** Up to the IKE_AUTH request, which is under way. */
export async function begun(given: PairOptions): Promise<Ladder> {
  const ladder = await Ladder.start(given);
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  return ladder;
}

export function failures(host: Host): string[] {
  return host.events.flatMap((event) => event.kind === "failed" ? [event.report.code] : []);
}

export function selectors(host: Host): string[][] {
  return [...host.datapath.pairs.values()].map(({ child: { localSelectors, remoteSelectors } }) =>
    [...localSelectors, ...remoteSelectors].map(({ addresses }) => {
      assert.equal(addresses.start, addresses.end);
      return addressToOctets({ family: addresses.family, value: addresses.start }).join(".");
    })
  );
}

/** One packet each way, between the hosts in transport mode, between the networks else. */
export async function assertCarries({ pair }: Ladder, { mode }: Kind): Promise<void> {
  if (mode === "tunnel") return await pair.traffic.assertPasses();
  const before = [pair.traffic.from.a.delivered, pair.traffic.from.b.delivered];
  for (const [from, to] of [["a", "b"], ["b", "a"]] as const) {
    const { localSelectors, remoteSelectors } = [...pair[from].datapath.pairs.values()].at(-1)!.child;
    const end = ({ addresses }: typeof localSelectors[number]) => ({
      family: addresses.family,
      value: addresses.start,
    });
    const ends = { source: end(localSelectors[0]!), destination: end(remoteSelectors[0]!) };
    // What the NAT makes of the packet's own addresses, which transport mode does not protect.
    const seen = [...pair[to].datapath.pairs.values()].at(-1)!.child;
    pair.traffic.send(from, ends);
    for (const { arrival } of pair.network.inFlight) {
      if (arrival.kind !== "esp") continue;
      const packet = arrival.esp.packet as { inner: object };
      Object.assign(packet, {
        inner: {
          ...packet.inner,
          source: end(seen.remoteSelectors[0]!),
          destination: end(seen.localSelectors[0]!),
        },
      });
    }
    await pair.traffic.flush();
  }
  assert.deepEqual(
    [pair.traffic.from.a.delivered - before[0]!, pair.traffic.from.b.delivered - before[1]!],
    [1, 1],
  );
}

export async function assertShown({ pair }: Ladder, { protocol, mode }: Kind): Promise<void> {
  for (const host of pair.hosts) {
    const [sa] = await host.engine.snapshot();
    const child = sa!.children.at(-1)!;
    assert.deepEqual([child.protocol, child.mode], [protocol, mode]);
    const { child: installed } = [...host.datapath.pairs.values()].at(-1)!;
    assert.deepEqual([installed.suite.protocol, installed.mode], [protocol === "AH" ? 2 : 3, mode]);
    assert.deepEqual(
      host.datapath.flows.map((one) => [one.protocol ?? "esp", one.mode ?? "tunnel"]),
      [[protocol.toLowerCase(), mode]],
    );
  }
}

export const TUNNEL: Kind = { protocol: "ESP", mode: "tunnel" };
export const TRANSPORT: Kind = { protocol: "ESP", mode: "transport" };
