/** The initiator's check of what a responder made of an offer (RFC 7296 §2.7, §2.9). */
import { fail, ok, type Result } from "../../bytes/mod.ts";
import { acceptChild } from "../../proposal/mod.ts";
import { checkNarrowed, selectorsFromWire } from "../../selector/mod.ts";
import { nameOf, NOTIFY, type Payload } from "../../wire/mod.ts";
import { errorNotify, findNotify } from "../notifies.ts";
import { payloadOf } from "../payloads.ts";
import type { Failure } from "../reasons.ts";
import { formatSelectors } from "../text.ts";
import { type AgreedChild, spiOfProposal } from "./agreed.ts";
import { acceptIpcomp } from "./compression.ts";
import type { ChildOffer } from "./offer.ts";
import { type Ends, exchangeAddresses } from "./transport.ts";

/**
 * Reads SA, TSi and TSr of a response against our offer. A failure means that there is no Child SA on our side:
 * `refused-child` where the peer has none either, anything else where it has one, which is to be deleted.
 */
export function acceptAnswer(
  offer: ChildOffer,
  payloads: readonly Payload[],
  ends: Ends,
): Result<AgreedChild, Failure> {
  const sa = payloadOf(payloads, "SA");
  const tsi = payloadOf(payloads, "TSi");
  const tsr = payloadOf(payloads, "TSr");
  const error = errorNotify(payloads);
  if (sa === undefined || tsi === undefined || tsr === undefined) {
    return fail(refusal(offer, error === undefined ? undefined : error.notifyType));
  }
  const chosen = acceptChild(offer.proposals, sa.proposals);
  if (!chosen.ok) {
    const { wanted, got } = chosen.error;
    return fail({ code: "bad-response", wanted, got });
  }
  const spiOut = spiOfProposal(chosen.value.peerSpi);
  if (spiOut === undefined) return fail({ code: "bad-response", wanted: "an SPI above 255", got: "another" });
  const mode = findNotify(payloads, NOTIFY.USE_TRANSPORT_MODE) === undefined ? "tunnel" : "transport";
  // A tunnel in place of transport mode may be refused (§1.3.1); transport mode that nobody asked for has to be.
  if (mode !== offer.mode) return fail({ code: "mode-mismatch", wanted: offer.mode, got: mode });
  const answered = { tsi: selectorsFromWire(tsi.selectors), tsr: selectorsFromWire(tsr.selectors) };
  const lists = mode === "transport" ? exchangeAddresses(answered, ends, true) : answered;
  const narrowed = checkNarrowed(offer.lists, lists);
  if (!narrowed.ok) {
    return fail({ code: "bad-response", wanted: formatSelectors(offer.lists), got: formatSelectors(lists) });
  }
  const ipcomp = acceptIpcomp(offer.cpiIn, payloads);
  if (!ipcomp.ok) return ipcomp;
  const { spiIn } = offer;
  return ok({
    chosen: chosen.value,
    spiIn,
    spiOut,
    mode,
    ...(ipcomp.value && { ipcomp: ipcomp.value }),
    lists: { tsi: narrowed.value.tsi, tsr: narrowed.value.tsr },
    narrowed: narrowed.value.narrowed,
  });
}

function refusal(offer: ChildOffer, notifyType: number | undefined): Failure {
  if (notifyType === undefined) {
    return { code: "refused-child", wanted: "a Child SA", got: "a response without one" };
  }
  const got = nameOf(NOTIFY, notifyType);
  if (notifyType === NOTIFY.TS_UNACCEPTABLE) {
    return {
      code: "refused-child",
      wanted: formatSelectors(offer.lists),
      got,
      fix: "make `from` and `to` of the two sides mirror each other",
    };
  }
  return { code: "refused-child", wanted: "a Child SA", got };
}
