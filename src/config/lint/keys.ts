/** W017: pre-shared keys that can be guessed (RFC 7296 §2.15: whoever answers in a peer's place can try them offline). */
import type { ConfiguredSecret } from "../compile/types.ts";
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import { guessBits } from "./entropy.ts";
import type { Subject } from "./subject.ts";

/** Below this a key is called weak: 16 random letters and digits have 95, 10 of them 59. */
export const ENOUGH_BITS = 64;

/** Warns of them. What the key is, or how long, stays out of the message. */
export function lintKeys(
  subjects: readonly Subject[],
  secrets: readonly ConfiguredSecret[],
  diagnostics: Diagnostics,
): void {
  const octets = new Map(secrets.map((one) => [one.ref, one.octets]));
  for (const { policy, node } of subjects) {
    if (policy.auth.method !== "psk") continue;
    const key = octets.get(policy.auth.secret);
    if (key === undefined || guessBits(key, ENOUGH_BITS) >= ENOUGH_BITS) continue;
    const message = "this pre-shared key can be guessed: take 32 random characters, " +
      "or 0x and 64 hex digits of a random generator";
    diagnostics.warn(WARNINGS.weakKey, node.auth?.place ?? node.place, message);
  }
}
