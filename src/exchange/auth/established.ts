/** The end of IKE_AUTH, the same for both roles: from keyed to established. */
import type { ChildSa, EstablishedSa, PeerIdentity } from "../../sa/mod.ts";
import { isAuthenticated } from "../../sa/mod.ts";
import { formatIdentity, sameIdentity } from "../../policy/mod.ts";
import type { SaContext } from "../context.ts";
import { endIke } from "../delete/mod.ts";
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

/**
 * Other IKE SAs between the same two identities: those that the peer forgot (INITIAL_CONTACT, RFC 7296 §2.4) end
 * without a word; where the configuration wants a single one, older ones are deleted.
 */
export function endRivals(context: SaContext, initialContact: boolean): void {
  const { sa, world } = context;
  if (!isAuthenticated(sa) || (!initialContact && !world.globals.enforceSingleIkeSa)) return;
  for (const other of world.withPeer(sa.peerId)) {
    const theirs = other.sa;
    if (other === context || !isAuthenticated(theirs)) continue;
    if (!sameIdentity(theirs.localId, sa.localId)) continue;
    if (initialContact) other.closeLater("initial contact");
    else endIke(other, "another IKE SA with the same peer");
  }
}
