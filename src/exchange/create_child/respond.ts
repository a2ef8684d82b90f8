/**
 * Answers CREATE_CHILD_SA requests (RFC 7296 §1.3): a rekey of the IKE SA, a rekey of a Child SA, an additional
 * Child SA. What collides with an exchange of our own is put off with TEMPORARY_FAILURE (§2.25), but for the rekey of a
 * Child SA that we are replacing, too (`collision.ts`).
 */
import { fail, ok, type Result } from "../../bytes/mod.ts";
import { NOTIFY, type NotifyPayload, parseRekeySa, PROTOCOL } from "../../wire/mod.ts";
import { childByOutboundSpi, type ChildSa, type EstablishedSa } from "../../sa/mod.ts";
import type { Opened, Reply, SaContext } from "../context.ts";
import { failureNotify, findNotify, notify } from "../notifies.ts";
import { payloadOf } from "../payloads.ts";
import type { Failure } from "../reasons.ts";
import { respondChild } from "./respond_child.ts";
import { respondIkeRekey } from "./respond_ike.ts";

/**
 * Child SAs of one IKE SA, old ones that drain included: bounds what an authenticated peer can make us hold. So that
 * all of them can be replaced at once, rekeys may make as many again.
 */
export const MAX_CHILDREN = 64;

/** IKE SAs of one peer that were replaced and wait for their DELETE. */
const MAX_REPLACED = 16;

const BUSY: Failure = { code: "temporary" };

/** Handler of CREATE_CHILD_SA requests. */
export async function respondCreateChild(context: SaContext, request: Opened): Promise<Reply> {
  const outcome = await respond(context, request);
  if (outcome.ok) return outcome.value;
  const failure = outcome.error;
  if (failure.code === "temporary") context.log("info", "Peer's CREATE_CHILD_SA collides with ours; put off");
  else context.failed(failure);
  const payloads = failureNotify(failure);
  // INVALID_SYNTAX ends the IKE SA on both sides (§2.21.3).
  const fatal = payloads.some((one) => one.notifyType === NOTIFY.INVALID_SYNTAX);
  return fatal ? { payloads, after: () => context.close(failure.code) } : { payloads };
}

async function respond(context: SaContext, request: Opened): Promise<Result<Reply, Failure>> {
  const { sa } = context;
  // RFC 7296 §2.25.2: while this IKE SA is replaced or closed nothing new is made on it.
  if (sa.state !== "established") return fail(BUSY);
  const offer = payloadOf(request.payloads, "SA");
  if (offer === undefined) return fail({ code: "malformed", got: "no SA payload" });
  if (offer.proposals[0]?.protocol === PROTOCOL.IKE) {
    // Child SAs that an exchange of ours changes could not be handed over (§2.25.2).
    return context.busy || hasNotDeleted(context, sa)
      ? fail(BUSY)
      : await respondIkeRekey(context, sa, request, offer);
  }
  const rekey = findNotify(request.payloads, NOTIFY.REKEY_SA);
  if (rekey === undefined) {
    const full = sa.children.size >= MAX_CHILDREN;
    return full ? fail({ code: "no-additional-sas" }) : await respondChild(context, request, undefined);
  }
  const child = named(sa, rekey);
  // The response to a request of ours, which makes it, may still be under way: then it is not gone but to come.
  if (child === undefined) return context.busy ? fail(BUSY) : ok({ payloads: notFound(context, rekey) });
  // It was replaced, or is being deleted (§2.25.1).
  if (child.state === "rekeyed" || child.state === "deleting") return fail(BUSY);
  if (sa.children.size >= 2 * MAX_CHILDREN) return fail({ code: "no-additional-sas" });
  return await respondChild(context, request, child);
}

/** Whether the peer replaces IKE SAs and leaves the old ones to us. */
function hasNotDeleted(context: SaContext, { peerId }: EstablishedSa): boolean {
  const replaced = [...context.world.withPeer(peerId)].filter(({ sa }) => sa.state === "rekeyed");
  return replaced.length >= MAX_REPLACED;
}

/** The Child SA of REKEY_SA: it names the SPI that the peer receives with (RFC 7296 §1.3.3). */
function named(sa: EstablishedSa, rekey: NotifyPayload): ChildSa | undefined {
  const named = parseRekeySa(rekey);
  if (!named.ok) return undefined;
  return childByOutboundSpi(sa.children.values(), named.value.protocol, named.value.spi);
}

/** CHILD_SA_NOT_FOUND says which (RFC 7296 §2.25). */
function notFound(context: SaContext, rekey: NotifyPayload): NotifyPayload[] {
  context.failed({ code: "child-not-found" });
  return [notify(NOTIFY.CHILD_SA_NOT_FOUND, new Uint8Array(0), rekey.protocol, rekey.spi)];
}
