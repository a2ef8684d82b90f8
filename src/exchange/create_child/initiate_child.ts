/**
 * A new Child SA as initiator, additional or in place of another one (RFC 7296 §1.3.1, §1.3.3), which is deleted once
 * the new one carries traffic (§2.8):
 *
 * ```
 *   SK {[N(REKEY_SA),] SA, Ni, [KEi,] TSi, TSr}  -->
 *                                                <--  SK {SA, Nr, [KEr,] TSi, TSr}
 *   SK {D}                                       -->
 *                                                <--  SK {D}
 * ```
 */
import { fail } from "../../bytes/mod.ts";
import type { KeHandle } from "../../auth/requests.ts";
import { keMethodsOf } from "../../proposal/mod.ts";
import type { SelectorPair } from "../../selector/mod.ts";
import {
  emitRekeySa,
  EXCHANGE,
  type NoncePayload,
  NOTIFY,
  type NotifyPayload,
  type Payload,
} from "../../wire/mod.ts";
import { type ChildSa, isAuthenticated, withChild } from "../../sa/mod.ts";
import { ask } from "../ask.ts";
import {
  acceptAnswer,
  type ChildOffer,
  endsFailure,
  installChild,
  ipcompNotify,
  modeNotify,
  offerChild,
  offerSa,
  trafficSelectors,
} from "../child/mod.ts";
import { espSpiOctets, type SaContext } from "../context.ts";
import { childOf, deleteChild, deleteIke, dropChild, REPLACED } from "../delete/mod.ts";
import { keysFailure } from "../keys_failure.ts";
import { endOfChild, hasCarrier, recreateChild } from "../lifetimes.ts";
import { errorNotify } from "../notifies.ts";
import { payloadOf } from "../payloads.ts";
import type { Failure } from "../reasons.ts";
import { addChild, deriveKeys } from "./add_child.ts";
import { isRedundant, keepRival, rivalOf } from "./collision.ts";
import { freshNonce, kePayload, methodAskedFor } from "./key_exchange.ts";
import { isTemporary, report, retryLater, retrySoon } from "./refusal.ts";

/**
 * What became of one try. `redundant`: the peer has made another one, too, which stays. `gone`: the peer does not know the
 * Child SA that is to be replaced.
 */
type Outcome = "made" | "redundant" | "temporary" | "refused" | "gone";

/** Makes another Child SA by the policy of the IKE SA; a task. `packet`: the one that asks for it (RFC 7296 §2.9). */
export async function createChild(context: SaContext, packet?: SelectorPair): Promise<void> {
  if (context.sa.state !== "established") return;
  const stands = endsFailure(context);
  if (stands !== undefined) {
    context.failed(stands);
    return recreateChild(context, context.world.timing.retryPolicyMs);
  }
  const offer = offerChild(context, { withKe: true, ...(packet && { packet }) });
  const outcome = await negotiate(context, offer, undefined);
  if (outcome === "temporary") recreateChild(context);
  else if (outcome === "refused") recreateChild(context, context.world.timing.retryPolicyMs);
}

/** Replaces a Child SA; a task. Tries again later where the peer refuses, until the old one expires. */
export async function replaceChild(context: SaContext, id: number): Promise<void> {
  const { sa } = context;
  const child = childOf(context, id);
  if (sa.state !== "established" || child?.state !== "installed") return;
  context.become(withChild(sa, { ...child, state: "rekeying" }));
  const lists = { tsi: child.localSelectors, tsr: child.remoteSelectors };
  const outcome = await negotiate(context, offerChild(context, { withKe: true, lists }), child);
  if (outcome === "made") return await deleteChild(context, id, REPLACED);
  const rival = rivalOf(context, id);
  // Who made it deletes the old one.
  if (rival !== undefined) return keepRival(context, rival);
  const old = childOf(context, id);
  if (old?.state !== "rekeying" || !isAuthenticated(context.sa)) return;
  if (outcome === "gone") {
    // RFC 7296 §2.25: what the peer does not have is of no use; a new one is made from scratch.
    await dropChild(context, id, "unknown to the peer");
    return hasCarrier(context) ? undefined : context.start("create child", createChild);
  }
  context.become(withChild(context.sa, { ...old, state: "installed" }));
  const next = outcome === "temporary"
    ? retrySoon(context, endOfChild(context, old))
    : retryLater(context, context.policy.childLifetime.ms);
  context.setTimer("rekeyChild", next, id);
}

/** Our half of the exchange. */
interface Sent {
  readonly offer: ChildOffer;
  readonly nonce: NoncePayload;
  readonly half: { readonly ke: KeHandle; readonly method: number } | undefined;
}

