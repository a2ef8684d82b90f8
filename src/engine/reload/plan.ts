/**
 * What becomes of the SAs of a policy that has changed. Decides and does nothing: `reloader.ts` carries it out.
 *
 * | changed | IKE SA | Child SAs |
 * |---|---|---|
 * | nothing but name, place, order of evaluation, active/passive | keep | keep |
 * | lifetime and proposals of Child SAs | keep | rekey: no packet is lost |
 * | flows, tunnel or transport mode | keep | renegotiate within the IKE SA, the old one goes afterwards |
 * | lifetime of the IKE SA | rekey | keep |
 * | addresses that the SA's own fit | keep | keep |
 * | addresses of a name | renegotiate with the new address; where that fails the old SA stays as long as it lives | with it |
 * | all else | renegotiate: the new one first, then the old one is deleted (as RFC 7296 §2.8.3 has it for reauthentication) | with it |
 *
 * Where it is the peer that begins, SAs that do not fit any more are deleted and the peer begins again.
 */
import { hexOf } from "../../bytes/mod.ts";
import { formatAddress } from "../../ip/mod.ts";
import { hostMatches, type Policy } from "../../policy/mod.ts";
import { type Authenticated, type ChildSa, type IkeSa, isAuthenticated } from "../../sa/mod.ts";
import { hostOf } from "../host_of.ts";
import { sameValue } from "../same.ts";
import { changesOf, type Concern } from "./changes.ts";
import type { Action, ChildPlan, IkePlan } from "./types.ts";

/** What an SA is judged by, beside itself. */
export interface Circumstances {
  /** The policy that it was made by. */
  readonly from: Policy;
  /** The one that goes on for it; undefined: it is gone. */
  readonly to: Policy | undefined;
  /** Whether we begin anything of our own accord (`set active`). */
  readonly active: boolean;
  /** Whether SAs go into the data path (`set couple`). */
  readonly couple: boolean;
}

/** `IkePlan`, with the Child SAs by id. */
export interface SaPlan {
  readonly action: Action;
  readonly reason: string;
  /** Should the new one not come up, this one stays. */
  readonly fallback?: true;
  readonly children: ReadonlyMap<number, { readonly action: Action; readonly reason: string }>;
}

type Verdict = Omit<SaPlan, "children">;

const KEEP: Verdict = { action: "keep", reason: "unchanged" };

/** What becomes of one IKE SA. */
export function planSa(sa: IkeSa, circumstances: Circumstances): SaPlan {
  const verdict = planIke(sa, circumstances);
  const children = new Map<number, Verdict>();
  if (!isAuthenticated(sa)) return { ...verdict, children };
  const { from, to } = circumstances;
  const changes = to === undefined ? undefined : changesOf(from, to);
  for (const child of sa.children.values()) {
    const stays = verdict.action === "keep" || verdict.action === "rekey";
    if (child.state === "rekeyed" || child.state === "deleting") {
      children.set(child.id, { action: "keep", reason: "it ends anyway" });
    } else if (!stays || changes === undefined) {
      children.set(child.id, { action: verdict.action, reason: verdict.reason });
    } else {
      children.set(child.id, planChild(sa, child, changes, circumstances));
    }
  }
  return { ...verdict, children };
}

/** A plan as people see it. */
export function describePlan(sa: IkeSa, { action, reason, children }: SaPlan): IkePlan {
  const present = isAuthenticated(sa) ? sa.children : new Map<number, ChildSa>();
  return {
    id: sa.id,
    policy: sa.policy,
    peer: formatAddress(sa.path.remote.address),
    action,
    reason,
    children: [...children].map(([id, child]): ChildPlan => ({
      spiIn: hexOf(present.get(id)?.spiIn ?? 0, 4),
      ...child,
    })),
  };
}

function planIke(sa: IkeSa, circumstances: Circumstances): Verdict {
  const { from, to } = circumstances;
  switch (sa.state) {
    case "half-open":
      return { action: "keep", reason: "its policy is chosen when the peer is authenticated" };
    case "rekeyed":
    case "deleting":
    case "closed":
      return { action: "keep", reason: "it ends anyway" };
  }
  if (to === undefined) return { action: "delete", reason: "the policy is gone" };
  const changes = changesOf(from, to);
  const hosts = hostChanges(sa, from, to);
  const hard = [...hosts.changed, ...changes.get("ike") ?? []];
  if (!isAuthenticated(sa)) {
    const words = [...hard, ...hosts.moved];
    if (words.length > 0) return { action: "renegotiate", reason: changed(words) };
    return changes.size === 0 ? KEEP : { action: "keep", reason: "it is just being made and adapts then" };
  }
  const mayBegin = begins(sa, to, circumstances) && hostOf(to.peer, 0) !== undefined;
  if (hard.length > 0) {
    return mayBegin
      ? { action: "renegotiate", reason: changed(hard) }
      : { action: "delete", reason: `${changed(hard)}; the peer has to begin` };
  }
  if (hosts.moved.length > 0 && mayBegin) {
    return { action: "renegotiate", reason: "the name has another address", fallback: true };
  }
  const lifetime = changes.get("ike-lifetime");
  if (lifetime !== undefined) return { action: "rekey", reason: changed(lifetime) };
  return from.name === to.name ? KEEP : { action: "keep", reason: `unchanged, now named "${to.name}"` };
}

function planChild(
  sa: Authenticated & { readonly role: IkeSa["role"] },
  child: ChildSa,
  changes: ReadonlyMap<Concern, readonly string[]>,
  circumstances: Circumstances,
): Verdict {
  const shape = changes.get("child");
  if (shape !== undefined) {
    return begins(sa, circumstances.to!, circumstances)
      ? { action: "renegotiate", reason: changed(shape) }
      : { action: "delete", reason: `${changed(shape)}; the peer has to begin` };
  }
  const suite = changes.get("suite");
  if (suite !== undefined) return { action: "rekey", reason: changed(suite) };
  if (circumstances.couple && child.decoupled) {
    return { action: "rekey", reason: "it is not in the data path" };
  }
  return KEEP;
}

/** Whether it is us who begin what this policy asks for. */
function begins({ role }: { readonly role: IkeSa["role"] }, to: Policy, { active }: Circumstances): boolean {
  return active && (to.mode === "active" || role === "initiator");
}

/** Ends of the IKE SA that the policy has no more: by its own words, or because a name has other addresses. */
function hostChanges({ path }: IkeSa, from: Policy, to: Policy): Record<"changed" | "moved", string[]> {
  const found = { changed: [] as string[], moved: [] as string[] };
  for (const [end, address] of [["local", path.local.address], ["peer", path.remote.address]] as const) {
    const [before, now] = [from[end], to[end]];
    if (sameValue(before, now) || hostMatches(now, address)) continue;
    const sameName = before.kind === "name" && now.kind === "name" && before.name === now.name;
    if (!sameName) found.changed.push(end);
    // A name without address says nothing against the address that it had.
    else if (now.addresses.length > 0) found.moved.push(end);
  }
  return found;
}

function changed(words: readonly string[]): string {
  return `changed: ${words.join(", ")}`;
}
