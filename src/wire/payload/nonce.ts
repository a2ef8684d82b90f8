/** Nonce payload (RFC 7296 §3.9): 16 to 256 octets and nothing else. */
import type { Reader, Writer } from "../../bytes/mod.ts";
import { Malformed } from "../error.ts";
import type { NoncePayload } from "./types.ts";

export const MIN_NONCE_LENGTH = 16;
export const MAX_NONCE_LENGTH = 256;

export function parseNonce(body: Reader, critical: boolean): NoncePayload {
  const { octet, remaining } = body;
  if (remaining < MIN_NONCE_LENGTH || remaining > MAX_NONCE_LENGTH) {
    throw new Malformed("length", octet, `Nonce of ${remaining} octets: 16 to 256 are allowed`);
  }
  return { type: "Nonce", critical, data: body.rest() };
}

export function emitNonce(payload: NoncePayload, out: Writer): void {
  const { length } = payload.data;
  if (length < MIN_NONCE_LENGTH || length > MAX_NONCE_LENGTH) {
    throw new RangeError(`Nonce of ${length} octets`);
  }
  out.octets(payload.data);
}
