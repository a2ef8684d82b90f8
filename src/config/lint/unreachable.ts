/** W012: policies that no incoming peer gets, because another one always comes before (iked.conf(5), order of evaluation). */
import { addressBits, type Family, type Prefix, rangeCovers, rangeOfPrefix } from "../../ip/mod.ts";
import { identityKey } from "../../policy/identity.ts";
import type { Flow, HostSpec, Policy } from "../../policy/types.ts";
import { choicesOf, type Proposal, sameChoice } from "../../proposal/mod.ts";
import { covers } from "../../selector/mod.ts";
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import { CoverIndex, prefixOf } from "./cover_index.ts";
import { nameOf, placeOf, type Subject } from "./subject.ts";

/** One network that an endpoint may be in; of a host by name, which may have another address tomorrow, the name. */
interface Reach {
  readonly network: Prefix;
  readonly name?: string;
}

/** Peer and local networks of one family that a policy takes. */
interface Pair {
  readonly peer: Reach;
  readonly local: Reach;
}

/** Policies that are compared in full with one. */
const MAX_COMPARED = 64;
/** Pairs of flows, or of networks, that are compared for two policies. */
const MAX_PRODUCT = 4096;

function reachOf(spec: HostSpec, family: Family): readonly Reach[] {
  switch (spec.kind) {
    case "any":
      return [{ network: { address: { family, value: 0n }, length: 0 } }];
    case "network":
      return spec.prefix.address.family === family ? [{ network: spec.prefix }] : [];
    case "name":
      return spec.addresses.filter((one) => one.family === family)
        .map((address) => ({ network: { address, length: addressBits(family) }, name: spec.name }));
  }
}

function pairsOf({ family: only, peer, local }: Policy): Pair[] {
  return (only === undefined ? [4, 6] as const : [only]).flatMap((family) =>
    reachOf(peer, family).flatMap((one) =>
      reachOf(local, family).map((other) => ({ peer: one, local: other }))
    )
  );
}

function holds(outer: Reach, inner: Reach): boolean {
  if (outer.name !== undefined && outer.name !== inner.name) return false;
  // A name that has its address from a network today may have it from another one tomorrow
  if (outer.name === undefined && inner.name !== undefined && outer.network.length > 0) return false;
  return rangeCovers(rangeOfPrefix(outer.network), rangeOfPrefix(inner.network));
}

/** Whether each of `inner` is held by one of `outer`; false as well where that is too much to find out. */
function allHeld<T>(
  outer: readonly T[],
  inner: readonly T[],
  held: (outer: T, inner: T) => boolean,
): boolean {
  if (outer.length * inner.length > MAX_PRODUCT) return false;
  return inner.every((one) => outer.some((other) => held(other, one)));
}

const TYPES = [1, 2, 3, 4, 5] as const;

function proposalHeld(outer: Proposal, inner: Proposal): boolean {
  if (outer === inner) return true;
  if (outer.protocol !== inner.protocol) return false;
  return TYPES.every((type) => {
    // A Child SA of IKE_AUTH has no key exchange
    if (type === 4 && outer.protocol !== 1) return true;
    const more = choicesOf(outer, type);
    return choicesOf(inner, type).every((one) => more.some((other) => sameChoice(one, other)));
  });
}

function flowHeld(outer: Flow, inner: Flow): boolean {
  if (outer.dynamic !== undefined && outer.dynamic !== inner.dynamic) return false;
  return covers(outer.local, inner.local) && covers(outer.remote, inner.remote);
}

/** Whether every peer that `policy` takes is one that `other` takes too. Identities were compared before. */
function takesAll(other: Policy, policy: Policy): boolean {
  if (other.tunnelMode === "transport" && policy.tunnelMode !== "transport") return false;
  if (!allHeld(other.ikeProposals, policy.ikeProposals, proposalHeld)) return false;
  if (!allHeld(other.childProposals, policy.childProposals, proposalHeld)) return false;
  if (!allHeld(other.flows, policy.flows, flowHeld)) return false;
  return allHeld(
    pairsOf(other),
    pairsOf(policy),
    (a, b) => holds(a.peer, b.peer) && holds(a.local, b.local),
  );
}

/**
 * What two policies have to have in common word by word, or the one leaves open: our identity, how to prove it, the
 * peer's identity. The first is what a policy says, the others what one may say that takes all of its peers.
 */
function tagsOf({ localId, peerId, auth }: Policy): readonly [string, ...string[]] {
  const open = `${auth.method} ${identityKey(localId)}`;
  return peerId === undefined ? [open] : [`${open} ${identityKey(peerId)}`, open];
}

