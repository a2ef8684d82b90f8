/**
 * Deleting a Child SA (RFC 7296 §1.4.1). Each side names the SPI of its inbound half:
 *
 * ```
 *   SK {D(SPI of ours)}  -->
 *                        <--  SK {D(SPI of the peer's)}
 * ```
 */
import { EXCHANGE } from "../../wire/mod.ts";
import { type ChildSa, isAuthenticated, withChild, withoutChild } from "../../sa/mod.ts";
import { ask } from "../ask.ts";
import { espSpiOctets, type SaContext } from "../context.ts";
import { armChild, recreateChild } from "../lifetimes.ts";

/** How long a replaced Child SA still takes packets that were under way when its peer deleted it. */
const DRAIN_MS = 2_000;

/** The Child SA with this id, where the IKE SA has it. */
export function childOf(context: SaContext, id: number): ChildSa | undefined {
  const { sa } = context;
  return isAuthenticated(sa) ? sa.children.get(id) : undefined;
}

/** Deletes a Child SA at the peer and here; a task. One that is being deleted already is left to who began it. */
export async function deleteChild(context: SaContext, id: number, reason: string): Promise<void> {
  if (await retire(context, id)) await sendDelete(context, id, reason);
}

/** Ends a Child SA: no packet more from now on, whatever else is under way; its DELETE follows in its turn. */
export async function endChild(context: SaContext, id: number, reason: string): Promise<void> {
  if (await retire(context, id)) queueDelete(context, id, reason);
}

/** Queues the DELETE of a Child SA that is in `deleting`. */
export function queueDelete(context: SaContext, id: number, reason: string): void {
  context.start(`delete Child SA ${id}`, (context) => sendDelete(context, id, reason));
}

/**
 * Takes a Child SA to `deleting` and out of the data path; one that was replaced takes the peer's packets until the
 * peer has answered, so that none is lost. False: there is nothing to be deleted.
 */
async function retire(context: SaContext, id: number): Promise<boolean> {
  const { sa } = context;
  const child = childOf(context, id);
  if (child === undefined || child.state === "deleting" || !isAuthenticated(sa)) return false;
  stopTimers(context, id);
  useSuccessor(context, child);
  context.become(withChild(sa, { ...child, state: "deleting" }));
  if (child.state !== "rekeyed") await context.world.datapath.remove([id]);
  return true;
}

async function sendDelete(context: SaContext, id: number, reason: string): Promise<void> {
  const child = childOf(context, id);
  if (child === undefined) return;
  const spis = [espSpiOctets(child.spiIn)];
  const { protocol } = child.suite;
  await ask(context, EXCHANGE.INFORMATIONAL, [{ type: "D", critical: false, protocol, spis }]);
  await dropChild(context, id, reason);
}

function stopTimers(context: SaContext, id: number): void {
  for (const timer of ["rekeyChild", "expireChild", "linger"] as const) context.stopTimer(timer, id);
}

/** Why a Child SA goes that another one replaced: that is no news. */
export const REPLACED = "replaced";

/** Takes a Child SA out of the data path and forgets it, without a message. */
export async function dropChild(context: SaContext, id: number, reason: string): Promise<void> {
  const { sa } = context;
  const child = childOf(context, id);
  if (child === undefined || !isAuthenticated(sa)) return;
  stopTimers(context, id);
  useSuccessor(context, child);
  context.become(withoutChild(sa, id));
  await context.world.datapath.remove([id]);
  context.world.inboundSpis.release(child.spiIn);
  if (reason === REPLACED) return;
  context.emit({ kind: "child-down", reason });
  recreateChild(context);
}

/**
 * The peer deletes what it made in place of a Child SA that a request of ours is to replace, too (RFC 7296 §2.8.1): the
 * old one goes on until our request is answered.
 */
export async function dropRival(context: SaContext, child: ChildSa): Promise<void> {
  await dropChild(context, child.id, REPLACED);
  const old = child.rival && childOf(context, child.rival.of);
  if (old?.state === "rekeyed" && isAuthenticated(context.sa)) {
    const { replacedBy: _, ...rest } = old;
    context.become(withChild(context.sa, { ...rest, state: "rekeying" }));
    context.stopTimer("linger", old.id);
    armChild(context, old);
  }
  recreateChild(context);
}

/** Sends by the Child SA that replaced this one, and still takes what is under way for a moment. */
export function drain(context: SaContext, child: ChildSa): void {
  useSuccessor(context, child);
  stopTimers(context, child.id);
  context.setTimer("linger", context.world.clock.now() + DRAIN_MS, child.id);
}

function useSuccessor(context: SaContext, child: ChildSa): void {
  if (child.state !== "rekeyed" || childOf(context, child.replacedBy) === undefined) return;
  context.world.datapath.activate(child.replacedBy);
}

/**
 * Timer `linger`: a Child SA that was replaced and has drained, or an IKE SA (`sub` 0) whose peer replaced it and did
 * not delete it.
 */
export async function linger(context: SaContext, sub: number): Promise<void> {
  if (sub === 0) await context.close(REPLACED);
  else await dropChild(context, sub, REPLACED);
}
