/** The IKE SA that takes over from another one (RFC 7296 §2.18): it inherits the Child SAs, its message ids begin at 0. */
import type { IkeSpi } from "../../bytes/mod.ts";
import type { FinishIkeResult } from "../../auth/requests.ts";
import type { IkeSuite } from "../../crypto/suite.ts";
import { type ChildSa, type EstablishedSa, type IkeRole, Protection, type RekeyingSa } from "../../sa/mod.ts";
import type { SaContext } from "../context.ts";
import { drain, queueDelete } from "../delete/mod.ts";
import { armChild, armIke, endOfChild, recreateChild } from "../lifetimes.ts";
import { retrySoon } from "./refusal.ts";
import { queueRenegotiation } from "./renegotiate.ts";

/** What is new in the successor. */
export interface NewIke {
  readonly role: IkeRole;
  readonly spiI: IkeSpi;
  readonly spiR: IkeSpi;
  readonly suite: IkeSuite;
  readonly keys: FinishIkeResult;
}

/** Takes up the successor of `sa`, moves the Child SAs and their timers; the old one is `rekeyed` afterwards. */
export function succeed(context: SaContext, sa: EstablishedSa | RekeyingSa, made: NewIke): SaContext {
  const { world, policy } = context;
  const { role, spiI, spiR, suite, keys } = made;
  const now = world.clock.now();
  const next: EstablishedSa = {
    ...sa,
    state: "established",
    id: world.nextIkeId(),
    role,
    spiI,
    spiR,
    suite,
    handle: keys.sa,
    protection: new Protection(world.crypto, world.random, suite, keys.sk, role),
    createdAtMs: now,
    establishedAtMs: now,
    establishedAtWallMs: world.clock.wall(),
  };
  for (const timer of ["rekeyIke", "expireIke", "liveness", "createChild"] as const) context.stopTimer(timer);
  for (const id of sa.children.keys()) {
    for (const timer of ["rekeyChild", "expireChild", "linger"] as const) context.stopTimer(timer, id);
  }
  context.become({ ...sa, state: "rekeyed", children: new Map(), replacedBy: next.id });
  context.setTimer("linger", now + world.timing.lingerMs);
  const successor = world.adopt(next, policy);
  context.handOver(successor);
  armIke(successor);
  for (const child of next.children.values()) takeOver(successor, child);
  recreateChild(successor);
  successor.emit({ kind: "ike-rekeyed" });
  return successor;
}

/** Goes on with a Child SA where the old IKE SA left off. */
function takeOver(successor: SaContext, child: ChildSa): void {
  // A DELETE of a replaced one may still come, on the old IKE SA, where it finds nothing: so it drains now.
  if (child.state === "rekeyed") return drain(successor, child);
  if (child.state === "deleting") return queueDelete(successor, child.id, "lifetime over");
  armChild(successor, child);
  if (child.outdated) queueRenegotiation(successor);
  if (child.nearEnd) {
    successor.setTimer("rekeyChild", retrySoon(successor, endOfChild(successor, child)), child.id);
  }
}
