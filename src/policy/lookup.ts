/**
 * Which policy an incoming peer gets (iked.conf(5)): of those that match the last one wins, unless one that matches is
 * `quick`: then the first of these. `skip` takes no incoming peer. Where nothing matches, a `default` that does.
 *
 * Policies are found by hashing: those whose `peer` and `local` have the same prefix lengths are one table, keyed by the
 * two networks (tuple space search). So the work grows with the number of different pairs of lengths, not of policies.
 * Where many have the same two networks, they are told apart by identity, or by what they propose.
 */
import {
  addressBits,
  type Family,
  type IpAddress,
  type Prefix,
  rangeHolds,
  rangeOfPrefix,
} from "../ip/mod.ts";
import type { Proposal } from "../proposal/types.ts";
import { identityKey, sameIdentity } from "./identity.ts";
import type { HostSpec, Identity, Policy } from "./types.ts";

/** What is known of the peer so far: at IKE_SA_INIT addresses and proposals, at IKE_AUTH identities and flows too. */
export interface PeerQuery {
  /** Our address that the peer sent to. */
  readonly local: IpAddress;
  /** Of the same family. */
  readonly peer: IpAddress;
  /** Identity that the peer claims. */
  readonly peerId?: Identity;
  /** Identity that the peer expects of us (IDr of the initiator). */
  readonly localId?: Identity;
  /** Whether a policy's proposals for the IKE SA fit. Policies that propose the same are asked about together. */
  readonly acceptsIke?: (proposals: readonly Proposal[]) => boolean;
  /** Anything else that has to fit, such as selectors. Asked last. */
  readonly accepts?: (policy: Policy) => boolean;
}

export interface PolicyLookup {
  /** The policy for an incoming peer. */
  incoming(query: PeerQuery): Policy | undefined;
  /** The policy of this name. */
  named(name: string): Policy | undefined;
}

/** Whether an endpoint of a policy may have this address. A name that has no address yet matches none. */
export function hostMatches(spec: HostSpec, address: IpAddress): boolean {
  switch (spec.kind) {
    case "any":
      return true;
    case "network":
      return rangeHolds(rangeOfPrefix(spec.prefix), address);
    case "name":
      return spec.addresses.some((one) => one.family === address.family && one.value === address.value);
  }
}

/** Whether a policy fits all that is known of a peer. */
export function policyMatches(policy: Policy, query: PeerQuery): boolean {
  if (policy.family !== undefined && policy.family !== query.peer.family) return false;
  if (!hostMatches(policy.peer, query.peer) || !hostMatches(policy.local, query.local)) return false;
  if (query.peerId !== undefined && policy.peerId !== undefined) {
    if (!sameIdentity(policy.peerId, query.peerId)) return false;
  }
  if (query.localId !== undefined && !sameIdentity(policy.localId, query.localId)) return false;
  if (query.acceptsIke?.(policy.ikeProposals) === false) return false;
  return query.accepts?.(policy) ?? true;
}

interface Entry {
  readonly position: number;
  readonly policy: Policy;
}

/** Policies with the same networks of `peer` and `local` that are tried one by one before they are told apart. */
const FEW = 8;
/** Key of policies that name no peer. */
const NOBODY = "";