async function negotiate(
  context: SaContext,
  offer: ChildOffer,
  replaces: ChildSa | undefined,
): Promise<Outcome> {
  const { world } = context;
  if (isAuthenticated(context.sa)) context.become({ ...context.sa, deletedEarly: new Set() });
  const methods = keMethodsOf(offer.proposals);
  const nonce = freshNonce(world.random);
  let method = methods.find((one) => one === replaces?.suite.ke) ?? methods[0];
  for (let tries = 0; tries < 2; tries++) {
    const started = method === undefined ? undefined : await world.keys.startKe(method);
    if (started?.ok === false) {
      context.failed(keysFailure(started.error));
      break;
    }
    const half = started && method !== undefined ? { ke: started.value.ke, method } : undefined;
    const ke = started && method !== undefined ? [kePayload(method, started.value.publicValue)] : [];
    const request = requestOf(offer, nonce, ke, replaces);
    const response = await ask(context, EXCHANGE.CREATE_CHILD_SA, request);
    if (response !== undefined && payloadOf(response, "SA") !== undefined) {
      return await finish(context, { offer, nonce, half }, response, replaces);
    }
    if (half !== undefined) world.keys.release({ ke: [half.ke] });
    const refusal = response && errorNotify(response);
    if (refusal === undefined) break;
    const other = methodAskedFor(refusal, methods, method);
    if (other === undefined) {
      world.inboundSpis.release(offer.spiIn);
      return judge(context, refusal, replaces);
    }
    method = other;
  }
  world.inboundSpis.release(offer.spiIn);
  return "refused";
}

function requestOf(
  offer: ChildOffer,
  nonce: NoncePayload,
  ke: readonly Payload[],
  replaces: ChildSa | undefined,
): Payload[] {
  const rekey = replaces === undefined
    ? []
    : [emitRekeySa({ protocol: replaces.suite.protocol, spi: replaces.spiIn })];
  return [
    ...rekey,
    ...ipcompNotify(offer.cpiIn),
    ...modeNotify(offer.mode),
    offerSa(offer),
    nonce,
    ...ke,
    ...trafficSelectors(offer.lists),
  ];
}

function judge(context: SaContext, refusal: NotifyPayload, replaces: ChildSa | undefined): Outcome {
  report(context, "refused-child", refusal);
  if (isTemporary(refusal)) return "temporary";
  const gone = replaces !== undefined && refusal.notifyType === NOTIFY.CHILD_SA_NOT_FOUND;
  return gone ? "gone" : "refused";
}

/** The peer has the new Child SA; where we cannot have it too, it is deleted there. */
async function finish(
  context: SaContext,
  sent: Sent,
  response: readonly Payload[],
  replaces: ChildSa | undefined,
): Promise<Outcome> {
  const { offer, half } = sent;
  const made = await take(context, sent, response, replaces);
  if (made === "made" || made === "redundant") return made;
  if (half !== undefined) context.world.keys.release({ ke: [half.ke] });
  context.world.inboundSpis.release(offer.spiIn);
  if (made === "deleted") {
    context.log("info", "Peer deleted the new Child SA before its response came");
    return "temporary";
  }
  context.failed(made.error);
  // Such a value is no accident: the IKE SA ends with it (RFC 6989 §2.5).
  if (made.error.code === "bad-public-value") {
    await deleteIke(context, made.error.code);
    return "refused";
  }
  const protocol = offer.proposals[0]?.protocol ?? 3;
  const spis = [espSpiOctets(offer.spiIn)];
  await ask(context, EXCHANGE.INFORMATIONAL, [{ type: "D", critical: false, protocol, spis }]);
  return "refused";
}

async function take(
  context: SaContext,
  { offer, nonce, half }: Sent,
  response: readonly Payload[],
  replaces: ChildSa | undefined,
): Promise<"made" | "redundant" | "deleted" | { readonly ok: false; readonly error: Failure }> {
  const { sa } = context;
  const accepted = acceptAnswer(offer, response, sa);
  if (!accepted.ok) return accepted;
  const agreed = accepted.value;
  if (isAuthenticated(sa) && sa.deletedEarly?.has(agreed.spiOut)) return "deleted";
  const method = agreed.chosen.suite.ke;
  const keR = payloadOf(response, "KE");
  const nonceR = payloadOf(response, "Nonce");
  if (nonceR === undefined) return fail({ code: "malformed", got: "a response without nonce" });
  if (method !== undefined && (method !== half?.method || keR?.group !== method)) {
    return fail({ code: "bad-response", wanted: "the key exchange method sent", got: "another" });
  }
  const pfs = method !== undefined && half && keR
    ? { pfs: { half: { ke: half.ke }, peerPublicValue: keR.data } }
    : {};
  if (method === undefined && half !== undefined) context.world.keys.release({ ke: [half.ke] });
  const derived = await deriveKeys(context, agreed, { nonceI: nonce.data, nonceR: nonceR.data, ...pfs });
  if (!derived.ok) return derived;
  const rival = replaces && rivalOf(context, replaces.id);
  const redundant = isRedundant(rival, nonce.data, nonceR.data);
  // The peer's would take our packets when it is used; now it has done so before ours, which the packets take then.
  if (rival !== undefined && !redundant) context.world.datapath.activate(rival.id);
  const options = { initiated: true, outboundFrom: redundant ? "never" : "now" } as const;
  const installed = await installChild(context, agreed, derived.value.keys, options);
  if (!installed.ok) return installed;
  await addChild(context, redundant ? { ...installed.value, state: "deleting" } : installed.value, replaces);
  return redundant ? "redundant" : "made";
}
