/** Limits and times of the engine, with the reason for each number. */

/** Bounds on what strangers can make the engine hold or do. */
export interface Limits {
  /** Half-open IKE SAs of all peers; a further one is not taken. */
  readonly halfOpen: number;
  /** Half-open IKE SAs of one IPv4 address or IPv6 /64: as many peers behind one NAT can connect at once. */
  readonly halfOpenPerAddress: number;
  /** From so many half-open IKE SAs on every initiator has to return a cookie (RFC 7296 §2.6). */
  readonly cookieFrom: number;
  /**
   * The same for one address, well below its limit: who forges the address of a NAT cannot shut out those behind it.
   * Not earlier than needed: a second round costs all sides, and strongSwan 5.9.8 loses a response that comes while
   * it is still at work with the cookie ("already processing"), so that its peer waits for a retransmission.
   */
  readonly cookieFromPerAddress: number;
  /** IKE SAs in all. */
  readonly ikeSas: number;
  /** Unprotected error notifications sent per second (RFC 7296 §2.21.4). */
  readonly unprotectedPerSecond: number;
  /** A cookie's secret is replaced after this time; the one before it stays good as long. */
  readonly cookieSecretMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  halfOpen: 4096,
  halfOpenPerAddress: 128,
  cookieFrom: 256,
  cookieFromPerAddress: 96,
  ikeSas: 65_536,
  unprotectedPerSecond: 10,
  cookieSecretMs: 60_000,
};

/** UDP ports (RFC 7296 §2, RFC 3948). */
export const DEFAULT_PORTS = { ike: 500, natt: 4500 } as const;
