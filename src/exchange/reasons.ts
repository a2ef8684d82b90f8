/**
 * Why a negotiation fails: the closed list of codes, who is at fault, what the peer is told, and what it means.
 * `docs/reasons.md` is made from it; a log line has `reason=CODE` (contracts.md).
 */
import { NOTIFY } from "../wire/registry.ts";

/** Whose doing a failure is: the peer broke the protocol, the two policies differ, or we could not. */
export type Fault = "peer" | "policy" | "local";

interface ReasonEntry {
  readonly fault: Fault;
  /** Type of the error notification that tells the peer; null: it is told nothing. */
  readonly notify: number | null;
  readonly meaning: string;
}

export const REASONS = {
  "no-policy": {
    fault: "policy",
    notify: NOTIFY.NO_PROPOSAL_CHOSEN,
    meaning: "No policy of ours is for this peer's address",
  },
  "no-ike-proposal": {
    fault: "policy",
    notify: NOTIFY.NO_PROPOSAL_CHOSEN,
    meaning: "No proposal for the IKE SA suits both sides",
  },
  "wrong-ke-method": {
    fault: "policy",
    notify: NOTIFY.INVALID_KE_PAYLOAD,
    meaning:
      "The peer guessed a key exchange method that the chosen proposal does not have, and was asked for another",
  },
  "ke-loop": {
    fault: "peer",
    notify: null,
    meaning:
      "The peer asked again and again for another key exchange method, or for one that we did not offer",
  },
  "cookie-loop": {
    fault: "peer",
    notify: null,
    meaning: "The peer asked again and again for a cookie",
  },
  "bad-public-value": {
    fault: "peer",
    notify: NOTIFY.INVALID_SYNTAX,
    meaning: "The peer's key exchange value fails the tests of RFC 6989",
  },
  "auth-failed": {
    fault: "policy",
    notify: NOTIFY.AUTHENTICATION_FAILED,
    meaning: "The peer's AUTH payload does not verify: usually the two ends have different pre-shared keys",
  },
  "auth-method": {
    fault: "policy",
    notify: NOTIFY.AUTHENTICATION_FAILED,
    meaning: "The peer authenticates itself by a method that the policy does not allow",
  },
  "wrong-id": {
    fault: "policy",
    notify: NOTIFY.AUTHENTICATION_FAILED,
    meaning: "The peer's identity is not the one that the policy expects",
  },
  "refused-auth": {
    fault: "policy",
    notify: null,
    meaning: "The peer refused our authentication: pre-shared key or identity is not what it expects",
  },
  "refused-ike": {
    fault: "policy",
    notify: null,
    meaning: "The peer refused to make an IKE SA: usually no proposal of ours suits it",
  },
  "no-child-proposal": {
    fault: "policy",
    notify: NOTIFY.NO_PROPOSAL_CHOSEN,
    meaning: "No proposal for the Child SA suits both sides",
  },
  "no-selectors": {
    fault: "policy",
    notify: NOTIFY.TS_UNACCEPTABLE,
    meaning: "The traffic selectors of the two sides have nothing in common",
  },
  "mode-mismatch": {
    fault: "policy",
    notify: NOTIFY.NO_PROPOSAL_CHOSEN,
    meaning: "One side wants transport mode, the other tunnel mode",
  },
  "refused-child": {
    fault: "policy",
    notify: null,
    meaning: "The peer refused the Child SA; the IKE SA stays",
  },
  "bad-response": {
    fault: "peer",
    notify: NOTIFY.INVALID_SYNTAX,
    meaning: "The peer accepted something that we did not propose",
  },
  "malformed": {
    fault: "peer",
    notify: NOTIFY.INVALID_SYNTAX,
    meaning: "An authentic message breaks the rules of its exchange or cannot be parsed",
  },
  "unsupported-critical": {
    fault: "peer",
    notify: NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD,
    meaning: "A payload that we do not know is marked critical",
  },
  "major-version": {
    fault: "peer",
    notify: NOTIFY.INVALID_MAJOR_VERSION,
    meaning: "The peer speaks a later major version of IKE",
  },
  "timeout": {
    fault: "peer",
    notify: null,
    meaning: "The peer did not answer in spite of all retransmissions",
  },
  "half-open-timeout": {
    fault: "peer",
    notify: null,
    meaning: "The peer began a negotiation and did not finish it",
  },
  "overload": {
    fault: "local",
    notify: null,
    meaning: "Too many unfinished negotiations, of all peers or of this address: a new one is not taken",
  },
  "no-route": {
    fault: "local",
    notify: null,
    meaning: "No address of ours leads to the peer",
  },
  "keys": {
    fault: "local",
    notify: NOTIFY.NO_PROPOSAL_CHOSEN,
    meaning: "The holder of keys could not do what was asked: a secret or an algorithm is missing",
  },
  "datapath": {
    fault: "local",
    notify: NOTIFY.NO_ADDITIONAL_SAS,
    meaning: "The data path refused to install the Child SA",
  },
  "temporary": {
    fault: "local",
    notify: NOTIFY.TEMPORARY_FAILURE,
    meaning: "Another exchange on the same SA is under way",
  },
  "child-not-found": {
    fault: "peer",
    notify: NOTIFY.CHILD_SA_NOT_FOUND,
    meaning: "The peer wants to rekey a Child SA that does not exist",
  },
  "no-additional-sas": {
    fault: "local",
    notify: NOTIFY.NO_ADDITIONAL_SAS,
    meaning: "No further Child SA is made on this IKE SA",
  },
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof REASONS;

/** A failed negotiation, or a failed part of one. Texts are for the log: peer's octets in them are escaped. */
export interface Failure {
  readonly code: Reason;
  readonly wanted?: string;
  readonly got?: string;
  readonly fix?: string;
  /** Body of the notification where the type has one: the method for INVALID_KE_PAYLOAD, a payload type, a version. */
  readonly data?: Uint8Array;
}

/** Who is at fault. */
export function faultOf(failure: Failure): Fault {
  return REASONS[failure.code].fault;
}

/** The error notification that tells the peer; undefined where it is told nothing. Total over all reasons. */
export function notifyFor(
  failure: Failure,
): { readonly type: number; readonly data: Uint8Array } | undefined {
  const type = REASONS[failure.code].notify;
  return type === null ? undefined : { type, data: failure.data ?? new Uint8Array(0) };
}