/** The networks by which a policy is found: of its peers, ours, and of a flow. */
function networksOf({ peer, local }: Pair, flow: Flow): Prefix[] | undefined {
  const [remote, own] = [prefixOf(flow.remote.addresses), prefixOf(flow.local.addresses)];
  if (remote === undefined || own === undefined) return undefined;
  return [peer.network, local.network, remote, own];
}

/** By what a policy is looked for that has one of the policies' networks in its own. */
interface Query {
  readonly networks: readonly Prefix[];
  readonly tags: readonly string[];
}

/** Finds, for a policy, one that comes before it for whoever it matches. */
export class Precedence {
  readonly #indices = {
    quick: new CoverIndex<Subject>(),
    normal: new CoverIndex<Subject>(),
    default: new CoverIndex<Subject>(),
  };
  readonly #queries = new Map<Subject, Query>();
  #compared = 0;

  constructor(subjects: readonly Subject[]) {
    for (const subject of subjects) this.#add(subject);
  }

  /** How many tables and policies were looked into. */
  get steps(): number {
    const { quick, normal, default: fallback } = this.#indices;
    return this.#compared + quick.steps + normal.steps + fallback.steps;
  }

  /** The policy that takes all peers of this one, and why it comes first. */
  before(subject: Subject): { readonly by: Subject; readonly why: string } | undefined {
    const { quick, normal, default: fallback } = this.#indices;
    const found = (index: CoverIndex<Subject>, where: "anywhere" | "behind" | "ahead", why: string) => {
      const by = this.#find(index, subject, where);
      return by && { by, why };
    };
    switch (subject.policy.evaluation) {
      case "quick":
        return found(quick, "ahead", 'is "quick" and comes before it');
      case "normal":
        return found(quick, "anywhere", 'is "quick"') ??
          found(normal, "behind", "comes later: the last match wins");
      case "default":
        return found(quick, "anywhere", "is no default") ?? found(normal, "anywhere", "is no default") ??
          found(fallback, "behind", "comes later: the last match wins");
      case "skip":
        return undefined;
    }
  }

  #add(subject: Subject): void {
    const { evaluation } = subject.policy;
    if (evaluation === "skip") return;
    const index = this.#indices[evaluation], tags = tagsOf(subject.policy);
    for (const pair of pairsOf(subject.policy)) {
      for (const flow of subject.policy.flows) {
        const networks = networksOf(pair, flow);
        if (networks === undefined) continue;
        index.add(networks, tags[0], subject);
        if (!this.#queries.has(subject)) this.#queries.set(subject, { networks, tags });
      }
    }
  }

  #find(
    index: CoverIndex<Subject>,
    subject: Subject,
    where: "anywhere" | "behind" | "ahead",
  ): Subject | undefined {
    const { policy, position } = subject;
    const query = this.#queries.get(subject);
    if (query === undefined) return undefined;
    let left = MAX_COMPARED;
    for (const list of index.holding(query.networks, ...query.tags)) {
      // The nearest to the end win, but of quick policies the first
      for (let at = 0; at < list.length && left > 0; at++) {
        const other = where === "ahead" ? list[at]! : list[list.length - 1 - at]!;
        if (
          where === "ahead" ? other.position >= position : where === "behind" && other.position <= position
        ) break;
        left--;
        this.#compared++;
        if (takesAll(other.policy, policy)) return other;
      }
    }
    return undefined;
  }
}

function isHost(spec: HostSpec): boolean {
  if (spec.kind !== "network") return spec.kind === "name";
  return spec.prefix.length === addressBits(spec.prefix.address.family);
}

/** Warns of them; returns those that never carry anything. */
export function lintUnreachable(
  subjects: readonly Subject[],
  diagnostics: Diagnostics,
): ReadonlySet<Subject> {
  const precedence = new Precedence(subjects);
  const useless = new Set<Subject>();
  for (const subject of subjects) {
    const { evaluation, mode, peer } = subject.policy;
    // An active one is there to start of itself
    if (mode === "active") continue;
    if (evaluation === "skip") {
      if (isHost(peer)) continue;
      useless.add(subject);
      const message = 'this policy is never used: "skip" takes no incoming peer, and its own peer is no host';
      diagnostics.warn(WARNINGS.unreachable, subject.node.evaluation?.place ?? placeOf(subject), message);
      continue;
    }
    const before = precedence.before(subject);
    if (before === undefined) continue;
    useless.add(subject);
    const message = `no incoming peer gets this policy: ${
      nameOf(before.by)
    } matches all of them, too, and ${before.why}`;
    diagnostics.warn(WARNINGS.unreachable, placeOf(subject), message);
  }
  return useless;
}
