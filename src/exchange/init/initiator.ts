/**
 * IKE_SA_INIT as initiator (RFC 7296 §1.2, §2.6, §2.7, §2.21.1, §2.23):
 *
 * ```
 *   HDR, [N(COOKIE),] SAi1, KEi, Ni, N(NAT_DETECTION_*_IP)  -->
 *                       <--  HDR, SAr1, KEr, Nr, N(NAT_DETECTION_*_IP)
 *                         or HDR, N(COOKIE)                    again, with the cookie in front
 *                         or HDR, N(INVALID_KE_PAYLOAD)        again, with the method that it names
 * ```
 */
import { fail, ok, type Result, wipe } from "../../bytes/mod.ts";
import type { KeHandle } from "../../auth/requests.ts";
import { acceptIke, formatProposal, keMethodsOf, proposalsToWire } from "../../proposal/mod.ts";
import {
  checkMessage,
  emitMessage,
  EXCHANGE,
  firstUnsupportedCritical,
  KE,
  nameOf,
  NOTIFY,
  type NotifyPayload,
  parseInvalidKe,
  type Payload,
} from "../../wire/mod.ts";
import { type AuthSentSa, type InitSentSa, Protection } from "../../sa/mod.ts";
import type { Policy } from "../../policy/types.ts";
import type { InitReply, SaContext } from "../context.ts";
import { keysFailure } from "../keys_failure.ts";
import { findNat, floated, forcesNatt, natDetection } from "../natt.ts";
import { errorNotify, findNotify, notify } from "../notifies.ts";
import { payloadOf } from "../payloads.ts";
import type { Failure } from "../reasons.ts";
import { cut } from "../text.ts";
import { vendorId } from "../vendor_id.ts";
import { NONCE_LENGTH } from "./responder.ts";

/** Requests that one start may take: a cookie, another group, each perhaps once more. */
const MAX_ROUNDS = 6;

/** One start: what the next request is made of. */
interface Attempt {
  method: number;
  readonly nonceI: Uint8Array;
  cookie: Uint8Array | undefined;
  half: { readonly ke: KeHandle; readonly publicValue: Uint8Array } | undefined;
  /** Methods that the peer refused. */
  readonly refused: Set<number>;
}

/** Runs the exchange; on success the SA is `auth-sent` and IKE_AUTH may follow. The caller closes it on a failure. */
export async function initiateInit(context: SaContext): Promise<Result<AuthSentSa, Failure | undefined>> {
  const { world, policy } = context;
  const [method] = keMethodsOf(policy.ikeProposals);
  if (method === undefined) return fail({ code: "keys", wanted: "a key exchange method", got: "none" });
  const nonceI = world.random(NONCE_LENGTH).slice();
  const attempt: Attempt = { method, nonceI, cookie: undefined, half: undefined, refused: new Set() };
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const outcome = await oneRound(context, attempt);
      if (outcome !== "again") return outcome;
    }
    const code = attempt.refused.size > 1 ? "ke-loop" : "cookie-loop";
    return fail({ code, wanted: "an answer", got: `${MAX_ROUNDS} times none` });
  } finally {
    // `finishIke` took the private value over where it succeeded; in every other end it may still be there.
    if (attempt.half !== undefined) world.keys.release({ ke: [attempt.half.ke] });
  }
}

type Outcome = Result<AuthSentSa, Failure | undefined> | "again";

async function oneRound(context: SaContext, attempt: Attempt): Promise<Outcome> {
  const { sa, world } = context;
  if (sa.state !== "init-sent") return fail(undefined);
  if (attempt.half === undefined) {
    const started = await world.keys.startKe(attempt.method);
    if (!started.ok) return fail(keysFailure(started.error));
    attempt.half = started.value;
  }
  const request = emitRequest(context, sa, attempt, attempt.half.publicValue);
  let refused = false;
  const answered = await context.requestInit(request, (reply) => {
    const verdict = judge(reply, sa, attempt, context.policy);
    if (verdict !== true && !refused) {
      refused = true;
      context.failed({ code: "refused-ike", wanted: wantedIke(context.policy), got: verdict });
    }
    return verdict === true;
  });
  if (!answered.ok) {
    if (answered.error.code === "closed" || refused) return fail(undefined);
    return fail({ code: "timeout", wanted: "an answer to IKE_SA_INIT", got: "none" });
  }
  const { payloads } = answered.value.message;
  if (payloadOf(payloads, "SA") !== undefined) {
    return await finish(context, sa, attempt, request, answered.value);
  }
  return putOff(context, attempt, payloads);
}

function emitRequest(
  context: SaContext,
  sa: InitSentSa,
  attempt: Attempt,
  publicValue: Uint8Array,
): Uint8Array {
  const { world, policy } = context;
  const { spiI, spiR } = sa;
  const cookie = attempt.cookie;
  const payloads: Payload[] = [
    ...(cookie === undefined ? [] : [notify(NOTIFY.COOKIE, cookie)]),
    { type: "SA", critical: false, proposals: proposalsToWire(policy.ikeProposals, new Uint8Array(0)) },
    { type: "KE", critical: false, group: attempt.method, data: publicValue },
    { type: "Nonce", critical: false, data: attempt.nonceI },
    ...natDetection(world, policy, sa, sa.path),
    ...vendorId(world),
  ];
  const flags = { initiator: true, response: false, higherVersion: false };
  return emitMessage({ spiI, spiR, exchange: EXCHANGE.IKE_SA_INIT, flags, messageId: 0 }, payloads);
}

