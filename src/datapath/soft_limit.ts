/**
 * Both ends of a pair count the same octets: a part of the limit at random keeps them from asking for a new pair at the
 * same packet, when each would find the other busy (RFC 7296 §2.25).
 */
const FROM = 3 / 4, SPREAD = 1 / 8;

/** The part of a limit at which a new pair is asked for; `random` is 0 to 1. */
export function softPart(random: number): number {
  return FROM + SPREAD * random;
}
