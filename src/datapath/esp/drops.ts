/** Why a packet went no further. One counter each; none of them is an answer on the wire. */
export const DROP = {
  /** Shorter than an ESP packet of its SA can be, or its ciphertext no whole number of blocks. */
  malformedEsp: 0,
  unknownSpi: 1,
  /** Sequence number seen before (RFC 4303 §3.4.3). */
  replayed: 2,
  /** Sequence number older than the window, or zero. */
  stale: 3,
  /** The ICV is wrong. */
  forged: 4,
  /** Authentic, but the padding is not 1, 2, 3, … (RFC 4303 §2.4). */
  badPadding: 5,
  /** Authentic, but neither IPv4, IPv6 nor a dummy packet. */
  badNextHeader: 6,
  /** A dummy packet (next header 59, RFC 4303 §2.6): meant to be dropped. */
  dummy: 7,
  /** Authentic, but what it carries is no IP packet. */
  malformedInner: 8,
  /** Authentic, but outside of the selectors of its SA (RFC 4301 §5.2). */
  selectorMismatch: 9,
  /** Congestion was marked outside on a packet that cannot carry it (RFC 6040 §4.2). */
  congestion: 10,
  /** From the inside: no IP packet. */
  malformedOutbound: 11,
  /** From the inside: the offload header contradicts the packet. */
  badOffload: 12,
  /** From the inside: no flow and no SA has it. */
  noPolicy: 13,
  /** From the inside: a flow has it, an SA is missing. It is held back, and counts unless it could be sent after all. */
  heldBack: 14,
  /** From the inside: does not fit the path and must not be cut. */
  tooBig: 15,
  /** The sequence numbers of the SA are used up (RFC 4303 §3.3.3), or its lifetime in octets is (RFC 4301 §4.4.2.1). */
  exhausted: 16,
} as const;

/** A member of `DROP`. */
export type Drop = typeof DROP[keyof typeof DROP];

/** Counters by cause. */
export class Drops {
  readonly #counts = new Float64Array(Object.keys(DROP).length);

  add(drop: Drop, packets = 1): void {
    this.#counts[drop] = this.#counts[drop]! + packets;
  }

  of(drop: Drop): number {
    return this.#counts[drop]!;
  }

  /** Those that are not zero, by name. */
  toObject(): Partial<Record<keyof typeof DROP, number>> {
    const counts: Partial<Record<keyof typeof DROP, number>> = {};
    for (const [name, drop] of Object.entries(DROP)) {
      if (this.of(drop) > 0) counts[name as keyof typeof DROP] = this.of(drop);
    }
    return counts;
  }
}
