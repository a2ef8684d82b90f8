/**
 * W019: lifetimes at which both ends replace an SA at the same moment. Each end begins at a random point of a lifetime's
 * last part (RFC 7296 §2.8): what matters is how long that part lasts, and whether those of the two SAs meet.
 */
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import type { Subject } from "./subject.ts";

/** Below this the part in which both ends begin is as short as an exchange that has to be sent again. */
const LEAST_SECONDS = 60;
/** Below this, at a gigabit a second, it is as short as the way to the peer and back. */
const LEAST_OCTETS = 64 * 1024 ** 2;
/** The part of a lifetime in which an SA is replaced, where it is no short one (src/exchange/lifetimes.ts). */
const FROM = 0.85, TO = 0.95;

function meet(a: number, b: number): boolean {
  return a * FROM < b * TO && b * FROM < a * TO;
}

/** Warns of them, at the policies that state a lifetime. */
export function lintLifetimes(subjects: readonly Subject[], diagnostics: Diagnostics): void {
  for (const { policy, node } of subjects) {
    const { childLifetime, ikeLifetimeMs } = policy;
    for (
      const [amount, ms] of [[node.ikeLifetime, ikeLifetimeMs], [node.lifetime, childLifetime.ms]] as const
    ) {
      if (amount === undefined || ms === 0 || ms >= LEAST_SECONDS * 1000) continue;
      const message =
        "both ends will often begin to replace this SA at once: there are only seconds to choose a " +
        `moment from; take ${LEAST_SECONDS} seconds or more`;
      diagnostics.warn(WARNINGS.rekeyAtOnce, amount.place, message);
    }
    const { lifetimeBytes, ikeLifetime } = node;
    if (lifetimeBytes !== undefined && childLifetime.octets > 0 && childLifetime.octets < LEAST_OCTETS) {
      const message =
        "both ends will often begin to replace this SA at once: a fast link carries so few octets " +
        "in the time of one exchange; take 64M or more";
      diagnostics.warn(WARNINGS.rekeyAtOnce, lifetimeBytes.place, message);
    }
    if (ikeLifetime !== undefined && childLifetime.ms > 0 && meet(ikeLifetimeMs, childLifetime.ms)) {
      const message = "IKE SA and Child SA will be replaced at the same time, by both ends: " +
        "take an ikelifetime several times the lifetime";
      diagnostics.warn(WARNINGS.rekeyAtOnce, ikeLifetime.place, message);
    }
  }
}
