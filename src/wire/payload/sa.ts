/**
 * Security Association payload (RFC 7296 §3.3): proposals, in them transforms, in them attributes.
 * ```
 *  | Last Substruc |   RESERVED    |         Proposal Length       |
 *  | Proposal Num  |  Protocol ID  |    SPI Size   |Num  Transforms|
 *  ~                        SPI (variable)                         ~
 *  ~                        <Transforms>                           ~
 *
 *  | Last Substruc |   RESERVED    |        Transform Length       |
 *  |Transform Type |   RESERVED    |          Transform ID         |
 *  ~                      Transform Attributes                     ~
 *
 *  |A|       Attribute Type        |    AF=0  Attribute Length     |
 *  |F|                             |    AF=1  Attribute Value      |
 *  ~                   AF=0  Attribute Value                       ~
 * ```
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import { Malformed } from "../error.ts";
import { MAX_PROPOSALS, MAX_TRANSFORM_ATTRIBUTES, MAX_TRANSFORMS } from "../limits.ts";
import { PROTOCOL } from "../registry/message.ts";
import type { SaPayload, WireAttribute, WireProposal, WireTransform } from "./types.ts";

/** Last Substruc of a proposal or transform that is the last one, and of those before it. */
const LAST = 0;
const MORE_PROPOSALS = 2;
const MORE_TRANSFORMS = 3;

const PROPOSAL_HEADER_LENGTH = 8;
const TRANSFORM_HEADER_LENGTH = 8;

/** Set where the attribute is a 2-octet value without a length. */
const ATTRIBUTE_FORMAT = 0x8000;

export function parseSa(body: Reader, critical: boolean): SaPayload {
  const { octet } = body;
  const proposals: WireProposal[] = [];
  let transforms = 0;
  while (body.remaining > 0) {
    if (proposals.length === MAX_PROPOSALS) {
      throw new Malformed("limit", body.octet, `More than ${MAX_PROPOSALS} proposals`);
    }
    const substructure = parseSubstructure(body, "Proposal", MORE_PROPOSALS, PROPOSAL_HEADER_LENGTH);
    const proposal = parseProposal(substructure, MAX_TRANSFORMS - transforms);
    transforms += proposal.transforms.length;
    proposals.push(proposal);
  }
  if (proposals.length === 0) throw new Malformed("syntax", octet, "SA payload has no proposal");
  return { type: "SA", critical, proposals };
}

export function emitSa(payload: SaPayload, out: Writer): void {
  for (const [index, proposal] of payload.proposals.entries()) {
    const start = out.length;
    out.u8(index === payload.proposals.length - 1 ? LAST : MORE_PROPOSALS);
    out.zeros(3);
    out.u8(proposal.number);
    out.u8(proposal.protocol);
    out.u8(proposal.spi.length);
    out.u8(proposal.transforms.length);
    out.octets(proposal.spi);
    for (const [i, transform] of proposal.transforms.entries()) {
      emitTransform(transform, i === proposal.transforms.length - 1, out);
    }
    out.patchU16(start + 2, out.length - start);
  }
}

/**
 * Index of the first proposal of an offer whose number breaks RFC 7296 §3.3.1: the first is 1, each one more than the
 * one before. An answer keeps the number of what it accepts, so this is not for answers.
 */
export function misnumberedProposal(proposals: readonly WireProposal[]): number | undefined {
  const index = proposals.findIndex((proposal, i) => proposal.number !== i + 1);
  return index < 0 ? undefined : index;
}

/** One proposal or transform: checks Last Substruc and length; what is read is behind them. */
function parseSubstructure(body: Reader, what: string, more: number, minimum: number): Reader {
  const { octet } = body;
  const last = body.u8();
  body.u8();
  const length = body.u16();
  if (length < minimum) {
    throw new Malformed("length", octet + 2, `${what} of ${length} octets is shorter than its header`);
  }
  const rest = body.sub(length - 4, what);
  const expected = body.remaining > 0 ? more : LAST;
  if (last !== expected) {
    throw new Malformed(
      "syntax",
      octet,
      `Last Substruc of a ${what.toLowerCase()} is ${last}: ${expected} expected`,
    );
  }
  return rest;
}

function parseProposal(rest: Reader, transformsLeft: number): WireProposal {
  const { octet } = rest;
  const number = rest.u8();
  const protocol = rest.u8();
  const spiSize = rest.u8();
  const count = rest.u8();
  if (!isSpiSize(protocol, spiSize)) {
    throw new Malformed("syntax", octet + 2, `SPI size ${spiSize} in a proposal of protocol ${protocol}`);
  }
  const spi = rest.take(spiSize);
  if (count === 0) throw new Malformed("syntax", octet + 3, "Proposal has no transform");
  if (count > transformsLeft) {
    throw new Malformed("limit", octet + 3, `More than ${MAX_TRANSFORMS} transforms`);
  }
  const transforms: WireTransform[] = [];
  while (rest.remaining > 0 && transforms.length < count) {
    transforms.push(
      parseTransform(parseSubstructure(rest, "Transform", MORE_TRANSFORMS, TRANSFORM_HEADER_LENGTH)),
    );
  }
  if (rest.remaining > 0 || transforms.length !== count) {
    throw new Malformed(
      "syntax",
      octet + 3,
      `Proposal announces ${count} transforms and has another number of them`,
    );
  }
  return { number, protocol, spi, transforms };
}

/** None or 8 octets for an IKE SA (first offer, rekey), 4 for AH and ESP (RFC 7296 §3.3.1). */
function isSpiSize(protocol: number, size: number): boolean {
  if (protocol === PROTOCOL.IKE) return size === 0 || size === 8;
  if (protocol === PROTOCOL.AH || protocol === PROTOCOL.ESP) return size === 4;
  return true;
}

function parseTransform(rest: Reader): WireTransform {
  const type = rest.u8();
  rest.u8();
  const id = rest.u16();
  const attributes: WireAttribute[] = [];
  while (rest.remaining > 0) {
    if (attributes.length === MAX_TRANSFORM_ATTRIBUTES) {
      throw new Malformed(
        "limit",
        rest.octet,
        `More than ${MAX_TRANSFORM_ATTRIBUTES} attributes in a transform`,
      );
    }
    attributes.push(parseAttribute(rest));
  }
  return { type, id, attributes };
}

function parseAttribute(rest: Reader): WireAttribute {
  const head = rest.u16();
  const type = head & ~ATTRIBUTE_FORMAT;
  const tail = rest.u16();
  return { type, value: (head & ATTRIBUTE_FORMAT) !== 0 ? tail : rest.take(tail) };
}

function emitTransform(transform: WireTransform, last: boolean, out: Writer): void {
  const start = out.length;
  out.u8(last ? LAST : MORE_TRANSFORMS);
  out.zeros(3);
  out.u8(transform.type);
  out.u8(0);
  out.u16(transform.id);
  for (const { type, value } of transform.attributes) {
    if (type >= ATTRIBUTE_FORMAT) {
      throw new RangeError(`Transform attribute type ${type} has more than 15 bits`);
    }
    if (typeof value === "number") {
      out.u16(ATTRIBUTE_FORMAT | type);
      out.u16(value);
    } else {
      out.u16(type);
      out.u16(value.length);
      out.octets(value);
    }
  }
  out.patchU16(start + 2, out.length - start);
}
