/**
 * Encrypted Fragment payload (RFC 7383 §2.5).
 * ```
 *  |        Fragment Number        |        Total Fragments        |
 *  ~         Initialization Vector, ciphertext and ICV             ~
 * ```
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import { Malformed } from "../error.ts";
import type { EncryptedFragmentPayload } from "./types.ts";

/** Octets in front of the initialization vector. */
export const FRAGMENT_HEADER_LENGTH = 4;

export function parseSkf(body: Reader, critical: boolean, firstPayload: number): EncryptedFragmentPayload {
  const { octet } = body;
  const fragment = body.u16();
  const total = body.u16();
  if (fragment === 0 || fragment > total) {
    throw new Malformed("syntax", octet, `Fragment ${fragment} of ${total}`);
  }
  return { type: "SKF", critical, firstPayload, fragment, total, data: body.rest() };
}

export function emitSkf(payload: EncryptedFragmentPayload, out: Writer): void {
  out.u16(payload.fragment);
  out.u16(payload.total);
  out.octets(payload.data);
}
