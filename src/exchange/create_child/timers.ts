/** What happens when a lifetime nears its end, and when it ends (RFC 7296 §2.8); the data path's limits come here too. */
import { isAuthenticated, withChild } from "../../sa/mod.ts";
import { childOf, deleteIke, endChild } from "../delete/mod.ts";
import type { SaContext } from "../context.ts";
import { hasCarrier } from "../lifetimes.ts";
import { createChild, replaceChild } from "./initiate_child.ts";
import { replaceIke } from "./initiate_ike.ts";

/** Timer `rekeyIke`. */
export function rekeyIke(context: SaContext): void {
  context.start("rekey IKE SA", replaceIke);
}

/** Timer `expireIke`. */
export function expireIke(context: SaContext): void {
  context.start("expire IKE SA", (context) => deleteIke(context, "lifetime over"));
}

/** Timer `rekeyChild`, or a soft limit of the data path. */
export function rekeyChild(context: SaContext, id: number): void {
  const { sa } = context;
  const child = childOf(context, id);
  if (child === undefined || !isAuthenticated(sa)) return;
  context.become(withChild(sa, { ...child, nearEnd: true }));
  context.start(`rekey Child SA ${id}`, (context) => replaceChild(context, id));
}

/** Timer `expireChild`, or a hard limit of the data path. */
export async function expireChild(context: SaContext, id: number): Promise<void> {
  await endChild(context, id, "lifetime over");
}

/** Timer `createChild`: the policy is active and its IKE SA has lost its last Child SA. */
export function makeChildAgain(context: SaContext): void {
  context.start("create child", async (context) => {
    if (!hasCarrier(context)) await createChild(context);
  });
}
