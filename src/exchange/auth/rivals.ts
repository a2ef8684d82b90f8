/**
 * Other IKE SAs between the same two identities, when one more is established.
 *
 * Two ends that both begin at the same moment make two IKE SAs. As with rekeys that cross (RFC 7296 §2.8.2) the lowest
 * of the four values that both sent decides, here SPIs: the IKE SA with the lowest one is redundant. Who initiated the
 * other one deletes it: that end alone knows that the other one is up on both sides, so there is always one.
 */
import { sameAddress } from "../../ip/mod.ts";
import { sameIdentity } from "../../policy/mod.ts";
import { type Authenticated, isAuthenticated } from "../../sa/mod.ts";
import type { SaContext } from "../context.ts";
import { endIke } from "../delete/mod.ts";

/**
 * What becomes of the others: those that the peer forgot (INITIAL_CONTACT, RFC 7296 §2.4) end without a word; of two
 * that crossed one is deleted; where the configuration wants a single IKE SA, older ones are deleted.
 */
export function settleRivals(context: SaContext, initialContact: boolean): void {
  const { sa, world } = context;
  if (!isAuthenticated(sa)) return;
  for (const other of world.withPeer(sa.peerId)) {
    const theirs = other.sa;
    if (other === context || !isAuthenticated(theirs)) continue;
    if (!sameIdentity(theirs.localId, sa.localId)) continue;
    if (crossed(theirs, sa)) oneOfTwo(other, context);
    else if (initialContact) other.closeLater("initial contact");
    else if (world.globals.enforceSingleIkeSa) endIke(other, REDUNDANT);
  }
}

const REDUNDANT = "another IKE SA with the same peer";

/** Each end began one of them, while the other was on its way. */
function crossed(older: Authenticated, newer: Authenticated): boolean {
  return older.policy === newer.policy && older.role !== newer.role &&
    older.establishedAtMs >= newer.createdAtMs &&
    sameAddress(older.path.remote.address, newer.path.remote.address);
}

function oneOfTwo(one: SaContext, other: SaContext): void {
  const [redundant, kept] = lowestSpi(one) < lowestSpi(other) ? [one, other] : [other, one];
  const { clock, timing } = redundant.world;
  // The peer may not know this rule: then it is ours to delete, once the peer had the time to do it.
  const patience = kept.sa.role === "initiator" ? 0 : timing.lingerMs;
  redundant.setTimer("redundant", clock.now() + patience);
}

function lowestSpi({ sa }: SaContext): bigint {
  return sa.spiI < sa.spiR ? sa.spiI : sa.spiR;
}

/** Timer `redundant`: the IKE SA goes, unless it is the last one by now. */
export function endRedundant(context: SaContext): void {
  const { sa, world } = context;
  if (!isAuthenticated(sa)) return;
  for (const other of world.withPeer(sa.peerId)) {
    const theirs = other.sa;
    const alive = theirs.state === "established" || theirs.state === "rekeying";
    if (other !== context && alive && theirs.policy === sa.policy) return endIke(context, REDUNDANT);
  }
}
