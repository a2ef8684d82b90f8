/**
 * Netlink messages and attributes (RFC 3549 §2, linux/netlink.h), in the order of little-endian machines.
 *
 *     nlmsghdr: length (4), type (2), flags (2), sequence (4), port (4); then the body, padded to 4
 *     nlattr:   length (2), type (2); then the value, padded to 4
 */
import { concat } from "../../bytes/mod.ts";

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
export const NLM_F_DUMP_INTR = 0x10;
/** Of an error message: the request is not repeated in it. */
const NLM_F_CAPPED = 0x100;
/** Of an error message: attributes follow. */
const NLM_F_ACK_TLVS = 0x200;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;

const HEADER_LENGTH = 16;
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;
const NLMSGERR_ATTR_MSG = 1;

/** A request before the transport gave it a sequence number. */
export interface NetlinkRequest {
  readonly type: number;
  /** NLM_F_…; the transport adds NLM_F_REQUEST. */
  readonly flags: number;
  readonly body: Uint8Array;
}

/** A message from the kernel. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** Values of attributes by type; of several with one type the last. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

const align = (length: number): number => ((length + 3) & ~3) >>> 0;

/** One attribute, padded. */
export function attribute(type: number, value: Uint8Array): Uint8Array {
  const octets = new Uint8Array(align(4 + value.length));
  const view = new DataView(octets.buffer);
  view.setUint16(0, 4 + value.length, true);
  view.setUint16(2, type, true);
  octets.set(value, 4);
  return octets;
}

/** An attribute made of attributes; `flag` says so in its type, as newer parts of the kernel want. */
export function nested(type: number, values: readonly Uint8Array[], flag = false): Uint8Array {
  return attribute(flag ? type | NESTED : type, concat(...values));
}

/** An attribute of one octet. */
export function attributeU8(type: number, value: number): Uint8Array {
  return attribute(type, new Uint8Array([value]));
}

/** An attribute of 32 bits. */
export function attributeU32(type: number, value: number): Uint8Array {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, value, true);
  return attribute(type, octets);
}

/** An attribute that is a C string. */
export function attributeText(type: number, value: string): Uint8Array {
  return attribute(type, new TextEncoder().encode(value + "\0"));
}

/** The whole message. */
export function encodeRequest(request: NetlinkRequest, sequence: number): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(HEADER_LENGTH + align(request.body.length));
  const view = new DataView(octets.buffer);
  view.setUint32(0, HEADER_LENGTH + request.body.length, true);
  view.setUint16(4, request.type, true);
  view.setUint16(6, request.flags | NLM_F_REQUEST, true);
  view.setUint32(8, sequence, true);
  octets.set(request.body, HEADER_LENGTH);
  return octets;
}

/** The messages of one datagram; what comes after one with an impossible length is passed over. */
export function parseMessages(octets: Uint8Array): NetlinkMessage[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + HEADER_LENGTH <= octets.length;) {
    const length = view.getUint32(at, true);
    if (length < HEADER_LENGTH || at + length > octets.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: octets.subarray(at + HEADER_LENGTH, at + length),
    });
    at += align(length);
  }
  return messages;
}

/** Whether these messages fill a datagram of so many octets: nothing of it was passed over. */
export function isWhole(messages: readonly NetlinkMessage[], length: number): boolean {
  const filled = messages.reduce((sum, { body }) => sum + align(HEADER_LENGTH + body.length), 0);
  // Padding behind the last one may be left out.
  return filled >= length && filled - length < 4;
}

/** The attributes of a body from `from` on; what comes after one with an impossible length is passed over. */
export function parseAttributes(octets: Uint8Array, from = 0): Attributes {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const attributes = new Map<number, Uint8Array>();
  for (let at = from; at + 4 <= octets.length;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > octets.length) break;
    attributes.set(view.getUint16(at + 2, true) & TYPE_MASK, octets.subarray(at + 4, at + length));
    at += align(length);
  }
  return attributes;
}

/** An attribute's number of one, two or four octets; undefined where it is absent or of another length. */
export function numberOf(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  if (value.length === 4) return view.getUint32(0, true);
  if (value.length === 2) return view.getUint16(0, true);
  return value.length === 1 ? value[0] : undefined;
}

/** An attribute's text up to its zero octet. */
export function textOf(attributes: Attributes, type: number): string | undefined {
  const value = attributes.get(type);
  if (value === undefined) return undefined;
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
}

/** What an NLMSG_ERROR or NLMSG_DONE says: errno (0 is success) and the kernel's own words where it has some. */
export interface NetlinkOutcome {
  readonly errno: number;
  readonly text?: string;
}

/** Reads the outcome; undefined for any other message, or one cut short. */
export function parseOutcome(message: NetlinkMessage): NetlinkOutcome | undefined {
  const { type, flags, body } = message;
  if ((type !== NLMSG_ERROR && type !== NLMSG_DONE) || body.length < 4) {
    return type === NLMSG_DONE ? { errno: 0 } : undefined;
  }
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const errno = 0 - view.getInt32(0, true);
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno };
  let from = 4;
  if (type === NLMSG_ERROR) {
    if (body.length < 4 + HEADER_LENGTH) return { errno };
    from += (flags & NLM_F_CAPPED) !== 0 ? HEADER_LENGTH : align(view.getUint32(4, true));
  }
  const text = textOf(parseAttributes(body, from), NLMSGERR_ATTR_MSG);
  return text === undefined ? { errno } : { errno, text };
}
