/**
 * Rekeying the IKE SA, as responder (RFC 7296 §1.3.2, §2.18):
 *
 * ```
 *   SK {SA, Ni, KEi}  -->
 *                     <--  SK {SA, Nr, KEr}
 * ```
 */
import { fail, ikeSpi, ok, type Result } from "../../bytes/mod.ts";
import type { SaPayload } from "../../wire/mod.ts";
import { answerProposal, selectIke } from "../../proposal/mod.ts";
import type { EstablishedSa } from "../../sa/mod.ts";
import { ikeSpiOctets, type Opened, type Reply, type SaContext } from "../context.ts";
import { keysFailure } from "../keys_failure.ts";
import { payloadOf } from "../payloads.ts";
import type { Failure } from "../reasons.ts";
import { freshNonce, kePayload, methodOctets } from "./key_exchange.ts";
import { succeed } from "./successor.ts";

/** Answers the request and hands the Child SAs over; the peer deletes the old IKE SA. */
export async function respondIkeRekey(
  context: SaContext,
  sa: EstablishedSa,
  request: Opened,
  offer: SaPayload,
): Promise<Result<Reply, Failure>> {
  const { world, policy } = context;
  const nonceI = payloadOf(request.payloads, "Nonce");
  const keI = payloadOf(request.payloads, "KE");
  if (nonceI === undefined || keI === undefined) return fail({ code: "malformed", got: "no nonce or KE" });
  const chosen = selectIke(policy.ikeProposals, offer.proposals, 8);
  if (!chosen.ok) return fail({ code: "no-ike-proposal", ...chosen.error });
  const { suite, peerSpi } = chosen.value;
  if (keI.group !== suite.ke) return fail({ code: "wrong-ke-method", data: methodOctets(suite.ke) });
  const spiI = ikeSpi(new DataView(peerSpi.buffer, peerSpi.byteOffset, 8).getBigUint64(0));
  if (spiI === 0n) return fail({ code: "malformed", got: "SPI 0" });

  const nonceR = freshNonce(world.random);
  const spiR = world.reserveIkeSpi();
  const keys = await world.keys.finishIke({
    half: { fresh: suite.ke },
    suite,
    peerPublicValue: keI.data,
    nonceI: nonceI.data,
    nonceR: nonceR.data,
    spiI,
    spiR,
    rekeyOf: sa.handle,
  });
  if (!keys.ok || keys.value.publicValue === undefined) {
    world.releaseIkeSpi(spiR);
    if (keys.ok) world.keys.release({ sa: [keys.value.sa] });
    return fail(keys.ok ? { code: "keys" } : keysFailure(keys.error));
  }
  const proposal = answerProposal(chosen.value, ikeSpiOctets(spiR));
  const payloads = [
    { type: "SA", critical: false, proposals: [proposal] },
    nonceR,
    kePayload(suite.ke, keys.value.publicValue),
  ] as const;
  succeed(context, sa, { role: "responder", spiI, spiR, suite, keys: keys.value });
  return ok({ payloads });
}
