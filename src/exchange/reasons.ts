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
  /** What the log line says was wanted and came instead, where the place of the failure knows nothing closer. */
  readonly wanted: string;
  readonly got: string;
  /** What usually helps, for whoever runs iked. */
  readonly fix: string;
}

export const REASONS = {
  "no-policy": {
    fault: "policy",
    notify: NOTIFY.NO_PROPOSAL_CHOSEN,
    meaning: "No policy of ours is for this peer's address",
    wanted: "a policy for this address",
    got: "none",
    fix: "write a policy whose `peer` (and `local`) has this address",
  },
  "no-ike-proposal": {
    fault: "policy",
    notify: NOTIFY.NO_PROPOSAL_CHOSEN,
    meaning: "No proposal for the IKE SA suits both sides",
    wanted: "an IKE proposal of ours",
    got: "none of them",
    fix: "give both sides an `ikesa` line with common algorithms",
  },
  "wrong-ke-method": {
    fault: "policy",
    notify: NOTIFY.INVALID_KE_PAYLOAD,
    meaning:
      "The peer guessed a key exchange method that the chosen proposal does not have, and was asked for another",
    wanted: "KE of the chosen method",
    got: "KE of another method",
    fix: "nothing: the peer tries again; put its group first in `ikesa` to save the round trip",
  },
  "ke-loop": {
    fault: "peer",
    notify: null,
    meaning:
      "The peer asked again and again for another key exchange method, or for one that we did not offer",
    wanted: "an answer to our KE",
    got: "another INVALID_KE_PAYLOAD",
    fix: "give both sides a common `group` in `ikesa`",
  },
  "cookie-loop": {
    fault: "peer",
    notify: null,
    meaning: "The peer asked again and again for a cookie",
    wanted: "an answer to our cookie",
    got: "another COOKIE",
    fix: "see whether something on the path alters messages",
  },
  "bad-public-value": {
    fault: "peer",
    notify: NOTIFY.INVALID_SYNTAX,
    meaning: "The peer's key exchange value fails the tests of RFC 6989",
    wanted: "a public value as RFC 6989 asks",
    got: "another",
    fix: "report it to the maker of the peer, or see who is on the path",
  },
  "auth-failed": {
    fault: "policy",
    notify: NOTIFY.AUTHENTICATION_FAILED,
    meaning: "The peer's AUTH payload does not verify: usually the two ends have different pre-shared keys",
    wanted: "AUTH made with our pre-shared key",
    got: "another",
    fix: "write the same `psk` on both sides",
  },
  "auth-method": {
    fault: "policy",
    notify: NOTIFY.AUTHENTICATION_FAILED,
    meaning: "The peer authenticates itself by a method that the policy does not allow",
    wanted: "the authentication method of the policy",
    got: "another",
    fix: "let both sides authenticate by the same method (`psk`)",
  },
  "wrong-id": {
    fault: "policy",
    notify: NOTIFY.AUTHENTICATION_FAILED,
    meaning: "The peer's identity is not the one that the policy expects",
    wanted: "an identity of a policy",
    got: "another",
    fix: "write the peer's `srcid` as our `dstid`, and ours as its",
  },
  "refused-auth": {
    fault: "policy",
    notify: null,
    meaning: "The peer refused our authentication: pre-shared key or identity is not what it expects",
    wanted: "to be authenticated",
    got: "AUTHENTICATION_FAILED",
    fix: "compare `psk`, `srcid` and `dstid` with the peer's settings; its log says more",
  },
  "refused-ike": {
    fault: "policy",
    notify: null,
    meaning: "The peer refused to make an IKE SA: usually no proposal of ours suits it",
    wanted: "an IKE SA",
    got: "an error notification",
    fix: "compare `ikesa` with the peer's settings; its log says more",
  },
  "no-child-proposal": {
    fault: "policy",
    notify: NOTIFY.NO_PROPOSAL_CHOSEN,
    meaning: "No proposal for the Child SA suits both sides",
    wanted: "a Child SA proposal of ours",
    got: "none of them",
    fix: "give both sides a `childsa` line with common algorithms",
  },
  "no-selectors": {
    fault: "policy",
    notify: NOTIFY.TS_UNACCEPTABLE,
    meaning: "The traffic selectors of the two sides have nothing in common",
    wanted: "traffic selectors of the policy",
    got: "others",
    fix: "make `from` and `to` of the two sides mirror each other",
  },
  "mode-mismatch": {
    fault: "policy",
    notify: NOTIFY.NO_PROPOSAL_CHOSEN,
    meaning: "One side wants transport mode, the other tunnel mode",
    wanted: "the mode of the policy",
    got: "the other mode",
    fix: "write `tunnel` or `transport` on both sides",
  },
  "ah-nat": {
    fault: "policy",
    notify: NOTIFY.NO_PROPOSAL_CHOSEN,
    meaning:
      "AH protects the addresses, which the NAT on the path changes, and does not go into UDP (RFC 3715)",
    wanted: "a path without NAT",
    got: "one with NAT, or a peer that wants UDP encapsulation",
    fix: "write `esp` with `childsa enc null auth …` on both sides: that passes a NAT",
  },
  "nat-conflict": {
    fault: "policy",
    notify: NOTIFY.TS_UNACCEPTABLE,
    meaning: "Another peer behind the same NAT has the same traffic in transport mode (RFC 3948 §5.2)",
    wanted: "traffic in transport mode that no other peer at this address has",
    got: "the traffic of another one",
    fix: "write `tunnel` on both sides, or give each peer behind the NAT ports of its own",
  },
  "refused-child": {
    fault: "policy",
    notify: null,
    meaning: "The peer refused the Child SA; the IKE SA stays",
    wanted: "a Child SA",
    got: "an error notification",
    fix: "compare `childsa`, `from` and `to` with the peer's settings; its log says more",
  },
  "bad-response": {
    fault: "peer",
    notify: NOTIFY.INVALID_SYNTAX,
    meaning: "The peer accepted something that we did not propose",
    wanted: "one of our proposals",
    got: "another",
    fix: "report it to the maker of the peer",
  },
  "malformed": {
    fault: "peer",
    notify: NOTIFY.INVALID_SYNTAX,
    meaning: "An authentic message breaks the rules of its exchange or cannot be parsed",
    wanted: "a message as RFC 7296 has it",
    got: "another",
    fix: "report it to the maker of the peer",
  },
  "refused-syntax": {
    fault: "local",
    notify: null,
    meaning: "The peer took a message of ours for malformed, which ends the IKE SA on both sides",
    wanted: "an answer",
    got: "INVALID_SYNTAX",
    fix: "report it to the makers of both ends, with the peer's log",
  },
  "unsupported-critical": {
    fault: "peer",
    notify: NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD,
    meaning: "A payload that we do not know is marked critical",
    wanted: "critical payloads that we know",
    got: "another",
    fix: "turn off the extension at the peer",
  },
  "major-version": {
    fault: "peer",
    notify: NOTIFY.INVALID_MAJOR_VERSION,
    meaning: "The peer speaks a later major version of IKE",
    wanted: "major version 2",
    got: "a later one",
    fix: "let the peer use IKEv2",
  },
  "timeout": {
    fault: "peer",
    notify: null,
    meaning: "The peer did not answer in spite of all retransmissions",
    wanted: "an answer",
    got: "none",
    fix: "see whether the peer runs and UDP 500 and 4500 reach it",
  },
  "half-open-timeout": {
    fault: "peer",
    notify: null,
    meaning: "The peer began a negotiation and did not finish it",
    wanted: "IKE_AUTH",
    got: "none",
    fix: "see whether our answers reach the peer: UDP 500 and 4500, fragments",
  },
  "overload": {
    fault: "local",
    notify: null,
    meaning: "Too many unfinished negotiations, of all peers or of this address: a new one is not taken",
    wanted: "room for another IKE SA",
    got: "none",
    fix: "see who sends so many requests; a flood is answered with cookies",
  },
  "no-route": {
    fault: "local",
    notify: null,
    meaning: "No address of ours leads to the peer",
    wanted: "a source address",
    got: "none",
    fix: "add a route to the peer, or an address of its family",
  },
  "keys": {
    fault: "local",
    notify: NOTIFY.NO_PROPOSAL_CHOSEN,
    meaning: "The holder of keys could not do what was asked: a secret or an algorithm is missing",
    wanted: "keys",
    got: "none",
    fix: "see the lines of the log before this one; the secret or algorithm is not there",
  },
  "keys-full": {
    fault: "local",
    notify: NOTIFY.TEMPORARY_FAILURE,
    meaning: "The holder of keys keeps as many as it may; what is there stays",
    wanted: "room for another key",
    got: "none",
    fix: "see who begins so many negotiations; those that are not finished go by themselves",
  },
  "datapath": {
    fault: "local",
    notify: NOTIFY.NO_ADDITIONAL_SAS,
    meaning: "The data path refused to install the Child SA",
    wanted: "a Child SA in the data path",
    got: "none",
    fix: "see what the data path says",
  },
  "temporary": {
    fault: "local",
    notify: NOTIFY.TEMPORARY_FAILURE,
    meaning: "Another exchange on the same SA is under way",
    wanted: "an SA without another exchange under way",
    got: "a busy one",
    fix: "nothing: the peer tries again",
  },
  "child-not-found": {
    fault: "peer",
    notify: NOTIFY.CHILD_SA_NOT_FOUND,
    meaning: "The peer wants to rekey a Child SA that does not exist",
    wanted: "a Child SA that exists",
    got: "the SPI of none",
    fix: "nothing: the peer makes a new one",
  },
  "no-additional-sas": {
    fault: "local",
    notify: NOTIFY.NO_ADDITIONAL_SAS,
    meaning: "No further Child SA is made on this IKE SA",
    wanted: "room for another Child SA",
    got: "none",
    fix: "nothing: the peer makes a new IKE SA",
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