/** Policies with the same networks of `peer` and `local`, in their order. */
class Bucket {
  readonly #entries: Entry[] = [];
  #byProposals: Map<string, Entry[]> | undefined;
  #byPeer: Map<string, Entry[]> | undefined;
  #byPair: Map<string, Entry[]> | undefined;

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Lists of policies, each in order, with every policy among them that could match. */
  candidates({ peerId, localId, acceptsIke }: PeerQuery): readonly (readonly Entry[])[] {
    if (this.#entries.length <= FEW) return [this.#entries];
    if (peerId !== undefined) {
      const peers = [identityKey(peerId), NOBODY];
      if (localId === undefined) {
        this.#byPeer ??= this.#grouped((policy) => peerKey(policy));
        return peers.map((key) => this.#byPeer!.get(key) ?? []);
      }
      const local = identityKey(localId);
      this.#byPair ??= this.#grouped((policy) => pairKey(peerKey(policy), identityKey(policy.localId)));
      return peers.map((key) => this.#byPair!.get(pairKey(key, local)) ?? []);
    }
    if (acceptsIke === undefined) return [this.#entries];
    this.#byProposals ??= this.#grouped(({ ikeProposals }) => JSON.stringify(ikeProposals));
    return [...this.#byProposals.values()].filter(([one]) => acceptsIke(one!.policy.ikeProposals));
  }

  #grouped(key: (policy: Policy) => string): Map<string, Entry[]> {
    return Map.groupBy(this.#entries, ({ policy }) => key(policy));
  }
}

function peerKey({ peerId }: Policy): string {
  return peerId === undefined ? NOBODY : identityKey(peerId);
}

function pairKey(peer: string, local: string): string {
  return `${peer.length} ${peer}${local}`;
}

/** Policies whose `peer` and `local` have the same lengths of prefixes: the bits of an address that do not count. */
interface Shape {
  readonly family: Family;
  readonly peerHostBits: bigint;
  readonly localHostBits: bigint;
  readonly buckets: Map<string, Bucket>;
}

function bucketKey({ peerHostBits, localHostBits }: Shape, peer: IpAddress, local: IpAddress): string {
  return `${peer.value >> peerHostBits},${local.value >> localHostBits}`;
}

/** The networks of one family that an endpoint may be in. */
function networks(spec: HostSpec, family: Family): readonly Prefix[] {
  switch (spec.kind) {
    case "any":
      return [{ address: { family, value: 0n }, length: 0 }];
    case "network":
      return spec.prefix.address.family === family ? [spec.prefix] : [];
    case "name":
      return spec.addresses.filter((one) => one.family === family)
        .map((address) => ({ address, length: addressBits(family) }));
  }
}

/** Policies of one evaluation, in their order. */
class Shelf {
  readonly #shapes = new Map<string, Shape>();

  add(entry: Entry): void {
    const { family: only, peer, local } = entry.policy;
    for (const family of only === undefined ? [4, 6] as const : [only]) {
      for (const peerNetwork of networks(peer, family)) {
        for (const localNetwork of networks(local, family)) {
          this.#bucket(peerNetwork, localNetwork).add(entry);
        }
      }
    }
  }

  first(query: PeerQuery): Policy | undefined {
    let best: Entry | undefined;
    for (const list of this.#candidates(query)) {
      for (const entry of list) {
        if (best !== undefined && entry.position >= best.position) break;
        if (policyMatches(entry.policy, query)) best = entry;
      }
    }
    return best?.policy;
  }

  last(query: PeerQuery): Policy | undefined {
    let best: Entry | undefined;
    for (const list of this.#candidates(query)) {
      for (let at = list.length - 1; at >= 0; at--) {
        const entry = list[at]!;
        if (best !== undefined && entry.position <= best.position) break;
        if (policyMatches(entry.policy, query)) best = entry;
      }
    }
    return best?.policy;
  }

  #bucket(peer: Prefix, local: Prefix): Bucket {
    const { family } = peer.address;
    const name = `${family} ${peer.length} ${local.length}`;
    let shape = this.#shapes.get(name);
    if (shape === undefined) {
      const bits = addressBits(family);
      const [peerHostBits, localHostBits] = [BigInt(bits - peer.length), BigInt(bits - local.length)];
      shape = { family, peerHostBits, localHostBits, buckets: new Map() };
      this.#shapes.set(name, shape);
    }
    const key = bucketKey(shape, peer.address, local.address);
    let bucket = shape.buckets.get(key);
    if (bucket === undefined) shape.buckets.set(key, bucket = new Bucket());
    return bucket;
  }

  *#candidates(query: PeerQuery): Generator<readonly Entry[]> {
    for (const shape of this.#shapes.values()) {
      if (shape.family !== query.peer.family) continue;
      const bucket = shape.buckets.get(bucketKey(shape, query.peer, query.local));
      if (bucket !== undefined) yield* bucket.candidates(query);
    }
  }
}

/** Makes the lookup for a configuration. */
export function createLookup(policies: readonly Policy[]): PolicyLookup {
  const quick = new Shelf(), normal = new Shelf(), fallback = new Shelf();
  const shelves = { quick, normal, default: fallback };
  const names = new Map<string, Policy>();
  for (const [position, policy] of policies.entries()) {
    names.set(policy.name, policy);
    if (policy.evaluation !== "skip") shelves[policy.evaluation].add({ position, policy });
  }
  return {
    incoming: (query) => quick.first(query) ?? normal.last(query) ?? fallback.last(query),
    named: (name) => names.get(name),
  };
}
