/**
 * Deleting an IKE SA (RFC 7296 §1.4.1):
 *
 * ```
 *   SK {D}  -->
 *           <--  SK {}
 * ```
 */
import { type DeletePayload, EXCHANGE, PROTOCOL } from "../../wire/mod.ts";
import { type ChildSa, isAuthenticated } from "../../sa/mod.ts";
import { ask } from "../ask.ts";
import { REPLACED } from "./child.ts";
import type { SaContext } from "../context.ts";

const DELETE_IKE: DeletePayload = { type: "D", critical: false, protocol: PROTOCOL.IKE, spis: [] };

/** Name of the task that ends an IKE SA. */
export const END_TASK = "delete IKE SA";

/**
 * Queues the end of an IKE SA; should it be replaced before, its successor ends. `superseded`: another IKE SA with the
 * peer does its duty, and nobody is told of a peer that does not answer.
 */
export function endIke(context: SaContext, reason: string, superseded = false): void {
  context.start(END_TASK, (context) => deleteIke(context, reason, superseded));
}

/**
 * Deletes the IKE SA at the peer and here; a task. Its Child SAs go at once: nothing is sent into a tunnel that we have
 * given up. A peer that does not answer loses it all the same.
 */
export async function deleteIke(context: SaContext, reason: string, superseded = false): Promise<void> {
  const { sa } = context;
  if (!isAuthenticated(sa) || sa.state === "deleting") return;
  const children = new Map<number, ChildSa>();
  for (const [id, child] of sa.children) children.set(id, { ...child, state: "deleting" });
  context.become({ ...sa, state: "deleting", reason, children });
  await context.world.datapath.remove([...sa.children.keys()]);
  await (superseded
    ? context.request(EXCHANGE.INFORMATIONAL, [DELETE_IKE])
    : ask(context, EXCHANGE.INFORMATIONAL, [DELETE_IKE]));
  await context.close(reason);
}

/**
 * Deletes an IKE SA that another one replaced, on which we began the rekey (RFC 7296 §2.8); a task. A peer that has
 * forgotten it already cannot answer any more, and that is no failure.
 */
export async function deleteReplacedIke(context: SaContext): Promise<void> {
  await context.request(EXCHANGE.INFORMATIONAL, [DELETE_IKE]);
  await context.close(REPLACED);
}
