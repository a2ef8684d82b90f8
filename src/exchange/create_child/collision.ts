/**
 * Both ends replace the same Child SA at once (RFC 7296 §2.8.1, §2.25.1). Each answers the other's request; of the two
 * new Child SAs the one whose exchange has the lowest of the four nonces is redundant, and who made it deletes it. Who
 * made the other one deletes the old one.
 */
import { isLower } from "../../bytes/mod.ts";
import { type ChildSa, isAuthenticated, type Rival, withChild } from "../../sa/mod.ts";
import type { SaContext } from "../context.ts";
import { formatChild } from "../text.ts";

/** The lower nonce of an exchange. */
function lowerNonce(nonceI: Uint8Array, nonceR: Uint8Array): Uint8Array {
  return isLower(nonceI, nonceR) ? nonceI : nonceR;
}

/** What is to be known of a Child SA that the peer makes in place of one that we are replacing; else undefined. */
export function rivalry(
  replaces: ChildSa | undefined,
  nonceI: Uint8Array,
  nonceR: Uint8Array,
): Rival | undefined {
  if (replaces?.state !== "rekeying") return undefined;
  // The nonces stand in a datagram's memory.
  return { of: replaces.id, lowerNonce: lowerNonce(nonceI, nonceR).slice() };
}

/** The Child SA that the peer made in place of this one while our own request to replace it is under way. */
export function rivalOf({ sa }: SaContext, id: number): ChildSa | undefined {
  if (!isAuthenticated(sa)) return undefined;
  return [...sa.children.values()].find(({ rival }) => rival?.of === id);
}

/** Whether a Child SA that we made with these nonces is the one to go, and not the peer's. */
export function isRedundant(peers: ChildSa | undefined, nonceI: Uint8Array, nonceR: Uint8Array): boolean {
  return peers?.rival !== undefined && isLower(lowerNonce(nonceI, nonceR), peers.rival.lowerNonce);
}

/** Our request is answered, and the peer's Child SA stays: it is one like others now. */
export function keepRival(context: SaContext, child: ChildSa): void {
  if (!isAuthenticated(context.sa)) return;
  context.become(withChild(context.sa, withoutRival(child)));
  context.emit({ kind: "child-rekeyed", text: formatChild(child) });
}

/** The same Child SA once nothing is to be decided. */
export function withoutRival(child: ChildSa): ChildSa {
  const { rival: _, ...rest } = child;
  return rest;
}
