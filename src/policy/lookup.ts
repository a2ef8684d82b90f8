/**
 * Which policy an incoming peer gets (iked.conf(5)): of those that match the last one wins, unless one that matches is
 * `quick`: then the first of these. `skip` takes no incoming peer. Where nothing matches, a `default` that does.
 *
 * Policies with a single host as peer are found by its address; only those with networks, `any` or names are tried one
 * after the other.
 */
import { addressBits, formatAddress, type IpAddress, rangeHolds, rangeOfPrefix } from "../ip/mod.ts";
import { sameIdentity } from "./identity.ts";
import type { HostSpec, Identity, Policy } from "./types.ts";

/** What is known of the peer so far: at IKE_SA_INIT addresses and proposals, at IKE_AUTH identities and flows too. */
export interface PeerQuery {
  /** Our address that the peer sent to. */
  readonly local: IpAddress;
  readonly peer: IpAddress;
  /** Identity that the peer claims. */
  readonly peerId?: Identity;
  /** Identity that the peer expects of us (IDr of the initiator). */
  readonly localId?: Identity;
  /** Anything else that has to fit, such as proposals or selectors. Asked last. */
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
  return query.accepts?.(policy) ?? true;
}

function singleHost(spec: HostSpec): IpAddress | undefined {
  if (spec.kind !== "network") return undefined;
  const { address, length } = spec.prefix;
  return length === addressBits(address.family) ? address : undefined;
}

interface Entry {
  readonly position: number;
  readonly policy: Policy;
}

/** Policies of one evaluation, in their order. */
class Shelf {
  readonly #hosts = new Map<string, Entry[]>();
  readonly #others: Entry[] = [];

  add(entry: Entry): void {
    const host = singleHost(entry.policy.peer);
    if (host === undefined) {
      this.#others.push(entry);
      return;
    }
    const key = formatAddress(host);
    const list = this.#hosts.get(key);
    if (list === undefined) this.#hosts.set(key, [entry]);
    else list.push(entry);
  }

  #lists(peer: IpAddress): readonly (readonly Entry[])[] {
    return [this.#hosts.get(formatAddress(peer)) ?? [], this.#others];
  }

  first(query: PeerQuery): Policy | undefined {
    const found = this.#lists(query.peer)
      .map((list) => list.find(({ policy }) => policyMatches(policy, query)));
    return pickEntry(found, (a, b) => a.position < b.position);
  }

  last(query: PeerQuery): Policy | undefined {
    const found = this.#lists(query.peer)
      .map((list) => list.findLast(({ policy }) => policyMatches(policy, query)));
    return pickEntry(found, (a, b) => a.position > b.position);
  }
}

function pickEntry(
  [a, b]: readonly (Entry | undefined)[],
  better: (a: Entry, b: Entry) => boolean,
): Policy | undefined {
  if (a === undefined || b === undefined) return (a ?? b)?.policy;
  return better(a, b) ? a.policy : b.policy;
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
