/** The initiator's side of a Child SA: what goes into SA, TSi and TSr (RFC 7296 §1.2, §1.3.1, §2.9). */
import type { EspSpi } from "../../bytes/mod.ts";
import { type Proposal, proposalsToWire, withoutKe } from "../../proposal/mod.ts";
import {
  proposeSelectors,
  type SelectorLists,
  type SelectorPair,
  selectorToWire,
} from "../../selector/mod.ts";
import { NOTIFY, type NotifyPayload, type SaPayload, type TsPayload } from "../../wire/mod.ts";
import { espSpiOctets, type SaContext } from "../context.ts";
import { notify } from "../notifies.ts";
import { offerIpcomp } from "./compression.ts";
import { hostFlows } from "./transport.ts";

/** What we propose. */
export interface ChildOffer {
  /** In the order of their numbers. */
  readonly proposals: readonly Proposal[];
  readonly lists: SelectorLists;
  readonly mode: "tunnel" | "transport";
  /** The CPI with which we offer to compress; released with `spiIn`. */
  readonly cpiIn?: number;
  /** Released with `world.inboundSpis.release` unless it gets installed. */
  readonly spiIn: EspSpi;
}

/** What an offer is about. */
export interface OfferOptions {
  /** Within IKE_AUTH there is no key exchange for the Child SA (RFC 7296 §1.2). */
  readonly withKe: boolean;
  /** The pair of the packet that asks for the SA: goes first (RFC 7296 §2.9). */
  readonly packet?: SelectorPair;
  /** A rekey proposes what the replaced SA has (RFC 7296 §2.9.2). */
  readonly lists?: SelectorLists;
}

/** Our offer by the policy of the IKE SA, which `endsFailure` has nothing against; it takes an SPI. */
export function offerChild(context: SaContext, options: OfferOptions): ChildOffer {
  const { policy, world } = context;
  const spiIn = world.inboundSpis.choose(world.random);
  const lists = options.lists ?? selectorsToOffer(context, options.packet);
  const cpiIn = offerIpcomp(context, spiIn, lists);
  return {
    proposals: options.withKe ? policy.childProposals : withoutKe(policy.childProposals),
    lists,
    mode: policy.tunnelMode,
    spiIn,
    ...(cpiIn === undefined ? {} : { cpiIn }),
  };
}

function selectorsToOffer({ policy, sa }: SaContext, packet: SelectorPair | undefined): SelectorLists {
  if (policy.tunnelMode === "tunnel") return proposeSelectors(policy.flows, packet);
  return proposeSelectors(hostFlows(policy.flows, sa), packet && hostFlows([packet], sa)[0]);
}

/** The SA payload of an offer. */
export function offerSa(offer: ChildOffer): SaPayload {
  return {
    type: "SA",
    critical: false,
    proposals: proposalsToWire(offer.proposals, espSpiOctets(offer.spiIn)),
  };
}

/** TSi and TSr. */
export function trafficSelectors(lists: SelectorLists): readonly TsPayload[] {
  return [
    { type: "TSi", critical: false, selectors: lists.tsi.map(selectorToWire) },
    { type: "TSr", critical: false, selectors: lists.tsr.map(selectorToWire) },
  ];
}

/** USE_TRANSPORT_MODE where it is wanted (RFC 7296 §1.3.1). */
export function modeNotify(mode: "tunnel" | "transport"): readonly NotifyPayload[] {
  return mode === "transport" ? [notify(NOTIFY.USE_TRANSPORT_MODE)] : [];
}
