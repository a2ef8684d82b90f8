/**
 * Extensible Authentication payload (RFC 7296 §3.16, RFC 3748 §4).
 * ```
 *  |     Code      |  Identifier   |         EAP Length            |
 *  |     Type*     |  Type Data* ...
 * ```
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import { Malformed } from "../error.ts";
import type { EapPayload } from "./types.ts";

/** Code, identifier and length of an EAP message. */
export interface EapHeader {
  readonly code: number;
  readonly identifier: number;
  /** Method of a request or response; absent in the others. */
  readonly method?: number;
}

export function parseEap(body: Reader, critical: boolean): EapPayload {
  const { octet, remaining } = body;
  const data = body.rest();
  const length = data.length < 4 ? undefined : (data[2]! << 8) | data[3]!;
  if (length === undefined) {
    throw new Malformed("truncated", octet, `EAP message of ${remaining} octets has no header`);
  }
  if (length !== data.length) {
    throw new Malformed(
      "length",
      octet + 2,
      `EAP length ${length} in a payload with ${remaining} octets of EAP`,
    );
  }
  return { type: "EAP", critical, data };
}

export function emitEap(payload: EapPayload, out: Writer): void {
  out.octets(payload.data);
}

/** The header of the EAP message in a payload that was parsed. */
export function eapHeader(payload: EapPayload): EapHeader {
  const [code, identifier, , , method] = payload.data;
  const header = { code: code ?? 0, identifier: identifier ?? 0 };
  return method === undefined ? header : { ...header, method };
}
