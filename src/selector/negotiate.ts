/**
 * Agreeing on traffic selectors (RFC 7296 §2.9).
 *
 * A policy is a list of flows, each a pair; TSi and TSr are two lists whose product the SA carries. One Child SA
 * serves all flows of a policy, as in OpenIKED: the lists are the union of both sides of the flows. What a side
 * sends into the SA is decided by its flows, so pairs that are in the product only are never sent by us.
 */
import { fail, ok, type Result } from "../bytes/mod.ts";
import { covers, intersect, sameSelector } from "./sets.ts";
import type { TrafficSelector } from "./types.ts";

/** Selectors that a TS payload can hold (RFC 7296 §3.13: one octet counts them). */
export const MAX_SELECTORS = 255;

/** Two sides of one flow, seen from us. */
export interface SelectorPair {
  readonly local: TrafficSelector;
  readonly remote: TrafficSelector;
}

/** What TSi and TSr say. */
export interface SelectorLists {
  readonly tsi: readonly TrafficSelector[];
  readonly tsr: readonly TrafficSelector[];
}

/** What was agreed on. */
export interface Agreement extends SelectorLists {
  /** It is less than what the initiator proposed. */
  readonly narrowed: boolean;
}

/** Why a response's selectors are refused. */
export interface SelectorRefusal {
  readonly code: "empty" | "not-proposed";
  readonly side?: "TSi" | "TSr";
  readonly selector?: TrafficSelector;
}

/** Without those that another one covers; order is kept, and at most `MAX_SELECTORS` remain. */
function reduce(selectors: readonly TrafficSelector[]): TrafficSelector[] {
  const kept: TrafficSelector[] = [];
  for (const candidate of selectors) {
    if (kept.length === MAX_SELECTORS) break;
    if (!kept.some((other) => covers(other, candidate))) kept.push(candidate);
  }
  return kept.filter((one, at) => !kept.some((other, i) => i > at && covers(other, one)));
}

function unique(selectors: readonly TrafficSelector[]): TrafficSelector[] {
  const kept: TrafficSelector[] = [];
  for (const candidate of selectors) {
    if (kept.length === MAX_SELECTORS) break;
    if (!kept.some((other) => sameSelector(other, candidate))) kept.push(candidate);
  }
  return kept;
}

/**
 * What an initiator proposes for its flows. `packet` is the pair of the packet that asks for the SA: it goes first
 * (RFC 7296 §2.9).
 */
export function proposeSelectors(flows: readonly SelectorPair[], packet?: SelectorPair): SelectorLists {
  const locals = flows.map((flow) => flow.local);
  const remotes = flows.map((flow) => flow.remote);
  return {
    tsi: unique(packet === undefined ? locals : [packet.local, ...locals]),
    tsr: unique(packet === undefined ? remotes : [packet.remote, ...remotes]),
  };
}

interface Part {
  readonly at: number;
  readonly selector: TrafficSelector;
}

function parts(offered: readonly TrafficSelector[], own: TrafficSelector): Part[] {
  const found: Part[] = [];
  for (const [at, one] of offered.entries()) {
    const selector = intersect(one, own);
    if (selector !== undefined) found.push({ at, selector });
  }
  return found;
}

function alongside(these: readonly Part[], those: readonly Part[]): Part[] {
  const protocols = new Set(those.map((part) => part.selector.protocol));
  return these.filter(({ selector: { protocol } }) =>
    protocol === 0 || protocols.has(0) || protocols.has(protocol)
  );
}

function inOrderOfOffer(found: Part[]): TrafficSelector[] {
  return reduce(found.sort((a, b) => a.at - b.at).map((part) => part.selector));
}

function coversAll(agreed: readonly TrafficSelector[], offered: readonly TrafficSelector[]): boolean {
  return offered.every((one) => agreed.some((other) => covers(other, one)));
}

/**
 * The responder's choice out of the initiator's proposal: all of it that the flows allow, in the order of the
 * proposal. So the initiator's first selectors, which state the packet that asks for the SA, are part of it and come
 * first wherever the flows allow them. Undefined: nothing fits, which is TS_UNACCEPTABLE.
 */
export function narrow(flows: readonly SelectorPair[], offered: SelectorLists): Agreement | undefined {
  const initiators: Part[] = [];
  const responders: Part[] = [];
  for (const flow of flows) {
    const theirs = parts(offered.tsi, flow.remote);
    if (theirs.length === 0) continue;
    const ours = parts(offered.tsr, flow.local);
    if (ours.length === 0) continue;
    initiators.push(...alongside(theirs, ours));
    responders.push(...alongside(ours, theirs));
  }
  if (initiators.length === 0) return undefined;
  const tsi = inOrderOfOffer(initiators);
  const tsr = inOrderOfOffer(responders);
  return { tsi, tsr, narrowed: !coversAll(tsi, offered.tsi) || !coversAll(tsr, offered.tsr) };
}

/** The initiator's check of a response: both lists have something, and nothing that it did not propose. */
export function checkNarrowed(
  proposed: SelectorLists,
  answered: SelectorLists,
): Result<Agreement, SelectorRefusal> {
  for (const side of ["tsi", "tsr"] as const) {
    const name = side === "tsi" ? "TSi" : "TSr";
    if (answered[side].length === 0) return fail({ code: "empty", side: name });
    const stranger = answered[side].find((one) => !proposed[side].some((other) => covers(other, one)));
    if (stranger !== undefined) return fail({ code: "not-proposed", side: name, selector: stranger });
  }
  const { tsi, tsr } = answered;
  return ok({ tsi, tsr, narrowed: !coversAll(tsi, proposed.tsi) || !coversAll(tsr, proposed.tsr) });
}
