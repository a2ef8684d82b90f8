/**
 * Liveness (RFC 7296 §2.4): a peer that sent nothing authentic, neither IKE nor ESP, for `dpdIntervalMs` is asked with
 * an empty INFORMATIONAL request. One that does not answer in spite of all retransmissions is dead.
 *
 * ```
 *   SK {}  -->
 *          <--  SK {}
 * ```
 */
import { EXCHANGE } from "../../wire/mod.ts";
import { isAuthenticated } from "../../sa/mod.ts";
import { ask } from "../ask.ts";
import type { SaContext } from "../context.ts";

/** Timer `liveness`. Sets itself again as long as the IKE SA is in use. */
export async function probe(context: SaContext): Promise<void> {
  const { sa, world } = context;
  const interval = world.globals.dpdIntervalMs;
  if (interval === 0 || (sa.state !== "established" && sa.state !== "rekeying")) return;
  await learnFromTraffic(context);
  const due = context.lastHeardMs + interval;
  const now = world.clock.now();
  if (due > now) return context.setTimer("liveness", due);
  context.setTimer("liveness", now + interval);
  // An exchange of our own that is under way finds out as well.
  if (!context.busy) context.start("liveness", sendProbe);
}

/** Asks the peer whether it is alive; a task. */
export async function sendProbe(context: SaContext): Promise<void> {
  await ask(context, EXCHANGE.INFORMATIONAL, []);
}

/** ESP that passed its checks is as good a proof as a message. */
async function learnFromTraffic(context: SaContext): Promise<void> {
  const { sa, world } = context;
  if (!isAuthenticated(sa) || sa.children.size === 0) return;
  for (const { lastInMs } of await world.datapath.usage([...sa.children.keys()])) {
    if (lastInMs !== undefined) context.heard(lastInMs);
  }
}
