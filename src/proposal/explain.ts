/** Why no proposal fits: what was wanted, what came, and what to write in iked.conf (contracts.md, "Log lines"). */
import { encrAlgorithm, integAlgorithm, keAlgorithm, prfAlgorithm } from "../crypto/algorithms.ts";
import type { WireProposal, WireTransform } from "../wire/payload/types.ts";
import {
  ENCR,
  ESN,
  INTEG,
  KE,
  nameOf,
  PRF,
  PROTOCOL,
  TRANSFORM_ATTRIBUTE,
  TRANSFORM_TYPE,
} from "../wire/registry.ts";
import {
  type Choice,
  choicesOf,
  peerChoices,
  type PeerProposal,
  type ProposalFault,
  readProposal,
  sameChoice,
  type TransformType,
  TYPES_OF,
} from "./transforms.ts";
import type { Proposal } from "./types.ts";

/** Texts for a log line; bounded in length whatever the peer sent. */
export interface Mismatch {
  readonly wanted: string;
  readonly got: string;
  readonly fix: string;
}

/** Names in a list before it is cut. */
const MAX_NAMES = 12;

const REGISTRIES = { 1: ENCR, 2: PRF, 3: INTEG, 4: KE, 5: ESN } as const;
const KEYWORDS = { 1: "enc", 2: "prf", 3: "auth", 4: "group", 5: "esn" } as const;

function list(names: readonly string[]): string {
  const unique = [...new Set(names)];
  if (unique.length <= MAX_NAMES) return unique.join(", ");
  return `${unique.slice(0, MAX_NAMES).join(", ")} and ${unique.length - MAX_NAMES} more`;
}

/** IANA's name of a transform, behind it the key length in bits where it has one: `ENCR_AES_GCM_16-256`. */
export function formatChoice(type: TransformType, choice: Choice): string {
  const name = nameOf(REGISTRIES[type], choice.id);
  return choice.keyBits === undefined ? name : `${name}-${choice.keyBits}`;
}

function formatTransform(type: TransformType, transform: WireTransform): string {
  const length = transform.attributes.find((one) => one.type === TRANSFORM_ATTRIBUTE.KEY_LENGTH)?.value;
  return formatChoice(type, typeof length === "number" ? { id: transform.id, keyBits: length } : transform);
}

/** The keyword of iked.conf(5) for a transform, undefined where it cannot be configured. */
export function keywordOf(type: TransformType, choice: Choice): string | undefined {
  switch (type) {
    case TRANSFORM_TYPE.ENCR:
      return encrAlgorithm(choice)?.names[0];
    case TRANSFORM_TYPE.PRF:
      return prfAlgorithm(choice.id)?.names[0];
    case TRANSFORM_TYPE.INTEG:
      return integAlgorithm(choice.id)?.names[0];
    case TRANSFORM_TYPE.KE:
      return keAlgorithm(choice.id)?.names[0];
    default:
      return choice.id === 1 ? "esn" : "noesn";
  }
}

/** A proposal of ours for people: the names of each type, types apart by `; `. */
export function formatProposal(proposal: Proposal): string {
  return TYPES_OF[proposal.protocol]
    .map((type) => list(choicesOf(proposal, type).map((choice) => formatChoice(type, choice))))
    .join("; ");
}

function misfits(own: Proposal, peer: PeerProposal): TransformType[] {
  return TYPES_OF[own.protocol].filter((type) => {
    const theirs = peerChoices(peer, type);
    return !choicesOf(own, type).some((one) => theirs.some((other) => sameChoice(one, other)));
  });
}

function explainType(own: Proposal, peer: PeerProposal, types: readonly TransformType[]): Mismatch {
  const wanted: string[] = [], got: string[] = [], fixes: string[] = [];
  for (const type of types) {
    const transforms = peer.transforms.filter((one) => one.type === type);
    wanted.push(list(choicesOf(own, type).map((choice) => formatChoice(type, choice))));
    got.push(
      transforms.length === 0
        ? `${nameOf(TRANSFORM_TYPE, type)} NONE`
        : list(transforms.map((one) => formatTransform(type, one))),
    );
    const [theirs] = peerChoices(peer, type);
    const keyword = theirs && keywordOf(type, theirs);
    if (keyword !== undefined) {
      fixes.push(type === TRANSFORM_TYPE.ESN ? keyword : `${KEYWORDS[type]} ${keyword}`);
    }
  }
  const block = own.protocol === 1 ? "ikesa" : "childsa";
  const fix = fixes.length === types.length
    ? `write \`${block} ${fixes.join(" ")}\` in the policy, or let the peer propose what is wanted`
    : "let the peer propose what is wanted: this version of iked cannot do what it has";
  return { wanted: wanted.join("; "), got: got.join("; "), fix };
}

function explainFault(own: Proposal, fault: ProposalFault): Mismatch {
  const protocol = nameOf(PROTOCOL, own.protocol);
  const wanted = `a proposal for ${protocol}`;
  switch (fault.code) {
    case "protocol":
      return {
        wanted,
        got: `one for ${nameOf(PROTOCOL, fault.protocol)}`,
        fix: "set the same protocol on both sides",
      };
    case "spi-length":
      return { wanted, got: `an SPI of ${fault.length} octets`, fix: "report it to the maker of the peer" };
    case "unexpected-type":
      return {
        wanted,
        got: `one with ${nameOf(TRANSFORM_TYPE, fault.type)}`,
        fix: `let the peer propose without ${nameOf(TRANSFORM_TYPE, fault.type)}`,
      };
    case "missing-type":
      return {
        wanted,
        got: `one without ${nameOf(TRANSFORM_TYPE, fault.type)}`,
        fix: `let the peer propose a ${nameOf(TRANSFORM_TYPE, fault.type)} transform`,
      };
  }
}

/** Says of the pair of proposals that comes nearest what keeps it from fitting. */
export function explainMismatch(
  own: readonly Proposal[],
  offered: readonly WireProposal[],
  spiLength: number,
): Mismatch {
  let nearest: { own: Proposal; peer: PeerProposal; types: TransformType[] } | undefined;
  let outOfQuestion: Mismatch | undefined;
  for (const mine of own) {
    for (const wire of offered) {
      const read = readProposal(wire, mine.protocol, spiLength);
      if ("fault" in read) {
        outOfQuestion ??= explainFault(mine, read.fault);
        continue;
      }
      const types = misfits(mine, read.peer);
      if (nearest === undefined || types.length < nearest.types.length) {
        nearest = { own: mine, peer: read.peer, types };
      }
    }
  }
  if (nearest !== undefined) return explainType(nearest.own, nearest.peer, nearest.types);
  if (outOfQuestion !== undefined) return outOfQuestion;
  const wanted = own[0] === undefined ? "no proposal" : formatProposal(own[0]);
  return { wanted, got: "no proposal", fix: "set up algorithms on the side that proposes none" };
}