/**
 * Whether a response ends the waiting. Nothing in it is authentic, so one that only says no does not: a better one may
 * come until the retransmissions are over (RFC 7296 §2.21.1). What it said is returned for the log.
 */
function judge({ message }: InitReply, sa: InitSentSa, attempt: Attempt, policy: Policy): true | string {
  const { payloads, header } = message;
  if (header.spiI !== sa.spiI) return "a response for another SA";
  if (firstUnsupportedCritical(payloads) !== undefined) return "an unknown critical payload";
  const rules = checkMessage(EXCHANGE.IKE_SA_INIT, "response", payloads, false);
  if (!rules.ok) return rules.error.message;
  if (payloadOf(payloads, "SA") !== undefined) return header.spiR !== 0n ? true : "no SPI";
  const cookie = findNotify(payloads, NOTIFY.COOKIE);
  if (cookie !== undefined) {
    return cookie.data.length >= 1 && cookie.data.length <= 64 ? true : "a bad cookie";
  }
  const otherMethod = findNotify(payloads, NOTIFY.INVALID_KE_PAYLOAD);
  if (otherMethod !== undefined) {
    const method = methodOf(otherMethod);
    if (method === attempt.method || attempt.refused.has(method)) return "the same INVALID_KE_PAYLOAD again";
    return keMethodsOf(policy.ikeProposals).includes(method) || `INVALID_KE_PAYLOAD, ${nameOf(KE, method)}`;
  }
  const error = errorNotify(payloads);
  return error === undefined ? "nothing usable" : nameOf(NOTIFY, error.notifyType);
}

/** The peer wants a cookie back, or another method. */
function putOff(context: SaContext, attempt: Attempt, payloads: readonly Payload[]): Outcome {
  const cookie = findNotify(payloads, NOTIFY.COOKIE);
  if (cookie !== undefined) {
    attempt.cookie = cookie.data.slice();
    return "again";
  }
  const method = methodOf(findNotify(payloads, NOTIFY.INVALID_KE_PAYLOAD)!);
  attempt.refused.add(attempt.method);
  attempt.method = method;
  if (attempt.half !== undefined) context.world.keys.release({ ke: [attempt.half.ke] });
  attempt.half = undefined;
  return "again";
}

/** The method that INVALID_KE_PAYLOAD names; 0 where it names none. */
function methodOf(refusal: NotifyPayload): number {
  const method = parseInvalidKe(refusal);
  return method.ok ? method.value : 0;
}

function wantedIke(policy: Policy): string {
  return cut(policy.ikeProposals.map(formatProposal).join(" | "));
}

async function finish(
  context: SaContext,
  sa: InitSentSa,
  attempt: Attempt,
  request: Uint8Array,
  reply: InitReply,
): Promise<Outcome> {
  const { world, policy } = context;
  const { payloads, header } = reply.message;
  const chosen = acceptIke(policy.ikeProposals, payloadOf(payloads, "SA")!.proposals, 0);
  if (!chosen.ok) return fail({ code: "bad-response", wanted: chosen.error.wanted, got: chosen.error.got });
  const { suite } = chosen.value;
  const ker = payloadOf(payloads, "KE")!;
  if (ker.group !== attempt.method || suite.ke !== attempt.method) {
    return fail({ code: "bad-response", wanted: nameOf(KE, attempt.method), got: nameOf(KE, ker.group) });
  }
  const { spiI } = sa;
  const { spiR } = header;
  const { nonceI } = attempt;
  const nonceR = payloadOf(payloads, "Nonce")!.data.slice();
  const half = { ke: attempt.half!.ke };
  const finished = await world.keys.finishIke({
    half,
    suite,
    peerPublicValue: ker.data.slice(),
    nonceI,
    nonceR,
    spiI,
    spiR,
  });
  if (!finished.ok) return fail(keysFailure(finished.error));
  attempt.half = undefined;
  const { sa: handle, sk } = finished.value;
  if (context.sa.state !== "init-sent") {
    wipe(sk.ei, sk.er, sk.ai, sk.ar);
    world.keys.release({ sa: [handle] });
    return fail(undefined);
  }
  return ok(keyed(context, sa, reply, {
    suite,
    handle,
    protection: new Protection(world.crypto, world.random, suite, sk, "initiator"),
    transcript: { nonceI, nonceR, initRequest: request, initResponse: reply.octets.slice() },
  }));
}

type KeyedPart = Pick<AuthSentSa, "suite" | "handle" | "protection" | "transcript">;

function keyed(context: SaContext, sa: InitSentSa, reply: InitReply, part: KeyedPart): AuthSentSa {
  const { world, policy } = context;
  const { spiR } = reply.message.header;
  const spis = { spiI: sa.spiI, spiR };
  const path = { ...sa.path, local: reply.path.local };
  const off = world.globals.natt === "off";
  const nat = off ? undefined : findNat(reply.message.payloads, spis, path);
  const udpEncap = nat !== undefined && (nat.local || nat.remote || forcesNatt(world.globals, policy));
  const next: AuthSentSa = {
    ...sa,
    ...part,
    state: "auth-sent",
    spiR,
    nat: nat ?? { local: false, remote: false },
    udpEncap,
    path: udpEncap ? floated(path, world.ports) : path,
  };
  context.become(next);
  return next;
}
