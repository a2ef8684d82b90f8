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
import { recreateChild } from "../lifetimes.ts";

/** How long a replaced Child SA still takes packets that were under way when its peer deleted it. */
const DRAIN_MS = 2_000;

/** The Child SA with this id, where the IKE SA has it. */
export function childOf(context: SaContext, id: number): ChildSa | undefined {
  const { sa } = context;
  return isAuthenticated(sa) ? sa.children.get(id) : undefined;
}

/**
 * Deletes a Child SA at the peer and here; a task. One that was replaced takes the peer's packets until the peer has
 * answered, so that none is lost; any other is out of the data path at once.
 */
export async function deleteChild(context: SaContext, id: number, reason: string): Promise<void> {
  const { sa } = context;
  const child = childOf(context, id);
  if (child === undefined || child.state === "deleting" || !isAuthenticated(sa)) return;
  const replaced = child.state === "rekeyed";
  context.stopTimer("rekeyChild", id);
  context.stopTimer("expireChild", id);
  context.stopTimer("linger", id);
  context.become(withChild(sa, { ...child, state: "deleting" }));
  if (!replaced) await context.world.datapath.remove([id]);
  const spis = [espSpiOctets(child.spiIn)];
  const { protocol } = child.suite;
  await ask(context, EXCHANGE.INFORMATIONAL, [{ type: "D", critical: false, protocol, spis }]);
  await dropChild(context, id, replaced ? undefined : reason);
}

/** Takes a Child SA out of the data path and forgets it, without a message. No `reason`: nobody is told. */
export async function dropChild(context: SaContext, id: number, reason: string | undefined): Promise<void> {
  const { sa } = context;
  const child = childOf(context, id);
  if (child === undefined || !isAuthenticated(sa)) return;
  context.stopTimer("rekeyChild", id);
  context.stopTimer("expireChild", id);
  context.stopTimer("linger", id);
  useSuccessor(context, child);
  context.become(withoutChild(sa, id));
  await context.world.datapath.remove([id]);
  context.world.inboundSpis.release(child.spiIn);
  if (reason === undefined) return;
  context.emit({ kind: "child-down", reason });
  recreateChild(context);
}

/** Sends by the Child SA that replaced this one, and still takes what is under way for a moment. */
export function drain(context: SaContext, child: ChildSa): void {
  useSuccessor(context, child);
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
  if (sub === 0) await context.close("replaced");
  else await dropChild(context, sub, undefined);
}
