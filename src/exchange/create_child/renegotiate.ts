/**
 * Child SAs that the configuration does not have any more as they are: the policy's present one is made first, then
 * they are deleted (RFC 7296 §1.3.1, §1.4.1); so there is a moment with both and none without.
 */
import { type ChildSa, isAuthenticated, withChild } from "../../sa/mod.ts";
import type { SaContext } from "../context.ts";
import { childOf, deleteChild } from "../delete/mod.ts";
import { createChild } from "./initiate_child.ts";

const CHANGED = "configuration changed";

/** Queues the making of the present Child SA and the end of these. */
export function renegotiateChildren(context: SaContext, ids: readonly number[]): void {
  for (const id of ids) {
    const child = childOf(context, id);
    if (child !== undefined && isAuthenticated(context.sa)) {
      context.become(withChild(context.sa, { ...child, outdated: true }));
    }
  }
  queueRenegotiation(context);
}

/** The same for Child SAs that are marked: their IKE SA was replaced before it came to that. */
export function queueRenegotiation(context: SaContext): void {
  context.start("renegotiate Child SAs", renegotiate);
}

async function renegotiate(context: SaContext): Promise<void> {
  if (outdated(context).length === 0) return;
  await createChild(context);
  // Where it was not made either, what does not fit the policy has to go all the same.
  for (const { id } of outdated(context)) await deleteChild(context, id, CHANGED);
}

function outdated({ sa }: SaContext): ChildSa[] {
  if (!isAuthenticated(sa)) return [];
  return [...sa.children.values()].filter((child) =>
    child.outdated && (child.state === "installed" || child.state === "rekeying")
  );
}
