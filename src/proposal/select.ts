/**
 * Choosing among proposals (RFC 7296 §2.7, §3.3.6).
 *
 * The responder's own order decides: its first proposal that fits any of the peer's, and in it for each transform type
 * its first alternative that the peer has too. So a peer that lists weak algorithms first, or was made to by someone on
 * the path, does not get them where both have better.
 */
import { fail, ok, type Result } from "../bytes/mod.ts";
import type { ChildSuite, IkeSuite } from "../crypto/suite.ts";
import type { WireProposal, WireTransform } from "../wire/payload/types.ts";
import { TRANSFORM_TYPE } from "../wire/registry.ts";
import { explainMismatch, type Mismatch } from "./explain.ts";
import {
  type Choice,
  choicesOf,
  peerChoices,
  type PeerProposal,
  readProposal,
  sameChoice,
  type TransformType,
  TYPES_OF,
} from "./transforms.ts";
import type { Proposal, ProposalProtocol } from "./types.ts";

/** A suite that both sides have. */
export interface Chosen<Suite> {
  readonly suite: Suite;
  /** Number of the proposal that it is from. */
  readonly number: number;
  readonly protocol: ProposalProtocol;
  /** SPI of the peer: 0, 4 or 8 octets. */
  readonly peerSpi: Uint8Array;
  /** The chosen transforms, one for each type of the peer's proposal, as it wrote them. */
  readonly transforms: readonly WireTransform[];
}

type Picked = ReadonlyMap<TransformType, Choice>;

function pick(own: Proposal, peer: PeerProposal): Picked | undefined {
  const picked = new Map<TransformType, Choice>();
  for (const type of TYPES_OF[own.protocol]) {
    const theirs = peerChoices(peer, type);
    const choice = choicesOf(own, type).find((one) => theirs.some((other) => sameChoice(one, other)));
    if (choice === undefined) return undefined;
    picked.set(type, choice);
  }
  return picked;
}

function chosen<Suite>(
  own: Proposal,
  peer: PeerProposal,
  picked: Picked,
  suiteOf: (picked: Picked, own: Proposal) => Suite,
): Chosen<Suite> {
  const transforms: WireTransform[] = [];
  for (const [type, { id, keyBits }] of picked) {
    const transform = peer.transforms.find((one) =>
      one.type === type && one.id === id && one.attributes[0]?.value === keyBits
    );
    if (transform !== undefined) transforms.push(transform);
  }
  const { number, spi } = peer;
  return { suite: suiteOf(picked, own), number, protocol: own.protocol, peerSpi: spi, transforms };
}

function ikeSuite(picked: Picked): IkeSuite {
  const integ = picked.get(TRANSFORM_TYPE.INTEG)!.id;
  return {
    encr: picked.get(TRANSFORM_TYPE.ENCR)!,
    prf: picked.get(TRANSFORM_TYPE.PRF)!.id,
    ...(integ === 0 ? {} : { integ }),
    ke: picked.get(TRANSFORM_TYPE.KE)!.id,
  };
}

function childSuite(picked: Picked, own: Proposal): ChildSuite {
  const encr = picked.get(TRANSFORM_TYPE.ENCR);
  const integ = picked.get(TRANSFORM_TYPE.INTEG)!.id;
  const ke = picked.get(TRANSFORM_TYPE.KE)!.id;
  return {
    protocol: own.protocol === 2 ? 2 : 3,
    ...(encr === undefined ? {} : { encr }),
    ...(integ === 0 ? {} : { integ }),
    ...(ke === 0 ? {} : { ke }),
    esn: picked.get(TRANSFORM_TYPE.ESN)!.id === 1,
  };
}

/**
 * Proposals of a peer that are looked at. Real ones have a handful; of an IKE_SA_INIT request anybody is the author, and
 * each proposal costs us more time than it costs its sender.
 */
const MOST_OFFERED = 64;

interface Fit {
  readonly own: Proposal;
  readonly peer: PeerProposal;
  readonly picked: Picked;
}

