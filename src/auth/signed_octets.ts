/**
 * What AUTH covers (RFC 7296 §2.15):
 *
 *     InitiatorSignedOctets = RealMessage1 | NonceRData | prf(SK_pi, IDi payload body)
 *     ResponderSignedOctets = RealMessage2 | NonceIData | prf(SK_pr, IDr payload body)
 */
import { concat } from "../bytes/mod.ts";
import type { SkP } from "../crypto/mod.ts";
import type { SignedOctets } from "./requests.ts";

/** The octets that the owner of `skP` signs. */
export function signedOctets(skP: SkP, octets: SignedOctets): Uint8Array {
  return concat(octets.message, octets.nonce, skP.compute(octets.id));
}
