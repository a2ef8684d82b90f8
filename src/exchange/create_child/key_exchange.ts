/** The key exchange in CREATE_CHILD_SA: nonces, KE payloads, and the retry with another method (RFC 7296 §1.3, §2.17). */
import {
  type KePayload,
  type NoncePayload,
  NOTIFY,
  type NotifyPayload,
  parseInvalidKe,
} from "../../wire/mod.ts";
import type { Random } from "../../crypto/provider.ts";

/** Octets of our nonces: at least half the key of every prf (RFC 7296 §2.10). */
const NONCE_LENGTH = 32;

export function freshNonce(random: Random): NoncePayload {
  return { type: "Nonce", critical: false, data: random(NONCE_LENGTH) };
}

export function kePayload(group: number, data: Uint8Array): KePayload {
  return { type: "KE", critical: false, group, data };
}

/** A method as INVALID_KE_PAYLOAD carries it (RFC 7296 §3.10.1). */
export function methodOctets(method: number): Uint8Array {
  return new Uint8Array([method >> 8, method & 255]);
}

/** The method that the peer asks for instead of `tried`; undefined unless it is one of those that we proposed. */
export function methodAskedFor(
  refusal: NotifyPayload,
  proposed: readonly number[],
  tried: number | undefined,
): number | undefined {
  if (refusal.notifyType !== NOTIFY.INVALID_KE_PAYLOAD) return undefined;
  const asked = parseInvalidKe(refusal);
  return asked.ok && asked.value !== tried && proposed.includes(asked.value) ? asked.value : undefined;
}
