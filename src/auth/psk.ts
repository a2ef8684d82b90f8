/**
 * AUTH by a shared secret (RFC 7296 §2.15):
 *
 *     AUTH = prf(prf(Shared Secret, "Key Pad for IKEv2"), <SignedOctets>)
 */
import { ascii, equalConstantTime, type Secret, wipe } from "../bytes/mod.ts";
import type { CryptoProvider } from "../crypto/mod.ts";

const KEY_PAD = ascii("Key Pad for IKEv2");

/** AUTH data over signed octets; `prf` is that of the IKE SA. */
export function pskAuth(provider: CryptoProvider, prf: number, psk: Secret, signed: Uint8Array): Uint8Array {
  const inner = provider.prf(prf, psk.expose());
  const key = inner.compute(KEY_PAD);
  const outer = provider.prf(prf, key);
  const auth = outer.compute(signed);
  inner.wipe();
  outer.wipe();
  wipe(key);
  return auth;
}

/** Whether the peer's AUTH data is right. Time does not tell how much of it is. */
export function pskVerify(
  provider: CryptoProvider,
  prf: number,
  psk: Secret,
  signed: Uint8Array,
  data: Uint8Array,
): boolean {
  const expected = pskAuth(provider, prf, psk, signed);
  const right = equalConstantTime(expected, data);
  wipe(expected);
  return right;
}
