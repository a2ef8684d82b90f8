/**
 * Rekeying the IKE SA, as initiator (RFC 7296 §1.3.2, §2.18), and deleting the old one (§2.8):
 *
 * ```
 *   SK {SA, Ni, KEi}  -->
 *                     <--  SK {SA, Nr, KEr}
 *   SK {D}            -->                     on the old IKE SA
 *                     <--  SK {}
 * ```
 */
import { fail, type IkeSpi, ikeSpi, ok, type Result } from "../../bytes/mod.ts";
import type { KeHandle } from "../../auth/requests.ts";
import type { IkeSuite } from "../../crypto/suite.ts";
import { acceptIke, keMethodsOf, type Proposal, proposalsToWire } from "../../proposal/mod.ts";
import { EXCHANGE, type NoncePayload, type Payload, type SaPayload } from "../../wire/mod.ts";
import type { IkeSa } from "../../sa/mod.ts";
import { ask } from "../ask.ts";
import { ikeSpiOctets, type SaContext } from "../context.ts";
import { deleteIke, deleteReplacedIke } from "../delete/mod.ts";
import { keysFailure } from "../keys_failure.ts";
import { endOfIke } from "../lifetimes.ts";
import { errorNotify } from "../notifies.ts";
import { payloadOf } from "../payloads.ts";
import type { Failure } from "../reasons.ts";
import { freshNonce, kePayload, methodAskedFor } from "./key_exchange.ts";
import { isTemporary, report, retryLater, retrySoon } from "./refusal.ts";
import { succeed } from "./successor.ts";

/** What became of one try; `broken`: the peer may have a successor that we cannot use. */
type Outcome = "replaced" | "temporary" | "refused" | "broken";

/** Replaces the IKE SA; a task. Tries again later where the peer refuses, until the old one expires. */
export async function replaceIke(context: SaContext): Promise<void> {
  const before = context.sa;
  if (before.state !== "established") return;
  context.become({ ...before, state: "rekeying" });
  const spi = context.world.reserveIkeSpi();
  const outcome = await negotiate(context, spi);
  if (outcome === "replaced") return await deleteReplacedIke(context);
  context.world.releaseIkeSpi(spi);
  const sa: IkeSa = context.sa;
  if (sa.state !== "rekeying") return;
  if (outcome === "broken") return await deleteIke(context, "bad-response");
  context.become({ ...sa, state: "established" });
  const next = outcome === "temporary"
    ? retrySoon(context, endOfIke(context))
    : retryLater(context, context.policy.ikeLifetimeMs);
  context.setTimer("rekeyIke", next);
}

async function negotiate(context: SaContext, spi: IkeSpi): Promise<Outcome> {
  const { world, policy, sa } = context;
  const methods = keMethodsOf(policy.ikeProposals);
  const present = sa.state === "rekeying" ? sa.suite.ke : undefined;
  let method = methods.find((one) => one === present) ?? methods[0];
  const nonce = freshNonce(world.random);
  const proposals = proposalsToWire(policy.ikeProposals, ikeSpiOctets(spi));
  const offer: SaPayload = { type: "SA", critical: false, proposals };
  for (let tries = 0; tries < 2 && method !== undefined; tries++) {
    const started = await world.keys.startKe(method);
    if (!started.ok) {
      context.failed(keysFailure(started.error));
      return "refused";
    }
    const { ke, publicValue } = started.value;
    const request = [offer, nonce, kePayload(method, publicValue)];
    const response = await ask(context, EXCHANGE.CREATE_CHILD_SA, request);
    const refusal = response && errorNotify(response);
    if (response !== undefined && refusal === undefined) {
      return await finish(context, { spi, method, ke, nonce }, response);
    }
    world.keys.release({ ke: [ke] });
    if (refusal === undefined) return "refused";
    const other = methodAskedFor(refusal, methods, method);
    if (other === undefined) {
      report(context, "refused-ike", refusal);
      return isTemporary(refusal) ? "temporary" : "refused";
    }
    method = other;
  }
  context.failed({ code: "ke-loop" });
  return "refused";
}

/** Our half of the exchange. */
interface Sent {
  readonly spi: IkeSpi;
  readonly method: number;
  readonly ke: KeHandle;
  readonly nonce: NoncePayload;
}

async function finish(context: SaContext, sent: Sent, response: readonly Payload[]): Promise<Outcome> {
  const { world, policy, sa } = context;
  const answer = read(policy.ikeProposals, sent.method, response);
  if (!answer.ok || sa.state !== "rekeying") {
    world.keys.release({ ke: [sent.ke] });
    if (!answer.ok) context.failed(answer.error);
    return "broken";
  }
  const { suite, spiR, nonceR, peerPublicValue } = answer.value;
  const keys = await world.keys.finishIke({
    half: { ke: sent.ke },
    suite,
    peerPublicValue,
    nonceI: sent.nonce.data,
    nonceR,
    spiI: sent.spi,
    spiR,
    rekeyOf: sa.handle,
  });
  if (!keys.ok) {
    context.failed(keysFailure(keys.error));
    return "broken";
  }
  succeed(context, sa, { role: "initiator", spiI: sent.spi, spiR, suite, keys: keys.value });
  return "replaced";
}

interface Answer {
  readonly suite: IkeSuite;
  readonly spiR: IkeSpi;
  readonly nonceR: Uint8Array;
  readonly peerPublicValue: Uint8Array;
}

/** The peer's half; it must have chosen out of what we sent. */
function read(
  proposals: readonly Proposal[],
  method: number,
  response: readonly Payload[],
): Result<Answer, Failure> {
  const offer = payloadOf(response, "SA");
  const nonce = payloadOf(response, "Nonce");
  const ke = payloadOf(response, "KE");
  if (offer === undefined || nonce === undefined || ke === undefined) {
    return fail({ code: "malformed", got: "a response without SA, nonce or KE" });
  }
  const chosen = acceptIke(proposals, offer.proposals, 8);
  if (!chosen.ok) return fail({ code: "bad-response", wanted: chosen.error.wanted, got: chosen.error.got });
  const { suite, peerSpi } = chosen.value;
  const spiR = ikeSpi(new DataView(peerSpi.buffer, peerSpi.byteOffset, 8).getBigUint64(0));
  if (suite.ke !== method || ke.group !== method || spiR === 0n) {
    return fail({ code: "bad-response", got: "another key exchange method, or SPI 0" });
  }
  return ok({ suite, spiR, nonceR: nonce.data, peerPublicValue: ke.data });
}
