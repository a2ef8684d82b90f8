/**
 * IKE_SA_INIT as responder (RFC 7296 §1.2, §2.6, §2.7, §2.23):
 *
 * ```
 *   HDR, SAi1, KEi, Ni, N(NAT_DETECTION_*_IP)  -->
 *                                              <--  HDR, SAr1, KEr, Nr, N(NAT_DETECTION_*_IP)
 * ```
 */
import { fail, ok, type Result } from "../../bytes/mod.ts";
import { answerProposal, type Chosen, offersIke, type Proposal, selectIke } from "../../proposal/mod.ts";
import type { IkeSuite } from "../../crypto/suite.ts";
import type { Policy, PolicyLookup } from "../../policy/mod.ts";
import {
  emitInvalidKe,
  emitMessage,
  EXCHANGE,
  KE,
  nameOf,
  type Payload,
  type SaPayload,
} from "../../wire/mod.ts";
import { type HalfOpenSa, Protection } from "../../sa/mod.ts";
import type { InitReply, SaContext, World } from "../context.ts";
import { keysFailure } from "../keys_failure.ts";
import { findNat, forcesNatt, natDetection } from "../natt.ts";
import { payloadOf } from "../payloads.ts";
import type { Failure } from "../reasons.ts";
import { vendorId } from "../vendor_id.ts";

/** Octets of our nonces: at least half the key of any prf, at least 16 (RFC 7296 §2.10). */
export const NONCE_LENGTH = 32;

/** What came of a request: a half-open IKE SA with its policy and the response to send. */
export interface InitAnswer {
  readonly sa: HalfOpenSa;
  readonly policy: Policy;
  readonly response: Uint8Array;
}

/** A failure, and the policy that it concerns. */
export interface InitFailure {
  readonly failure: Failure;
  readonly policy?: string;
}

interface Choice {
  readonly policy: Policy;
  readonly chosen: Chosen<IkeSuite>;
}

/** Makes the half-open IKE SA for a request that obeys the rules of the exchange, and the response to it. */
export async function answerInit(
  world: World,
  request: InitReply,
): Promise<Result<InitAnswer, InitFailure>> {
  const { message, octets, path } = request;
  const { payloads, header } = message;
  const sai = payloadOf(payloads, "SA")!;
  const kei = payloadOf(payloads, "KE")!;
  const ni = payloadOf(payloads, "Nonce")!;

  const choice = choose(world.lookup, request, sai);
  if (!choice.ok) return choice;
  const { policy, chosen } = choice.value;
  const { suite } = chosen;
  if (kei.group !== suite.ke) return fail({ policy: policy.name, failure: wrongGroup(kei.group, suite.ke) });

  const spiI = header.spiI;
  const spiR = world.reserveIkeSpi();
  const nonceI = ni.data.slice();
  const nonceR = world.random(NONCE_LENGTH).slice();
  const finished = await world.keys.finishIke({
    half: { fresh: suite.ke },
    suite,
    peerPublicValue: kei.data.slice(),
    nonceI,
    nonceR,
    spiI,
    spiR,
  });
  if (!finished.ok) {
    world.releaseIkeSpi(spiR);
    return fail({ policy: policy.name, failure: keysFailure(finished.error) });
  }
  const { sa: handle, sk, publicValue } = finished.value;

  const nat = findNat(payloads, { spiI, spiR: header.spiR }, path);
  const behind = world.globals.natt === "off" ? undefined : nat;
  const answer: Payload[] = [
    { type: "SA", critical: false, proposals: [answerProposal(chosen, new Uint8Array(0))] },
    { type: "KE", critical: false, group: suite.ke, data: publicValue ?? new Uint8Array(0) },
    { type: "Nonce", critical: false, data: nonceR },
    ...(nat === undefined ? [] : natDetection(world, policy, { spiI, spiR }, path)),
    ...vendorId(world),
  ];
  const flags = { initiator: false, response: true, higherVersion: false };
  const response = emitMessage({ spiI, spiR, exchange: EXCHANGE.IKE_SA_INIT, flags, messageId: 0 }, answer);
  const sa: HalfOpenSa = {
    state: "half-open",
    id: world.nextIkeId(),
    role: "responder",
    policy: policy.name,
    spiI,
    spiR,
    path,
    nat: behind ?? { local: false, remote: false },
    udpEncap: behind !== undefined && (behind.local || behind.remote || forcesNatt(world.globals, policy)),
    createdAtMs: world.clock.now(),
    suite,
    handle,
    protection: new Protection(world.crypto, world.random, suite, sk, "responder"),
    transcript: { nonceI, nonceR, initRequest: octets.slice(), initResponse: response },
  };
  return ok({ sa, policy, response });
}

/** The policy by addresses and proposals; identities and selectors come with IKE_AUTH. */
function choose(lookup: PolicyLookup, request: InitReply, sai: SaPayload): Result<Choice, InitFailure> {
  const { local, remote } = request.path;
  const addresses = { local: local.address, peer: remote.address };
  const acceptsIke = (own: readonly Proposal[]) => offersIke(own, sai.proposals, 0);
  const policy = lookup.incoming({ ...addresses, acceptsIke });
  const nearest = policy ?? lookup.incoming(addresses);
  if (nearest === undefined) {
    return fail({ failure: { code: "no-policy", wanted: "a policy for this address", got: "none" } });
  }
  const chosen = selectIke(nearest.ikeProposals, sai.proposals, 0);
  if (chosen.ok) return ok({ policy: nearest, chosen: chosen.value });
  return fail({ policy: nearest.name, failure: { code: "no-ike-proposal", ...chosen.error } });
}

/** INVALID_KE_PAYLOAD names the method to use (RFC 7296 §1.2). */
function wrongGroup(got: number, wanted: number): Failure {
  const { data } = emitInvalidKe(wanted);
  return { code: "wrong-ke-method", wanted: nameOf(KE, wanted), got: nameOf(KE, got), data };
}

/** Timer `negotiation`: the initiator did not go on with IKE_AUTH. */
export async function giveUpHalfOpen(context: SaContext): Promise<void> {
  context.failed({ code: "half-open-timeout", wanted: "IKE_AUTH", got: "none" });
  await context.close("half-open-timeout");
}
