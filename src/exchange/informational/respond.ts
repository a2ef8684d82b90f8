/**
 * Answers INFORMATIONAL requests (RFC 7296 §1.4, §1.5): none is left without an answer, and an empty one is the proof
 * that we are alive (§2.4).
 *
 * ```
 *   SK {[N+,] [D+,] …}  -->
 *                       <--  SK {[D+]}
 * ```
 */
import {
  type DeletePayload,
  nameOf,
  NOTIFY,
  type NotifyPayload,
  type Payload,
  PROTOCOL,
} from "../../wire/mod.ts";
import { childByOutboundSpi, type ChildSa, isAuthenticated, withChild } from "../../sa/mod.ts";
import { espSpiOctets, type Opened, type Reply, type SaContext } from "../context.ts";
import { childOf, drain, dropChild, dropRival } from "../delete/mod.ts";

/** Handler of INFORMATIONAL requests. */
export async function respondInformational(context: SaContext, request: Opened): Promise<Reply> {
  for (const payload of request.payloads) {
    if (payload.type === "D" && payload.protocol === PROTOCOL.IKE) {
      return { payloads: [], after: () => context.close("deleted by the peer") };
    }
    if (payload.type === "N" && payload.notifyType === NOTIFY.AUTHENTICATION_FAILED) {
      // The initiator could not authenticate us after all (RFC 7296 §2.21.2).
      context.failed({ code: "refused-auth" });
      return { payloads: [], after: () => context.close("refused-auth") };
    }
  }
  const answer: Payload[] = [];
  for (const payload of request.payloads) {
    if (payload.type === "N") noteNotify(context, payload);
    if (payload.type !== "D") continue;
    const spis = await deleteNamed(context, payload);
    if (spis.length > 0) answer.push({ type: "D", critical: false, protocol: payload.protocol, spis });
  }
  return { payloads: answer };
}

/** Takes away the Child SAs that a DELETE names; our SPIs of them. What does not exist is passed over (§1.4.1). */
async function deleteNamed(context: SaContext, payload: DeletePayload): Promise<Uint8Array[]> {
  const ours: Uint8Array[] = [];
  for (const octets of payload.spis) {
    const { sa } = context;
    if (!isAuthenticated(sa) || octets.length !== 4) continue;
    const spi = new DataView(octets.buffer, octets.byteOffset, 4).getUint32(0);
    const child = childByOutboundSpi(sa.children.values(), payload.protocol, spi);
    if (child === undefined) {
      remember(context, spi);
      continue;
    }
    // Our own DELETE of it is on its way: each names its half once (§1.4.1).
    if (child.state !== "deleting") ours.push(espSpiOctets(child.spiIn));
    await takeAway(context, child);
  }
  return ours;
}

/** SPIs of early DELETEs that are remembered: more than one peer can have in answer to one request of ours. */
const MAX_EARLY = 32;

/** A DELETE may overtake the response that makes its Child SA; without memory of it that one would stay for ever. */
function remember(context: SaContext, spi: number): void {
  const { sa } = context;
  if (!context.busy || !isAuthenticated(sa) || (sa.deletedEarly?.size ?? 0) >= MAX_EARLY) return;
  context.become({ ...sa, deletedEarly: new Set([...sa.deletedEarly ?? [], spi]) });
}

async function takeAway(context: SaContext, child: ChildSa): Promise<void> {
  if (child.state === "deleting") return;
  if (child.rival !== undefined) return await dropRival(context, child);
  const heir = child.state === "rekeyed" ? child.replacedBy : child.besides;
  if (heir === undefined || childOf(context, heir) === undefined || !isAuthenticated(context.sa)) {
    return await dropChild(context, child.id, "deleted by the peer");
  }
  // Packets of the peer may still be under way behind its DELETE.
  const replaced: ChildSa = { ...child, state: "rekeyed", replacedBy: heir };
  context.become(withChild(context.sa, replaced));
  drain(context, replaced);
}

function noteNotify(context: SaContext, payload: NotifyPayload): void {
  context.log("debug", `Notification in INFORMATIONAL: "${nameOf(NOTIFY, payload.notifyType)}"`);
}
