/**
 * Encrypted payload (RFC 7296 §3.14): initialization vector, ciphertext and ICV, which only the cipher can tell apart.
 * Its generic header's Next Payload is the first payload inside.
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import type { EncryptedPayload } from "./types.ts";

export function parseSk(body: Reader, critical: boolean, firstPayload: number): EncryptedPayload {
  return { type: "SK", critical, firstPayload, data: body.rest() };
}

export function emitSk(payload: EncryptedPayload, out: Writer): void {
  out.octets(payload.data);
}
