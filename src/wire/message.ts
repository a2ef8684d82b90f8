/** Whole messages (RFC 7296 §3): header and chain of payloads, and the outer form of protected ones (§3.14). */
import { fail, ok, Reader, type Result, Writer } from "../bytes/mod.ts";
import { decoding, Malformed, type WireError } from "./error.ts";
import { emitHeader, HEADER_LENGTH, type HeaderFields, LENGTH_OFFSET, parseHeader } from "./header.ts";
import { emitChain, firstType, GENERIC_HEADER_LENGTH, parseChain } from "./payload/chain.ts";
import { FRAGMENT_HEADER_LENGTH } from "./payload/skf.ts";
import type { Header, Message, Payload } from "./payload/types.ts";
import { IKE_MAJOR_VERSION, PAYLOAD } from "./registry/message.ts";

/** As many payloads as could be read, for `decode` and logs: all of them, or those in front of the fault. */
export interface DecodedPayloads {
  readonly payloads: readonly Payload[];
  readonly error?: WireError;
}

/** As much of a message as could be read. */
export interface DecodedMessage extends DecodedPayloads {
  readonly header?: Header;
}

/**
 * One message from one datagram, without the non-ESP marker. Octets in the payloads are views of `octets`: copy what
 * outlives the datagram. SK and SKF stay closed; they are the last payload, so their data begins
 * `octets.length - data.length` octets into the message, and what is in front of it is authenticated with it.
 */
export function parseMessage(octets: Uint8Array): Result<Message, WireError> {
  const { header, payloads, error } = decodeMessage(octets);
  if (error !== undefined) return fail(error);
  return ok({ header: header!, payloads });
}

/** The same, but keeps what is in front of a fault. */
export function decodeMessage(octets: Uint8Array): DecodedMessage {
  const read = parseHeader(octets);
  if (!read.ok) return { payloads: [], error: read.error };
  const header = read.value;
  const checked = decoding(() => checkHeader(header, octets.length));
  if (!checked.ok && checked.error.code === "version") return { header, payloads: [], error: checked.error };
  const chain = octets.subarray(HEADER_LENGTH, header.length);
  const decoded = decodeChain(new Reader(chain, HEADER_LENGTH, "Message"), header.nextPayload);
  return checked.ok ? { header, ...decoded } : { header, payloads: decoded.payloads, error: checked.error };
}

/** Payloads and, where the chain is broken, what is in front of the break. */
function decodeChain(input: Reader, first: number): DecodedPayloads {
  const payloads: Payload[] = [];
  const chain = decoding(() => parseChain(input, first, payloads));
  return chain.ok ? { payloads } : { payloads, error: chain.error };
}

function checkHeader(header: Header, available: number): void {
  if (header.majorVersion !== IKE_MAJOR_VERSION) {
    const { majorVersion, minorVersion } = header;
    throw new Malformed("version", 17, `Version ${majorVersion}.${minorVersion}: only 2.x is spoken here`);
  }
  if (header.length > available) {
    throw new Malformed("truncated", available, `Message of ${header.length} octets, ${available} came`);
  }
  if (header.length < available) {
    throw new Malformed("length", header.length, `${available - header.length} octets behind the message`);
  }
}

/**
 * The payloads inside SK, once it is decrypted and unpadded. `first` is the `firstPayload` of SK. Octets in errors
 * count from the start of this plaintext. An SK within SK is malformed.
 */
export function parsePayloads(first: number, octets: Uint8Array): Result<Payload[], WireError> {
  const { payloads, error } = decodePayloads(first, octets);
  return error === undefined ? ok([...payloads]) : fail(error);
}

/** The same, but keeps what is in front of a fault. */
export function decodePayloads(first: number, octets: Uint8Array): DecodedPayloads {
  const decoded = decodeChain(new Reader(octets, 0, "Plaintext"), first);
  const last = decoded.payloads.at(-1);
  if (last?.type !== "SK" && last?.type !== "SKF") return decoded;
  const message = `${last.type} within an encrypted payload`;
  const octet = octets.length - last.data.length;
  return { payloads: decoded.payloads.slice(0, -1), error: { code: "syntax", octet, message } };
}

/** A message in the clear, or one whose last payload is an SK or SKF that is sealed already. */
export function emitMessage(fields: HeaderFields, payloads: readonly Payload[]): Uint8Array {
  const out = new Writer();
  emitHeader(fields, firstType(payloads), 0, out);
  emitChain(payloads, out);
  out.patchU32(LENGTH_OFFSET, out.length);
  return out.finish();
}

/** Payloads without an IKE header, and the type of the first (0 where there is none): the plaintext of SK. */
export function emitPayloads(payloads: readonly Payload[]): { firstPayload: number; octets: Uint8Array } {
  const out = new Writer();
  emitChain(payloads, out);
  return { firstPayload: firstType(payloads), octets: out.finish() };
}

/** What a protected message is made of; lengths in octets. */
export interface ProtectedLayout {
  readonly header: HeaderFields;
  /** Type of the first payload inside; 0 for none, and in fragments but the first. */
  readonly firstPayload: number;
  /** Initialization vector, ciphertext with padding, and ICV together. */
  readonly bodyLength: number;
  /** Makes it an SKF instead of an SK. */
  readonly fragment?: { readonly number: number; readonly total: number };
}

/** A protected message that has still to be sealed. */
export interface ProtectedMessage {
  /** The whole message; `bodyLength` zero octets at the end wait for IV, ciphertext and ICV. */
  readonly octets: Uint8Array;
  /** Where the IV begins. What is in front of it is the associated data of an AEAD (RFC 5282 §5.1). */
  readonly dataOffset: number;
}

/** Lays out header and SK or SKF header in one buffer with room for the rest, so that it can be sealed in place. */
export function emitProtected(layout: ProtectedLayout): ProtectedMessage {
  const { bodyLength, fragment } = layout;
  const payloadLength = GENERIC_HEADER_LENGTH + (fragment === undefined ? 0 : FRAGMENT_HEADER_LENGTH) +
    bodyLength;
  const length = HEADER_LENGTH + payloadLength;
  const out = new Writer(length);
  emitHeader(layout.header, fragment === undefined ? PAYLOAD.SK : PAYLOAD.SKF, length, out);
  out.u8(layout.firstPayload);
  out.u8(0);
  out.u16(payloadLength);
  if (fragment !== undefined) {
    out.u16(fragment.number);
    out.u16(fragment.total);
  }
  const dataOffset = out.length;
  out.zeros(bodyLength);
  return { octets: out.finish(), dataOffset };
}
