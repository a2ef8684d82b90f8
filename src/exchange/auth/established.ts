/** The end of IKE_AUTH, the same for both roles: from keyed to established. */
import type { ChildSa, EstablishedSa, PeerIdentity } from "../../sa/mod.ts";
import { formatIdentity } from "../../policy/mod.ts";
import type { SaContext } from "../context.ts";
import { armChild, armIke } from "../lifetimes.ts";
import { cut, formatChild } from "../text.ts";

/** Both are authenticated; `child` is installed, or undefined where it was refused. */
export function establish(
  context: SaContext,
  peerId: PeerIdentity,
  child: ChildSa | undefined,
): void {
  const { sa, policy } = context;
  if (sa.state !== "auth-sent" && sa.state !== "half-open") throw new Error(`Established from "${sa.state}"`);
  const { transcript: _done, ...kept } = sa;
  const next: EstablishedSa = {
    ...kept,
    state: "established",
    localId: policy.localId,
    peerId,
    establishedAtMs: context.world.clock.now(),
    establishedAtWallMs: context.world.clock.wall(),
    children: new Map(child === undefined ? [] : [[child.id, child]]),
  };
  context.become(next);
  context.stopTimer("negotiation");
  armIke(context);
  context.emit({ kind: "ike-up" });
  context.log("info", `Peer is "${cut(formatIdentity(peerId))}"`);
  if (child !== undefined) announceChild(context, child);
}

/** Timers and event of a Child SA that just began. */
export function announceChild(context: SaContext, child: ChildSa): void {
  armChild(context, child);
  context.emit({ kind: "child-up", text: formatChild(child) });
}
