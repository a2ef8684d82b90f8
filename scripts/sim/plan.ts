/** What a seed decides: who the peers are, how they are set up, and what befalls them when. */
import { ascii, type SecretRef } from "../../src/bytes/mod.ts";
import type { IpAddress } from "../../src/ip/mod.ts";
import type { EngineConfiguration, Policy } from "../../src/policy/types.ts";
import { address, ESP_AEAD, ESP_MAC, flow, IKE_AEAD, IKE_MAC, withKe } from "../../tests/support/policies.ts";
import { createRng, type Rng } from "../../tests/support/rng.ts";

/** What the command line says; the same numbers make the same run. */
export interface SimOptions {
  readonly seed: number;
  readonly peers: number;
  /** Probabilities, from 0 to 1. */
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  /** Share of the peers that stand behind a NAT of their own. */
  readonly nat: number;
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** How long the network is bad and things befall the hosts. */
  readonly seconds: number;
}

export const DEFAULTS: SimOptions = {
  seed: 1,
  peers: 5,
  loss: 0.1,
  duplicate: 0.05,
  reorder: 0.1,
  nat: 0.4,
  latencyMs: 20,
  jitterMs: 40,
  seconds: 180,
};

/** Who begins. A peer behind NAT cannot be begun with. */
type Active = "peer" | "gateway" | "both";

/** What befalls a peer. `cut`: nothing reaches or leaves it for a while; `crash`: it begins anew, knowing nothing. */
export type Mishap =
  | { readonly kind: "reset" | "rebind" | "crash"; readonly atMs: number }
  | { readonly kind: "cut"; readonly atMs: number; readonly forMs: number }
  | { readonly kind: "reconfigure"; readonly atMs: number; readonly side: "peer" | "gateway" };

export interface PeerPlan {
  readonly index: number;
  readonly name: string;
  readonly address: IpAddress;
  /** Where the gateway sees it. */
  readonly nat?: IpAddress;
  readonly active: Active;
  /** Both have the same secret: else they have to refuse each other. */
  readonly agrees: boolean;
  readonly ref: SecretRef;
  readonly psk: string;
  readonly mishaps: readonly Mishap[];
  /** Inner addresses that packets go between. */
  readonly inside: IpAddress;
  readonly behindGateway: IpAddress;
}

export const GATEWAY: IpAddress = address("192.0.2.1");

/** Hosts of RFC 2544 §C.2.2: 198.18.0.0/15, of which the second half are NATs. */
const MOST_PEERS = 60_000;
const SHARES = { refused: 0.04, bothActive: 0.2, gatewayActive: 0.25, pfs: 0.2, mac: 0.5 };
/** Mean times between two mishaps of one peer. */
const MISHAP_EVERY_MS = 120_000;

function dotted(network: number, index: number): IpAddress {
  return address(`198.${network}.${(index + 2) >> 8}.${(index + 2) & 255}`);
}

function mishapsOf(rng: Rng, behindNat: boolean, forMs: number): Mishap[] {
  const mishaps: Mishap[] = [];
  const next = () => -Math.log(1 - rng.fraction()) * MISHAP_EVERY_MS;
  for (let atMs = next(); atMs < forMs; atMs += next()) {
    const kind = (["reset", "rebind", "crash", "cut", "reconfigure", "reconfigure"] as const)[rng.below(6)]!;
    if (kind === "cut") mishaps.push({ kind, atMs, forMs: 2_000 + rng.below(90_000) });
    else if (kind === "reconfigure") mishaps.push({ kind, atMs, side: rng.chance(0.5) ? "peer" : "gateway" });
    else if (kind !== "rebind" || behindNat) mishaps.push({ kind, atMs });
  }
  return mishaps;
}

/** All peers of a run. */
export function planPeers(options: SimOptions): readonly PeerPlan[] {
  if (options.peers > MOST_PEERS) throw new RangeError(`At most ${MOST_PEERS} peers`);
  return Array.from({ length: options.peers }, (_, index): PeerPlan => {
    const rng = createRng(options.seed, `peer ${index}`);
    const behindNat = rng.chance(options.nat);
    const dice = rng.fraction();
    const active = behindNat || dice > SHARES.bothActive + SHARES.gatewayActive
      ? "peer"
      : dice < SHARES.bothActive
      ? "both"
      : "gateway";
    const network = `10.${index >> 8}.${index & 255}`;
    return {
      index,
      name: `peer-${index}`,
      address: dotted(18, index),
      ...(behindNat && { nat: dotted(19, index) }),
      active,
      agrees: !rng.chance(SHARES.refused),
      ref: `psk/peer-${index}` as SecretRef,
      psk: `example-psk-${index}`,
      mishaps: mishapsOf(rng, behindNat, options.seconds * 1000),
      inside: address(`${network}.5`),
      behindGateway: address("172.16.0.5"),
    };
  });
}

/** The policy of one side; `version` counts how often that side was configured anew. */
function policyOf(seed: number, peer: PeerPlan, side: "peer" | "gateway", version: number): Policy {
  // Both sides draw the same suite, each its own lifetimes.
  const common = createRng(seed, `suite ${peer.index}`),
    own = createRng(seed, `${side} ${peer.index} ${version}`);
  const suite = common.chance(SHARES.mac)
    ? { ike: IKE_MAC, child: ESP_MAC }
    : { ike: IKE_AEAD, child: ESP_AEAD };
  const child = common.chance(SHARES.pfs) ? withKe(suite.child, 31) : suite.child;
  const [mine, theirs] = side === "peer" ? [peer.name, "gateway"] : ["gateway", peer.name];
  const inner = [`10.${peer.index >> 8}.${peer.index & 255}.0/24`, "172.16.0.0/12"] as const;
  const there = side === "peer" ? GATEWAY : peer.nat ?? peer.address;
  return {
    name: side === "peer" ? "to-gateway" : `to-${peer.name}`,
    evaluation: "normal",
    mode: peer.active === side || peer.active === "both" ? "active" : "passive",
    encapsulation: "esp",
    tunnelMode: "tunnel",
    forceNatt: false,
    flows: [side === "peer" ? flow(inner[0], inner[1]) : flow(inner[1], inner[0])],
    local: { kind: "any" },
    peer: { kind: "network", prefix: { address: there, length: 32 } },
    ikeProposals: [suite.ike],
    childProposals: [child],
    localId: { type: 2, data: ascii(`${mine}.example.com`) },
    peerId: { type: 2, data: ascii(`${theirs}.example.com`) },
    ikeLifetimeMs: own.chance(0.5) ? 40_000 + own.below(60_000) : 0,
    childLifetime: { ms: own.chance(0.5) ? 20_000 + own.below(60_000) : 0, octets: 0 },
    auth: { method: "psk", secret: peer.ref },
  };
}

const GLOBALS = {
  active: true,
  couple: true,
  // Who never asks would not learn that a silent host has given it up.
  dpdIntervalMs: 20_000,
  enforceSingleIkeSa: false,
  vendorId: false,
  fragmentation: false,
  mobike: false,
  stickyAddress: false,
  natt: "on",
} as const;

export function peerConfiguration(seed: number, peer: PeerPlan, version: number): EngineConfiguration {
  return { globals: GLOBALS, policies: [policyOf(seed, peer, "peer", version)] };
}

export function gatewayConfiguration(
  seed: number,
  peers: readonly PeerPlan[],
  versions: readonly number[],
): EngineConfiguration {
  return {
    globals: GLOBALS,
    policies: peers.map((peer) => policyOf(seed, peer, "gateway", versions[peer.index]!)),
  };
}
