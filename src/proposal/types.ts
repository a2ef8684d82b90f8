/** Proposals as the policy states them and the suite that a negotiation chose (RFC 7296 §3.3). */
import type { EncrChoice } from "../crypto/provider.ts";

/** Security protocol of a proposal, by IANA's number: IKE 1, AH 2, ESP 3. */
export type ProposalProtocol = 1 | 2 | 3;

/**
 * One proposal: for each transform type the alternatives in order of preference. An empty list means that the type
 * is not part of it. One proposal has AEADs only or none at all (RFC 7296 §3.3, RFC 5282 §8).
 */
export interface Proposal {
  readonly protocol: ProposalProtocol;
  readonly encr: readonly EncrChoice[];
  readonly prf: readonly number[];
  readonly integ: readonly number[];
  /** Key exchange methods; 0 is NONE (Child SAs only). */
  readonly ke: readonly number[];
  /** ESN: 0 no extended sequence numbers, 1 extended (Child SAs only). */
  readonly esn: readonly (0 | 1)[];
}
