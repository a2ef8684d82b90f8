/**
 * What is asked of the holder of keys, in steps of the RFC's size. Values only: they cross a MessagePort.
 *
 * The holder keeps ephemeral private values, SK_d, SK_pi, SK_pr, PSKs and private keys; it hands out SK_e* and SK_a*
 * to the engine, and KEYMAT to the data path (by way of the engine, which transfers and does not keep it).
 */
import type { Branded, IkeSpi, SecretRef } from "../bytes/mod.ts";
import type { ChildSuite, IkeSuite } from "../crypto/suite.ts";

/** Names a pending key exchange at the holder. */
export type KeHandle = Branded<number, "KeHandle">;

/** Names SK_d, SK_pi and SK_pr of one IKE SA at the holder. */
export type SaHandle = Branded<number, "SaHandle">;

/** Our half of a key exchange: started before (`ke`), or to be made now because the peer's value is there. */
export type KeHalf = { readonly ke: KeHandle } | { readonly fresh: number };

/** Keys of the IKE SA that the engine uses on packets (RFC 7296 §2.14); `a*` empty with an AEAD. */
export interface SkKeys {
  readonly ei: Uint8Array;
  readonly er: Uint8Array;
  readonly ai: Uint8Array;
  readonly ar: Uint8Array;
}

/** Keys of one Child SA (RFC 7296 §2.17): those of the direction initiator to responder end in I. */
export interface ChildKeys {
  readonly encrI: Uint8Array;
  readonly integI: Uint8Array;
  readonly encrR: Uint8Array;
  readonly integR: Uint8Array;
}

/** Finish an exchange and derive the keys of an IKE SA (RFC 7296 §2.14, for a rekey §2.18). */
export interface FinishIke {
  readonly half: KeHalf;
  readonly suite: IkeSuite;
  readonly peerPublicValue: Uint8Array;
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  readonly spiI: IkeSpi;
  readonly spiR: IkeSpi;
  /** The IKE SA that this one replaces: its SK_d and prf enter SKEYSEED. */
  readonly rekeyOf?: SaHandle;
}

export interface FinishIkeResult {
  readonly sa: SaHandle;
  readonly sk: SkKeys;
  /** Our public value where `half` was fresh. */
  readonly publicValue?: Uint8Array;
}

/** Derive the keys of a Child SA (RFC 7296 §2.17). Nonces and key halves are those of the exchange that makes it. */
export interface DeriveChild {
  readonly suite: ChildSuite;
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  readonly pfs?: { readonly half: KeHalf; readonly peerPublicValue: Uint8Array };
}

export interface DeriveChildResult {
  readonly keys: ChildKeys;
  /** Our public value where the PFS half was fresh. */
  readonly publicValue?: Uint8Array;
}

/** The octets that AUTH covers, apart from MACed ID (RFC 7296 §2.15). */
export interface SignedOctets {
  /** First message of the signer, as it went over the wire, without non-ESP marker. */
  readonly message: Uint8Array;
  /** Nonce of the other side. */
  readonly nonce: Uint8Array;
  /** Body of the signer's ID payload: id type, three reserved octets, data. */
  readonly id: Uint8Array;
}

/**
 * IKE_AUTH at the holder: verify the peer's AUTH, make ours, derive the first Child SA, whichever is asked for, in
 * this order; nothing is made or derived once a verification failed.
 */
export interface Authenticate {
  readonly sa: SaHandle;
  readonly role: "initiator" | "responder";
  readonly verify?: {
    readonly method: number;
    readonly data: Uint8Array;
    readonly secret: SecretRef;
    readonly octets: SignedOctets;
  };
  readonly sign?: { readonly secret: SecretRef; readonly octets: SignedOctets };
  readonly child?: DeriveChild;
}

export interface AuthenticateResult {
  /** Our AUTH payload's method and data, where asked for. */
  readonly auth?: { readonly method: number; readonly data: Uint8Array };
  readonly child?: DeriveChildResult;
}

/** Why the holder did not do it. The peer is told none of the details (AUTHENTICATION_FAILED, or silence). */
export type KeysError =
  /** The peer's public value fails RFC 6989. */
  | { readonly code: "bad-public-value" }
  /** AUTH does not verify: wrong PSK, or altered messages. */
  | { readonly code: "bad-auth" }
  /** The peer's AUTH method is not the policy's. */
  | { readonly code: "wrong-method"; readonly wanted: number; readonly got: number }
  /** The handle or secret is not (or no longer) there. */
  | { readonly code: "unknown-handle" }
  /** No implementation of the algorithm. */
  | { readonly code: "unsupported" }
  /** The holder keeps as much as it may; what is there stays. */
  | { readonly code: "too-many" };