function firstFit(
  own: readonly Proposal[],
  offered: readonly WireProposal[],
  spiLength: number,
): Fit | undefined {
  for (const mine of own) {
    for (const wire of offered.slice(0, MOST_OFFERED)) {
      const read = readProposal(wire, mine.protocol, spiLength);
      const picked = "fault" in read ? undefined : pick(mine, read.peer);
      if (!("fault" in read) && picked !== undefined) return { own: mine, peer: read.peer, picked };
    }
  }
  return undefined;
}

function select<Suite>(
  own: readonly Proposal[],
  offered: readonly WireProposal[],
  spiLength: number,
  suiteOf: (picked: Picked, own: Proposal) => Suite,
): Result<Chosen<Suite>, Mismatch> {
  const fit = firstFit(own, offered, spiLength);
  if (fit !== undefined) return ok(chosen(fit.own, fit.peer, fit.picked, suiteOf));
  return fail(explainMismatch(own, offered.slice(0, MOST_OFFERED), spiLength));
}

/** Whether `selectIke` would choose something; it costs less, because it does not say why not. */
export function offersIke(
  own: readonly Proposal[],
  offered: readonly WireProposal[],
  spiLength: 0 | 8,
): boolean {
  return firstFit(own, offered, spiLength) !== undefined;
}

/** The responder's choice for an IKE SA. `spiLength`: 0 in IKE_SA_INIT, 8 in a rekey (RFC 7296 §3.3.1). */
export function selectIke(
  own: readonly Proposal[],
  offered: readonly WireProposal[],
  spiLength: 0 | 8,
): Result<Chosen<IkeSuite>, Mismatch> {
  return select(own, offered, spiLength, ikeSuite);
}

/** The responder's choice for a Child SA. In IKE_AUTH `own` is passed through `withoutKe` before. */
export function selectChild(
  own: readonly Proposal[],
  offered: readonly WireProposal[],
): Result<Chosen<ChildSuite>, Mismatch> {
  return select(own, offered, 4, childSuite);
}

/** The accepted proposal as it goes into the responder's SA payload. `spi` is ours. */
export function answerProposal(accepted: Chosen<unknown>, spi: Uint8Array): WireProposal {
  const { number, protocol, transforms } = accepted;
  return { number, protocol, spi, transforms };
}

/** Why the initiator refuses an answer. */
export interface AnswerRefusal extends Mismatch {
  readonly code: "not-one-proposal" | "unknown-number" | "not-one-transform" | "not-proposed";
}

function accept<Suite>(
  sent: readonly Proposal[],
  answered: readonly WireProposal[],
  spiLength: number,
  suiteOf: (picked: Picked, own: Proposal) => Suite,
): Result<Chosen<Suite>, AnswerRefusal> {
  const refuse = (code: AnswerRefusal["code"]) =>
    fail({ code, ...explainMismatch(sent, answered, spiLength) });
  const [wire, ...more] = answered;
  if (wire === undefined || more.length > 0) return refuse("not-one-proposal");
  const own = sent[wire.number - 1];
  if (own === undefined) return refuse("unknown-number");
  if (new Set(wire.transforms.map((one) => one.type)).size !== wire.transforms.length) {
    return refuse("not-one-transform");
  }
  const types: readonly number[] = TYPES_OF[own.protocol];
  if (!wire.transforms.every(({ type }) => types.includes(type))) return refuse("not-proposed");
  const read = readProposal(wire, own.protocol, spiLength);
  const picked = "fault" in read ? undefined : pick(own, read.peer);
  if ("fault" in read || picked === undefined) return refuse("not-proposed");
  return ok(chosen(own, read.peer, picked, suiteOf));
}

/**
 * The initiator's check of the answer for an IKE SA: one proposal, of a number that was sent, with exactly one
 * transform of each type, each one that was proposed there (RFC 7296 §2.7).
 */
export function acceptIke(
  sent: readonly Proposal[],
  answered: readonly WireProposal[],
  spiLength: 0 | 8,
): Result<Chosen<IkeSuite>, AnswerRefusal> {
  return accept(sent, answered, spiLength, ikeSuite);
}

/** The same for a Child SA; `sent` is what was proposed, so without key exchange in IKE_AUTH. */
export function acceptChild(
  sent: readonly Proposal[],
  answered: readonly WireProposal[],
): Result<Chosen<ChildSuite>, AnswerRefusal> {
  return accept(sent, answered, 4, childSuite);
}
