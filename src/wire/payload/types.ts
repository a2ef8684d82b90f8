/**
 * The payloads of IKEv2 (RFC 7296 §3) as values.
 *
 * Numbers that IANA assigns stay numbers, so that unknown values survive decode and encode; `registry.ts` names them.
 * `critical` is the critical bit of the generic payload header (RFC 7296 §3.2).
 */
import type { IkeSpi } from "../../bytes/mod.ts";

/** Fixed header of every IKE message (RFC 7296 §3.1); `length` counts the whole message in octets. */
export interface Header {
  readonly spiI: IkeSpi;
  readonly spiR: IkeSpi;
  /** Payload type of the first payload. */
  readonly nextPayload: number;
  readonly majorVersion: number;
  readonly minorVersion: number;
  readonly exchange: number;
  readonly flags: HeaderFlags;
  readonly messageId: number;
  readonly length: number;
}

/** The three defined flags of the IKE header; the others are reserved and ignored. */
export interface HeaderFlags {
  /** Sent by the original initiator of the IKE SA. */
  readonly initiator: boolean;
  readonly response: boolean;
  /** Sender can speak a higher major version. */
  readonly higherVersion: boolean;
}

/** A message, its payloads in the order of the wire. */
export interface Message {
  readonly header: Header;
  readonly payloads: readonly Payload[];
}

/** One transform attribute (RFC 7296 §3.3.5): a number for the short form (TV), octets for the long one (TLV). */
export interface WireAttribute {
  readonly type: number;
  readonly value: number | Uint8Array;
}

/** One transform (RFC 7296 §3.3.2). */
export interface WireTransform {
  readonly type: number;
  readonly id: number;
  readonly attributes: readonly WireAttribute[];
}

/** One proposal (RFC 7296 §3.3.1). `spi` has 0, 4 or 8 octets. */
export interface WireProposal {
  readonly number: number;
  readonly protocol: number;
  readonly spi: Uint8Array;
  readonly transforms: readonly WireTransform[];
}

/** Addresses, protocol and ports of one traffic selector (RFC 7296 §3.13.1); start and end have 4 or 16 octets. */
export interface AddressSelector {
  readonly tsType: 7 | 8;
  readonly protocol: number;
  readonly startPort: number;
  readonly endPort: number;
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** A traffic selector of a type that this codec does not know, behind its type and length octets. */
export interface UnknownSelector {
  readonly tsType: number;
  /** The octet that for address selectors is the IP protocol. */
  readonly protocol: number;
  readonly data: Uint8Array;
}

export type WireSelector = AddressSelector | UnknownSelector;

/** One configuration attribute (RFC 7296 §3.15.1). */
export interface ConfigurationAttribute {
  readonly type: number;
  readonly data: Uint8Array;
}

interface Base<Type extends string> {
  readonly type: Type;
  readonly critical: boolean;
}

/** Security Association (§3.3). */
export interface SaPayload extends Base<"SA"> {
  readonly proposals: readonly WireProposal[];
}
/** Key Exchange (§3.4). */
export interface KePayload extends Base<"KE"> {
  readonly group: number;
  readonly data: Uint8Array;
}
/** Identification (§3.5). */
export interface IdPayload extends Base<"IDi" | "IDr"> {
  readonly idType: number;
  readonly data: Uint8Array;
  /** The 24 reserved bits where they are not 0: to be ignored, but AUTH covers them as they came (§2.15). */
  readonly reserved?: number;
}
/** Certificate (§3.6). */
export interface CertPayload extends Base<"CERT"> {
  readonly encoding: number;
  readonly data: Uint8Array;
}
/** Certificate Request (§3.7). */
export interface CertReqPayload extends Base<"CERTREQ"> {
  readonly encoding: number;
  readonly data: Uint8Array;
}
/** Authentication (§3.8). */
export interface AuthPayload extends Base<"AUTH"> {
  readonly method: number;
  readonly data: Uint8Array;
}
/** Nonce (§3.9): 16 to 256 octets. */
export interface NoncePayload extends Base<"Nonce"> {
  readonly data: Uint8Array;
}
/** Notify (§3.10); `notify/` has the bodies. */
export interface NotifyPayload extends Base<"N"> {
  readonly protocol: number;
  readonly spi: Uint8Array;
  readonly notifyType: number;
  readonly data: Uint8Array;
}
/** Delete (§3.11); every SPI has the same length, none for the IKE SA. */
export interface DeletePayload extends Base<"D"> {
  readonly protocol: number;
  readonly spis: readonly Uint8Array[];
}
/** Vendor ID (§3.12). */
export interface VendorIdPayload extends Base<"V"> {
  readonly data: Uint8Array;
}
/** Traffic Selectors (§3.13). */
export interface TsPayload extends Base<"TSi" | "TSr"> {
  readonly selectors: readonly WireSelector[];
}
/** Encrypted (§3.14): initialization vector, ciphertext and ICV as they came; always the last payload. */
export interface EncryptedPayload extends Base<"SK"> {
  /** Payload type of the first payload inside. */
  readonly firstPayload: number;
  readonly data: Uint8Array;
}
/** Encrypted Fragment (RFC 7383 §2.5). */
export interface EncryptedFragmentPayload extends Base<"SKF"> {
  /** Payload type of the first payload inside, in the first fragment; 0 in the others. */
  readonly firstPayload: number;
  /** Counts from 1. */
  readonly fragment: number;
  readonly total: number;
  readonly data: Uint8Array;
}
/** Configuration (§3.15). */
export interface ConfigurationPayload extends Base<"CP"> {
  readonly cfgType: number;
  readonly attributes: readonly ConfigurationAttribute[];
}
/** Extensible Authentication (§3.16): the EAP message. */
export interface EapPayload extends Base<"EAP"> {
  readonly data: Uint8Array;
}
/** A payload of a type that this codec does not know. */
export interface UnknownPayload extends Base<"unknown"> {
  readonly typeNumber: number;
  readonly data: Uint8Array;
}

export type Payload =
  | SaPayload
  | KePayload
  | IdPayload
  | CertPayload
  | CertReqPayload
  | AuthPayload
  | NoncePayload
  | NotifyPayload
  | DeletePayload
  | VendorIdPayload
  | TsPayload
  | EncryptedPayload
  | EncryptedFragmentPayload
  | ConfigurationPayload
  | EapPayload
  | UnknownPayload;
