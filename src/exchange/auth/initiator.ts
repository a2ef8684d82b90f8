/**
 * IKE_AUTH as initiator, with pre-shared keys (RFC 7296 §1.2, §2.15, §2.21.2):
 *
 * ```
 *   HDR, SK {IDi, [N(INITIAL_CONTACT),] [IDr,] AUTH, SAi2, TSi, TSr}  -->
 *                                              <--  HDR, SK {IDr, AUTH, SAr2, TSi, TSr}
 * ```
 */
import { fail, type Result } from "../../bytes/mod.ts";
import type { AuthenticateResult } from "../../auth/requests.ts";
import { sameAddress } from "../../ip/mod.ts";
import { formatIdentity, sameIdentity } from "../../policy/mod.ts";
import type { SelectorPair } from "../../selector/mod.ts";
import { type AuthSentSa, isAuthenticated, type PeerIdentity } from "../../sa/mod.ts";
import { EXCHANGE, idBody, type IdPayload, nameOf, NOTIFY, type Payload, PROTOCOL } from "../../wire/mod.ts";
import { ask } from "../ask.ts";
import {
  acceptAnswer,
  type AgreedChild,
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
import { keysFailure } from "../keys_failure.ts";
import { recreateChild } from "../lifetimes.ts";
import { errorNotify, notify } from "../notifies.ts";
import { payloadOf } from "../payloads.ts";
import type { Failure } from "../reasons.ts";
import { cut } from "../text.ts";
import { establish } from "./established.ts";
import { settleRivals } from "./rivals.ts";
import { presharedKey } from "./secret.ts";

/** Runs the exchange on an `auth-sent` SA: it is established afterwards, or closed. */
export async function initiateAuth(context: SaContext, sa: AuthSentSa, packet?: SelectorPair): Promise<void> {
  const { world, policy } = context;
  const stands = endsFailure(context);
  if (stands !== undefined) return await end(context, stands);
  const idi: IdPayload = {
    type: "IDi",
    critical: false,
    idType: policy.localId.type,
    data: policy.localId.data,
  };
  const { initRequest, nonceR } = sa.transcript;
  const signed = await world.keys.authenticate({
    sa: sa.handle,
    role: "initiator",
    sign: {
      secret: presharedKey(policy.auth),
      octets: { message: initRequest, nonce: nonceR, id: idBody(idi) },
    },
  });
  if (!signed.ok) return await end(context, keysFailure(signed.error));
  const offer = offerChild(context, { withKe: false, ...(packet && { packet }) });
  const installed = await exchange(context, sa, offer, idi, signed.value.auth!);
  if (!installed) world.inboundSpis.release(offer.spiIn);
}

/** Whether the offered Child SA is there. */
async function exchange(
  context: SaContext,
  sa: AuthSentSa,
  offer: ChildOffer,
  idi: IdPayload,
  auth: NonNullable<AuthenticateResult["auth"]>,
): Promise<boolean> {
  const { peerId } = context.policy;
  const payloads = await ask(context, EXCHANGE.IKE_AUTH, [
    idi,
    ...(isFirstContact(context) ? [notify(NOTIFY.INITIAL_CONTACT)] : []),
    ...(peerId === undefined
      ? []
      : [{ type: "IDr", critical: false, idType: peerId.type, data: peerId.data } as const]),
    { type: "AUTH", critical: false, method: auth.method, data: auth.data },
    ...ipcompNotify(offer.cpiIn),
    ...modeNotify(offer.mode),
    offerSa(offer),
    ...trafficSelectors(offer.lists),
  ]);
  if (payloads === undefined || context.sa.state !== "auth-sent") return false;

  const idr = payloadOf(payloads, "IDr");
  const authr = payloadOf(payloads, "AUTH");
  if (idr === undefined || authr === undefined) {
    await end(context, refusal(payloads));
    return false;
  }
  const identity: PeerIdentity = { type: idr.idType, data: idr.data.slice() };
  if (peerId !== undefined && !sameIdentity(peerId, identity)) {
    const wanted = formatIdentity(peerId);
    await refuse(context, { code: "wrong-id", wanted, got: cut(formatIdentity(identity)) });
    return false;
  }
  const agreed = acceptAnswer(offer, payloads, sa);
  const verified = await verify(context, sa, payloads, agreed);
  if (!verified.ok) {
    await refuse(context, verified.error);
    return false;
  }
  const keys = verified.value.child?.keys;
  const child = agreed.ok && keys !== undefined
    ? await installChild(context, agreed.value, keys, {
      initiated: true,
      outboundFrom: "now",
      peerId: identity,
    })
    : fail(agreed.ok ? { code: "keys" } as const : agreed.error);
  establish(context, identity, child.ok ? child.value : undefined);
  settleRivals(context, false);
  if (!child.ok) withoutChild(context, offer, child.error);
  return child.ok;
}

async function verify(
  context: SaContext,
  sa: AuthSentSa,
  payloads: readonly Payload[],
  agreed: Result<AgreedChild, Failure>,
): Promise<Result<AuthenticateResult, Failure>> {
  const { world, policy } = context;
  const { initResponse, nonceI, nonceR } = sa.transcript;
  const idr = payloadOf(payloads, "IDr")!;
  const auth = payloadOf(payloads, "AUTH")!;
  const result = await world.keys.authenticate({
    sa: sa.handle,
    role: "initiator",
    verify: {
      method: auth.method,
      data: auth.data.slice(),
      secret: presharedKey(policy.auth),
      octets: { message: initResponse, nonce: nonceI, id: idBody(idr) },
    },
    ...(agreed.ok && { child: { suite: agreed.value.chosen.suite, nonceI, nonceR } }),
  });
  return result.ok ? result : fail(keysFailure(result.error));
}

/** The peer is not told of other IKE SAs where there is none with it: it can drop what it has of us (§2.4). */
function isFirstContact(context: SaContext): boolean {
  const { address } = context.sa.path.remote;
  for (const other of context.world.contexts()) {
    if (other !== context && sameAddress(other.sa.path.remote.address, address)) return false;
  }
  return true;
}

/** Why the peer does not let us in. */
function refusal(payloads: readonly Payload[]): Failure {
  const error = errorNotify(payloads);
  if (error === undefined) return { code: "malformed", wanted: "IDr and AUTH", got: "neither" };
  const code = error.notifyType === NOTIFY.AUTHENTICATION_FAILED ? "refused-auth" : "refused-ike";
  return { code, wanted: "to be authenticated", got: nameOf(NOTIFY, error.notifyType) };
}

/** The responder takes the SA for established: it is told that we do not (RFC 7296 §2.21.2). */
async function refuse(context: SaContext, failure: Failure): Promise<void> {
  context.failed(failure);
  await context.request(EXCHANGE.INFORMATIONAL, [notify(NOTIFY.AUTHENTICATION_FAILED)]);
  await context.close(failure.code);
}

async function end(context: SaContext, failure: Failure): Promise<void> {
  context.failed(failure);
  await context.close(failure.code);
}

/** The IKE SA stays without its first Child SA; where the peer has made it, it is deleted there. */
function withoutChild(context: SaContext, offer: ChildOffer, failure: Failure): void {
  context.failed(failure);
  recreateChild(context, context.world.timing.retryPolicyMs);
  if (failure.code === "refused-child") return;
  const protocol = offer.proposals[0]?.protocol ?? PROTOCOL.ESP;
  const spis = [espSpiOctets(offer.spiIn)];
  context.start("delete refused child", async () => {
    if (isAuthenticated(context.sa)) {
      await ask(context, EXCHANGE.INFORMATIONAL, [{ type: "D", critical: false, protocol, spis }]);
    }
  });
}
