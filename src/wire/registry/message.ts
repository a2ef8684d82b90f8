/** Code points of the IKE header, the payload headers and the messages (RFC 7296 §3.1, §3.2). */
import { codePoints } from "./names.ts";

/** The version that this codec speaks: 2.0 (RFC 7296 §2.5). */
export const IKE_MAJOR_VERSION = 2;
/** Minor version that is sent. */
export const IKE_MINOR_VERSION = 0;

/** Bits of the flags octet (RFC 7296 §3.1). */
export const HEADER_FLAG = codePoints("flag", {
  /** Sent by the original initiator of the IKE SA. */
  INITIATOR: 0x08,
  /** The sender can speak a higher major version. */
  VERSION: 0x10,
  RESPONSE: 0x20,
});

/** Exchange types. */
export const EXCHANGE = codePoints("exchange", {
  IKE_SA_INIT: 34, // RFC 7296 §1.2
  IKE_AUTH: 35, // RFC 7296 §1.2
  CREATE_CHILD_SA: 36, // RFC 7296 §1.3
  INFORMATIONAL: 37, // RFC 7296 §1.4
  IKE_SESSION_RESUME: 38, // RFC 5723 §4.3.2
  GSA_AUTH: 39, // RFC 9838
  GSA_REGISTRATION: 40, // RFC 9838
  GSA_REKEY: 41, // RFC 9838
  GSA_INBAND_REKEY: 42, // RFC 9838
  IKE_INTERMEDIATE: 43, // RFC 9242
  IKE_FOLLOWUP_KE: 44, // RFC 9370 §2.2.4
});

/** Payload types, by the short names of RFC 7296 §3.2. */
export const PAYLOAD = codePoints("payload", {
  /** No next payload. */
  NONE: 0,
  SA: 33, // RFC 7296 §3.3
  KE: 34, // RFC 7296 §3.4
  IDi: 35, // RFC 7296 §3.5
  IDr: 36, // RFC 7296 §3.5
  CERT: 37, // RFC 7296 §3.6
  CERTREQ: 38, // RFC 7296 §3.7
  AUTH: 39, // RFC 7296 §3.8
  /** Ni, Nr. */
  Nonce: 40, // RFC 7296 §3.9
  N: 41, // RFC 7296 §3.10
  D: 42, // RFC 7296 §3.11
  V: 43, // RFC 7296 §3.12
  TSi: 44, // RFC 7296 §3.13
  TSr: 45, // RFC 7296 §3.13
  SK: 46, // RFC 7296 §3.14
  CP: 47, // RFC 7296 §3.15
  EAP: 48, // RFC 7296 §3.16
  /** Generic Secure Password Method. */
  GSPM: 49, // RFC 6467
  /** Group Identification. */
  IDg: 50, // RFC 9838
  /** Group Security Association. */
  GSA: 51, // RFC 9838
  /** Key Download. */
  KD: 52, // RFC 9838
  SKF: 53, // RFC 7383 §2.5
  /** Puzzle Solution. */
  PS: 54, // RFC 8019 §8.2
});

/** Security protocols (RFC 7296 §3.3.1, §3.10). */
export const PROTOCOL = codePoints("protocol", {
  /** A notify that concerns no SA. */
  NONE: 0,
  IKE: 1, // RFC 7296
  AH: 2, // RFC 7296
  ESP: 3, // RFC 7296
  FC_ESP_HEADER: 4, // RFC 4595
  FC_CT_AUTHENTICATION: 5, // RFC 4595
  GIKE_UPDATE: 6, // RFC 9838
});
