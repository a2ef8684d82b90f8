/** Proposals between the policy's form and the wire's (RFC 7296 §3.3). */
import { encrAlgorithm } from "../crypto/algorithms.ts";
import type { EncrChoice } from "../crypto/provider.ts";
import type { WireProposal, WireTransform } from "../wire/payload/types.ts";
import { TRANSFORM_ATTRIBUTE, TRANSFORM_TYPE } from "../wire/registry.ts";
import type { Proposal, ProposalProtocol } from "./types.ts";

/** Transform types that iked understands, 1 to 5 (RFC 7296 §3.3.2). */
export type TransformType = 1 | 2 | 3 | 4 | 5;

const { ENCR, PRF, INTEG, KE, ESN } = TRANSFORM_TYPE;

/** Transform types of each protocol, in the order in which they are written (RFC 7296 §3.3.3). */
export const TYPES_OF: Readonly<Record<ProposalProtocol, readonly TransformType[]>> = {
  1: [ENCR, PRF, INTEG, KE],
  2: [INTEG, KE, ESN],
  3: [ENCR, INTEG, KE, ESN],
};

/** A transform's id, and key length where it has one: what two sides compare. */
export type Choice = EncrChoice;

const NONE: readonly Choice[] = [{ id: 0 }];

/** Whether both are the same transform. */
export function sameChoice(a: Choice, b: Choice): boolean {
  return a.id === b.id && a.keyBits === b.keyBits;
}

/**
 * Whether leaving out a type says the same as its transform 0. INTEG and KE: NONE (RFC 7296 §3.3.2). ESN: today's
 * peers that leave it out mean no extended sequence numbers.
 */
function mayBeAbsent(protocol: ProposalProtocol, type: TransformType): boolean {
  if (type === INTEG) return protocol !== 2;
  if (type === KE) return protocol !== 1;
  return type === ESN;
}

/** The alternatives of one type in a proposal of ours; one that it leaves out is NONE. */
export function choicesOf(proposal: Proposal, type: TransformType): readonly Choice[] {
  if (type === ENCR) return proposal.encr;
  const ids = idsOf(proposal, type);
  if (ids.length === 0 && mayBeAbsent(proposal.protocol, type)) return NONE;
  return ids.map((id) => ({ id }));
}

function idsOf(proposal: Proposal, type: Exclude<TransformType, typeof ENCR>): readonly number[] {
  switch (type) {
    case PRF:
      return proposal.prf;
    case INTEG:
      return proposal.integ;
    case KE:
      return proposal.ke;
    case ESN:
      return proposal.esn;
  }
}

function toTransform(type: TransformType, { id, keyBits }: Choice): WireTransform {
  const attributes = keyBits === undefined ? [] : [{ type: TRANSFORM_ATTRIBUTE.KEY_LENGTH, value: keyBits }];
  return { type, id, attributes };
}

/** Proposals as they go into an SA payload, numbered from 1. `spi` is ours: 0, 4 or 8 octets. */
export function proposalsToWire(proposals: readonly Proposal[], spi: Uint8Array): WireProposal[] {
  return proposals.map((proposal, at) => ({
    number: at + 1,
    protocol: proposal.protocol,
    spi,
    transforms: TYPES_OF[proposal.protocol].flatMap((type) => {
      const choices = choicesOf(proposal, type);
      return choices === NONE ? [] : choices.map((choice) => toTransform(type, choice));
    }),
  }));
}

/** Proposals for a Child SA that comes with IKE_AUTH: there is no key exchange in it (RFC 7296 §1.2). */
export function withoutKe(proposals: readonly Proposal[]): Proposal[] {
  return proposals.map((proposal) => ({ ...proposal, ke: [] }));
}

/** Key exchange methods of proposals, in order of preference, each once; NONE is not among them. */
export function keMethodsOf(proposals: readonly Proposal[]): number[] {
  return [...new Set(proposals.flatMap((proposal) => proposal.ke))].filter((method) => method !== 0);
}

/** Why a proposal of the peer is out of the question, before any comparison. */
export type ProposalFault =
  /** It is for another protocol than the one that is negotiated. */
  | { readonly code: "protocol"; readonly protocol: number }
  | { readonly code: "spi-length"; readonly length: number }
  /** A transform type that iked does not know, or that does not belong to the protocol. */
  | { readonly code: "unexpected-type"; readonly type: number }
  | { readonly code: "missing-type"; readonly type: TransformType };

/** A proposal of the peer, sorted by transform type. */
export interface PeerProposal {
  readonly number: number;
  readonly spi: Uint8Array;
  /** Transforms of a type, those that we do not understand left out; undefined: the type is not in it. */
  readonly choices: ReadonlyMap<TransformType, readonly Choice[]>;
  /** Transforms of all types, understood or not. */
  readonly transforms: readonly WireTransform[];
}

/**
 * A transform of the peer; undefined where it has an attribute that we do not understand, which makes this transform
 * unacceptable and no other (RFC 7296 §3.3.6).
 */
function toChoice(transform: WireTransform): Choice | undefined {
  let keyBits: number | undefined;
  for (const attribute of transform.attributes) {
    const known = attribute.type === TRANSFORM_ATTRIBUTE.KEY_LENGTH && transform.type === ENCR;
    if (!known || keyBits !== undefined || typeof attribute.value !== "number") return undefined;
    keyBits = attribute.value;
  }
  const choice = keyBits === undefined ? { id: transform.id } : { id: transform.id, keyBits };
  return transform.type === ENCR && encrAlgorithm(choice) === undefined ? undefined : choice;
}

/** Sorts a proposal of the peer, or says why none of it can be chosen (RFC 7296 §3.3.6). */
export function readProposal(
  wire: WireProposal,
  protocol: ProposalProtocol,
  spiLength: number,
): { readonly peer: PeerProposal } | { readonly fault: ProposalFault } {
  if (wire.protocol !== protocol) return { fault: { code: "protocol", protocol: wire.protocol } };
  if (wire.spi.length !== spiLength) return { fault: { code: "spi-length", length: wire.spi.length } };
  const choices = new Map<TransformType, Choice[]>();
  for (const transform of wire.transforms) {
    // OpenIKED 7.2 proposes AH with the ciphers that it has for ESP. AH has no use for them: they are passed over.
    if (protocol === 2 && transform.type === ENCR) continue;
    const type = TYPES_OF[protocol].find((one) => one === transform.type);
    if (type === undefined) return { fault: { code: "unexpected-type", type: transform.type } };
    const list = choices.get(type) ?? [];
    choices.set(type, list);
    const choice = toChoice(transform);
    if (choice !== undefined) list.push(choice);
  }
  const missing = TYPES_OF[protocol].find((type) => !choices.has(type) && !mayBeAbsent(protocol, type));
  if (missing !== undefined) return { fault: { code: "missing-type", type: missing } };
  return { peer: { number: wire.number, spi: wire.spi, choices, transforms: wire.transforms } };
}

/** The alternatives of one type in a proposal of the peer; a type that it leaves out is NONE. */
export function peerChoices(peer: PeerProposal, type: TransformType): readonly Choice[] {
  return peer.choices.get(type) ?? NONE;
}
