/** The responder's side of a Child SA: chooses a proposal, narrows the selectors (RFC 7296 §2.7, §2.9). */
import { fail, ok, type Result } from "../../bytes/mod.ts";
import { answerProposal, selectChild, withoutKe } from "../../proposal/mod.ts";
import { narrow, selectorsFromWire } from "../../selector/mod.ts";
import type { Policy } from "../../policy/types.ts";
import { type Payload, PROTOCOL, type SaPayload } from "../../wire/mod.ts";
import { espSpiOctets, type World } from "../context.ts";
import { payloadOf } from "../payloads.ts";
import type { Failure } from "../reasons.ts";
import { formatFlows, formatSelectors } from "../text.ts";
import { type AgreedChild, spiOfProposal } from "./agreed.ts";
import { chooseIpcomp, type PeerIpcomp } from "./compression.ts";
import { asksForTransport, type Ends, exchangeAddresses, hostFlows, notHosts } from "./transport.ts";

/** What a policy makes of a request's SA, TSi and TSr; nothing is reserved yet. */
export type ChildMatch = Omit<AgreedChild, "spiIn" | "ipcomp"> & { readonly ipcomp?: PeerIpcomp };

/** Judges SA, TSi and TSr of a request by a policy. `withKe`: in CREATE_CHILD_SA a key exchange may be part of it. */
export function matchChild(
  policy: Policy,
  payloads: readonly Payload[],
  ends: Ends,
  withKe: boolean,
): Result<ChildMatch, Failure> {
  const sa = payloadOf(payloads, "SA");
  const tsi = payloadOf(payloads, "TSi");
  const tsr = payloadOf(payloads, "TSr");
  if (sa === undefined || tsi === undefined || tsr === undefined) {
    return fail({ code: "malformed", wanted: "SA, TSi and TSr", got: "a request without one of them" });
  }
  const own = withKe ? policy.childProposals : withoutKe(policy.childProposals);
  const chosen = selectChild(own, sa.proposals);
  if (!chosen.ok) return fail({ code: "no-child-proposal", ...chosen.error });
  const spiOut = spiOfProposal(chosen.value.peerSpi);
  if (spiOut === undefined) {
    return fail({ code: "no-child-proposal", wanted: "an SPI above 255", got: "another" });
  }
  if (chosen.value.protocol === PROTOCOL.AH && ends.udpEncap) return fail({ code: "ah-nat" });
  const transport = policy.tunnelMode === "transport";
  if (transport && !asksForTransport(payloads)) {
    return fail({
      code: "mode-mismatch",
      wanted: "transport",
      got: "tunnel",
      fix: "write `tunnel` in the policy, or let the peer ask for transport mode",
    });
  }
  const flows = transport ? hostFlows(policy.flows, ends) : policy.flows;
  if (flows.length === 0) return fail(notHosts(policy.flows, ends));
  const lists = { tsi: selectorsFromWire(tsi.selectors), tsr: selectorsFromWire(tsr.selectors) };
  const offered = transport ? exchangeAddresses(lists, ends, false) : lists;
  const agreement = narrow(flows, offered);
  if (agreement === undefined) {
    return fail({
      code: "no-selectors",
      wanted: formatFlows(flows),
      got: formatSelectors(offered),
      fix: "make `from` and `to` of the two sides mirror each other",
    });
  }
  const { narrowed, ...agreed } = agreement;
  // Asked for transport mode with a policy for tunnel mode we decline by not repeating the notification (§1.3.1).
  const ipcomp = chooseIpcomp(policy, payloads, agreed, ends.path);
  return ok({
    chosen: chosen.value,
    spiOut,
    mode: policy.tunnelMode,
    ...(ipcomp && { ipcomp }),
    lists: agreed,
    narrowed,
  });
}

/** Takes an SPI for what was agreed on, and a CPI where it is compressed. */
export function reserveChild(world: World, { ipcomp, ...match }: ChildMatch): AgreedChild {
  const spiIn = world.inboundSpis.choose(world.random);
  const cpiIn = ipcomp && world.inboundSpis.chooseCpi(world.random, spiIn);
  return { ...match, spiIn, ...(ipcomp && cpiIn && { ipcomp: { ...ipcomp, cpiIn } }) };
}

/** The SA payload of the response. */
export function answerSa(agreed: AgreedChild): SaPayload {
  return {
    type: "SA",
    critical: false,
    proposals: [answerProposal(agreed.chosen, espSpiOctets(agreed.spiIn))],
  };
}
