/** Which policy an incoming peer gets where several match, in words (iked.conf(5): the last one, unless one is quick). */
import { formatPrefix } from "../../ip/mod.ts";
import { formatIdentity, sameIdentity } from "../../policy/identity.ts";
import type { HostSpec, Policy } from "../../policy/types.ts";
import { hostsMeet, isHost } from "./hosts.ts";

/** Names that are listed; of more only the number is told. */
const MAX_NAMES = 8;
/** Rivals that are looked for in each direction of a list. */
const MAX_RIVALS = 16;
/** Pairs of policies that are compared in one run. */
const MAX_PAIRS = 500_000;

const CLASSES = { quick: 0, normal: 1, default: 2 } as const;

/** Whether `a`, at its position, is taken where `b` matches as well. */
function wins(a: Policy, at: number, b: Policy, bAt: number): boolean {
  if (b.evaluation === "skip") return true;
  if (a.evaluation === "skip") return false;
  const first = CLASSES[a.evaluation], second = CLASSES[b.evaluation];
  if (first !== second) return first < second;
  return a.evaluation === "quick" ? at < bAt : at > bAt;
}

/** Whether one peer can match both, as far as addresses and the identity that it claims go. */
function meet(a: Policy, b: Policy): boolean {
  if (a.family !== undefined && b.family !== undefined && a.family !== b.family) return false;
  if (a.peerId !== undefined && b.peerId !== undefined && !sameIdentity(a.peerId, b.peerId)) return false;
  return hostsMeet(a.peer, b.peer) && hostsMeet(a.local, b.local);
}

function quoted(names: readonly string[], cut: boolean): string {
  const shown = names.slice(0, MAX_NAMES).map((name) => `"${name}"`).join(", ");
  const more = names.length - MAX_NAMES;
  return more > 0 ? `${shown} and ${more}${cut ? " or more" : ""} others` : shown;
}

function key(spec: HostSpec): string | undefined {
  return spec.kind === "network" && isHost(spec) ? formatPrefix(spec.prefix) : undefined;
}

/** Those before a position, the nearest first, or those behind it. */
function* walk(list: readonly number[], from: number, step: 1 | -1): Generator<number> {
  // The list is in the order of the file
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! < from) low = middle + 1;
    else high = middle;
  }
  let at = step === 1 && list[low] === from ? low + 1 : step === 1 ? low : low - 1;
  for (; at >= 0 && at < list.length; at += step) yield list[at]!;
}

/** Finds rivals of policies; those of one host are found by its address. */
export class Precedence {
  readonly #hosts = new Map<string, number[]>();
  readonly #others: number[] = [];
  readonly #all: readonly number[];
  /** Pairs that may still be compared. */
  #budget = MAX_PAIRS;

  constructor(readonly policies: readonly Policy[]) {
    this.#all = [...policies.keys()];
    for (const [at, { peer }] of policies.entries()) {
      const host = key(peer);
      const list = host === undefined ? this.#others : this.#hosts.get(host);
      if (list === undefined) this.#hosts.set(host!, [at]);
      else list.push(at);
    }
  }

  /** Rivals before and behind a policy, the nearest; whether there may be more. */
  #rivals(at: number): { readonly rivals: readonly number[]; readonly cut: boolean } {
    const policy = this.policies[at]!, host = key(policy.peer);
    const lists = host === undefined ? [this.#all] : [this.#hosts.get(host)!, this.#others];
    const rivals: number[] = [];
    let cut = false;
    for (const list of lists) {
      for (const step of [1, -1] as const) {
        let found = 0;
        for (const other of walk(list, at, step)) {
          if (found === MAX_RIVALS || this.#budget === 0) {
            cut = true;
            break;
          }
          this.#budget--;
          const rival = this.policies[other]!;
          if (rival.evaluation === "skip" || !meet(policy, rival)) continue;
          rivals.push(other);
          found++;
        }
      }
    }
    return { rivals: rivals.sort((a, b) => a - b), cut };
  }

  /** What is said of one policy. */
  inWords(at: number): string {
    const policy = this.policies[at]!;
    if (policy.evaluation === "skip") return "Peers that connect to us never get this policy (skip)";
    const { rivals, cut } = this.#rivals(at);
    const [over, under] = [true, false].map((better) =>
      rivals.filter((other) => wins(policy, at, this.policies[other]!, other) === better)
    ) as [number[], number[]];
    const names = (list: readonly number[]) => quoted(list.map((one) => this.policies[one]!.name), cut);
    const parts: string[] = [];
    if (under.length > 0) parts.push(`gives way to ${names(under)}`);
    if (over.length > 0) parts.push(`comes before ${names(over)}`);
    if (parts.length === 0) {
      return cut
        ? "Which other policies are for the same peers was not found out: there are too many"
        : "No other policy is for the same peers";
    }
    const why = policy.evaluation === "quick"
      ? "it is quick: the first such one is taken"
      : policy.evaluation === "default"
      ? "it is a default: taken where nothing else matches"
      : "the last one in the file is taken, unless one is quick";
    return `Where it matches a peer together with others, it ${parts.join(", and ")} (${why})`;
  }
}

/** The identities of a policy, in words. */
export function identitiesInWords(
  { localId, peerId }: Policy,
): { readonly ours: string; readonly theirs: string } {
  return {
    ours: `We say that we are ${formatIdentity(localId)}`,
    theirs: peerId === undefined
      ? "The peer may have any identity"
      : `The peer has to be ${formatIdentity(peerId)}`,
  };
}
