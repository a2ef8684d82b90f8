/** The key exchange in CREATE_CHILD_SA: nonces, KE payloads, and the retry with another method (RFC 7296 §1.3, §2.17). */
import {
  type KePayload,
  type NoncePayload,
  NOTIFY,
  type NotifyPayload,
  type Payload,
  type SaPayload,
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

export function nonceOf(payloads: readonly Payload[]): NoncePayload | undefined {
  return payloads.find((one): one is NoncePayload => one.type === "Nonce");
}

export function keOf(payloads: readonly Payload[]): KePayload | undefined {
  return payloads.find((one): one is KePayload => one.type === "KE");
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
  if (refusal.notifyType !== NOTIFY.INVALID_KE_PAYLOAD || refusal.data.length !== 2) return undefined;
  const method = (refusal.data[0]! << 8) | refusal.data[1]!;
  return method !== tried && proposed.includes(method) ? method : undefined;
}

export function saOf(payloads: readonly Payload[]): SaPayload | undefined {
  return payloads.find((one): one is SaPayload => one.type === "SA");
}
