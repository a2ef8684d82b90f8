/**
 * The chain of payloads: the generic payload header (RFC 7296 §3.2) and which file knows what is behind it.
 * ```
 *  | Next Payload  |C|  RESERVED   |         Payload Length        |
 * ```
 */
import { assertNever, type Reader, type Writer } from "../../bytes/mod.ts";
import { Malformed } from "../error.ts";
import { MAX_PAYLOADS } from "../limits.ts";
import { nameOf } from "../registry/names.ts";
import { PAYLOAD } from "../registry/message.ts";
import type { Payload } from "./types.ts";
import { emitAuth, parseAuth } from "./auth.ts";
import { emitCert, parseCert } from "./cert.ts";
import { emitCertReq, parseCertReq } from "./certreq.ts";
import { emitCp, parseCp } from "./cp.ts";
import { emitDelete, parseDelete } from "./delete.ts";
import { emitEap, parseEap } from "./eap.ts";
import { emitId, parseId } from "./id.ts";
import { emitKe, parseKe } from "./ke.ts";
import { emitNonce, parseNonce } from "./nonce.ts";
import { emitNotify, parseNotify } from "./notify.ts";
import { emitSa, parseSa } from "./sa.ts";
import { emitSk, parseSk } from "./sk.ts";
import { emitSkf, parseSkf } from "./skf.ts";
import { emitTs, parseTs } from "./ts.ts";
import { emitUnknown, parseUnknown } from "./unknown.ts";
import { emitVendorId, parseVendorId } from "./vendor.ts";

/** Octets of the generic payload header. */
export const GENERIC_HEADER_LENGTH = 4;

const CRITICAL = 0x80;

/** Reads payloads to the end of the input and adds them to `into`, so that those before a fault are known too. */
export function parseChain(input: Reader, first: number, into: Payload[]): void {
  let type = first;
  while (type !== PAYLOAD.NONE) {
    if (into.length === MAX_PAYLOADS) {
      throw new Malformed("limit", input.octet, `More than ${MAX_PAYLOADS} payloads`);
    }
    const what = `${nameOf(PAYLOAD, type)} payload`;
    const { octet } = input;
    const header = input.sub(GENERIC_HEADER_LENGTH, what);
    const next = header.u8();
    const critical = (header.u8() & CRITICAL) !== 0;
    const length = header.u16();
    if (length < GENERIC_HEADER_LENGTH) {
      throw new Malformed("length", octet + 2, `${what} of ${length} octets is shorter than its header`);
    }
    into.push(parseBody(type, input.sub(length - GENERIC_HEADER_LENGTH, what), critical, next));
    // Next Payload of SK and SKF is the first one inside: nothing may follow (RFC 7296 §3.14).
    type = type === PAYLOAD.SK || type === PAYLOAD.SKF ? PAYLOAD.NONE : next;
  }
  if (input.remaining > 0) {
    throw new Malformed("length", input.octet, `${input.remaining} octets behind the last payload`);
  }
}

function parseBody(type: number, body: Reader, critical: boolean, next: number): Payload {
  switch (type) {
    case PAYLOAD.SA:
      return parseSa(body, critical);
    case PAYLOAD.KE:
      return parseKe(body, critical);
    case PAYLOAD.IDi:
      return parseId("IDi", body, critical);
    case PAYLOAD.IDr:
      return parseId("IDr", body, critical);
    case PAYLOAD.CERT:
      return parseCert(body, critical);
    case PAYLOAD.CERTREQ:
      return parseCertReq(body, critical);
    case PAYLOAD.AUTH:
      return parseAuth(body, critical);
    case PAYLOAD.Nonce:
      return parseNonce(body, critical);
    case PAYLOAD.N:
      return parseNotify(body, critical);
    case PAYLOAD.D:
      return parseDelete(body, critical);
    case PAYLOAD.V:
      return parseVendorId(body, critical);
    case PAYLOAD.TSi:
      return parseTs("TSi", body, critical);
    case PAYLOAD.TSr:
      return parseTs("TSr", body, critical);
    case PAYLOAD.SK:
      return parseSk(body, critical, next);
    case PAYLOAD.SKF:
      return parseSkf(body, critical, next);
    case PAYLOAD.CP:
      return parseCp(body, critical);
    case PAYLOAD.EAP:
      return parseEap(body, critical);
    default:
      return parseUnknown(type, body, critical);
  }
}

/** Writes payloads one behind the other. SK and SKF may only be the last one. */
export function emitChain(payloads: readonly Payload[], out: Writer): void {
  for (const [index, payload] of payloads.entries()) {
    const following = payloads[index + 1];
    const encrypted = payload.type === "SK" || payload.type === "SKF";
    if (encrypted && following !== undefined) throw new RangeError(`Payload behind ${payload.type}`);
    const start = out.length;
    out.u8(
      encrypted ? payload.firstPayload : following === undefined ? PAYLOAD.NONE : payloadNumber(following),
    );
    out.u8(payload.critical ? CRITICAL : 0);
    out.u16(0);
    emitBody(payload, out);
    out.patchU16(start + 2, out.length - start);
  }
}

/** IANA's number of a payload. */
export function payloadNumber(payload: Payload): number {
  return payload.type === "unknown" ? payload.typeNumber : PAYLOAD[payload.type];
}

/** Type of the first payload; 0 where there is none. */
export function firstType([first]: readonly Payload[]): number {
  return first === undefined ? PAYLOAD.NONE : payloadNumber(first);
}

/**
 * Type of the first payload that is critical and that we do not know: the message is rejected as a whole with
 * UNSUPPORTED_CRITICAL_PAYLOAD (RFC 7296 §2.5). Critical bits of known payloads are ignored.
 */
export function firstUnsupportedCritical(payloads: readonly Payload[]): number | undefined {
  for (const payload of payloads) {
    if (payload.type === "unknown" && payload.critical) return payload.typeNumber;
  }
  return undefined;
}

function emitBody(payload: Payload, out: Writer): void {
  switch (payload.type) {
    case "SA":
      return emitSa(payload, out);
    case "KE":
      return emitKe(payload, out);
    case "IDi":
    case "IDr":
      return emitId(payload, out);
    case "CERT":
      return emitCert(payload, out);
    case "CERTREQ":
      return emitCertReq(payload, out);
    case "AUTH":
      return emitAuth(payload, out);
    case "Nonce":
      return emitNonce(payload, out);
    case "N":
      return emitNotify(payload, out);
    case "D":
      return emitDelete(payload, out);
    case "V":
      return emitVendorId(payload, out);
    case "TSi":
    case "TSr":
      return emitTs(payload, out);
    case "SK":
      return emitSk(payload, out);
    case "SKF":
      return emitSkf(payload, out);
    case "CP":
      return emitCp(payload, out);
    case "EAP":
      return emitEap(payload, out);
    case "unknown":
      return emitUnknown(payload, out);
    default:
      return assertNever(payload);
  }
}
