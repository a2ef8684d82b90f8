/**
 * Distinguished names (RFC 5280 §4.1.2.4) between the text of iked.conf(5), `/C=DE/O=Example/CN=gw`, and DER.
 */
import { concat } from "../bytes/mod.ts";
import { derElements } from "./der.ts";

/** Attribute types that have a name here, with their object identifiers; longer texts are IA5 or UTF-8 strings. */
const ATTRIBUTES: readonly (readonly [name: string, oid: string, tag: number])[] = [
  ["CN", "2.5.4.3", 0x0c],
  ["SN", "2.5.4.4", 0x0c],
  ["serialNumber", "2.5.4.5", 0x13],
  ["C", "2.5.4.6", 0x13],
  ["L", "2.5.4.7", 0x0c],
  ["ST", "2.5.4.8", 0x0c],
  ["street", "2.5.4.9", 0x0c],
  ["O", "2.5.4.10", 0x0c],
  ["OU", "2.5.4.11", 0x0c],
  ["title", "2.5.4.12", 0x0c],
  ["GN", "2.5.4.42", 0x0c],
  ["UID", "0.9.2342.19200300.100.1.1", 0x0c],
  ["DC", "0.9.2342.19200300.100.1.25", 0x16],
  ["emailAddress", "1.2.840.113549.1.9.1", 0x16],
];
const COMMON_NAME = "2.5.4.3";
const UTF8_STRING = 0x0c, SEQUENCE = 0x30, SET = 0x31, OBJECT_IDENTIFIER = 0x06;

/** One attribute of a name: type as a dotted object identifier, and the string. */
interface Attribute {
  readonly oid: string;
  readonly value: string;
}

function tlv(tag: number, body: Uint8Array): Uint8Array {
  const length = body.length;
  if (length < 0x80) return concat(Uint8Array.of(tag, length), body);
  if (length < 0x100) return concat(Uint8Array.of(tag, 0x81, length), body);
  return concat(Uint8Array.of(tag, 0x82, length >> 8, length & 255), body);
}

function encodeOid(oid: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = oid.split(".").map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) {
      groups.unshift((more % 128) | 0x80);
    }
    octets.push(...groups);
  }
  return Uint8Array.from(octets);
}

function decodeOid(octets: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of octets) {
    arc = arc * 128 + (octet & 127);
    if (octet < 128) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const first = arcs.shift() ?? 0;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...arcs].join(".");
}

/** Octets that the name in DER may have: far above any real one, and what two length octets hold. */
const MAX_LENGTH = 8192;

/** The DER of a name in text; a `/` inside a value is written `\/`. Undefined where it is not of that form. */
export function encodeDistinguishedName(text: string): Uint8Array | undefined {
  if (!text.startsWith("/") || text.length > MAX_LENGTH) return undefined;
  const parts: Uint8Array[] = [];
  for (const part of text.slice(1).match(/(?:\\.|[^/\\])+/g) ?? []) {
    const equals = part.indexOf("=");
    const [name, value] = [part.slice(0, equals), part.slice(equals + 1).replace(/\\(.)/g, "$1")];
    const known = ATTRIBUTES.find(([one]) => one.toLowerCase() === name.toLowerCase());
    if (equals < 1 || value === "") return undefined;
    if (known === undefined && !/^[0-2](\.(0|[1-9][0-9]{0,9})){1,12}$/.test(name)) return undefined;
    const [, oid, tag] = known ?? [name, name, UTF8_STRING];
    const string = tlv(tag, new TextEncoder().encode(value));
    parts.push(tlv(SET, tlv(SEQUENCE, concat(tlv(OBJECT_IDENTIFIER, encodeOid(oid)), string))));
  }
  if (parts.length === 0) return undefined;
  const body = concat(...parts);
  return body.length > MAX_LENGTH ? undefined : tlv(SEQUENCE, body);
}

function attributesOf(der: Uint8Array): Attribute[] | undefined {
  const name = der.length <= MAX_LENGTH + 4 ? derElements(der) : undefined;
  if (name?.length !== 1 || name[0]!.tag !== SEQUENCE) return undefined;
  const attributes: Attribute[] = [];
  for (const set of derElements(name[0]!.body) ?? []) {
    for (const pair of derElements(set.body) ?? []) {
      const [type, value] = derElements(pair.body) ?? [];
      if (type?.tag !== OBJECT_IDENTIFIER || value === undefined) return undefined;
      const wide = value.tag === 0x1e ? "utf-16be" : "utf-8";
      attributes.push({ oid: decodeOid(type.body), value: new TextDecoder(wide).decode(value.body) });
    }
  }
  return attributes.length > 0 ? attributes : undefined;
}

/** A name in DER as text; undefined where it is no name. Control characters are shown as `?`. */
export function formatDistinguishedName(der: Uint8Array): string | undefined {
  const attributes = attributesOf(der);
  return attributes?.map(({ oid, value }) => {
    const name = ATTRIBUTES.find(([, one]) => one === oid)?.[0] ?? oid;
    return `/${name}=${value.replace(/\p{Cc}/gu, "?").replace(/[\\/]/g, "\\$&")}`;
  }).join("");
}

/** The first common name in a name in DER; undefined where there is none. Control characters are shown as `?`. */
export function commonNameOf(der: Uint8Array): string | undefined {
  const named = attributesOf(der)?.find(({ oid }) => oid === COMMON_NAME);
  return named?.value.replace(/\p{Cc}/gu, "?");
}

/** A text that two names have in common exactly when they are the same; undefined where it is no name. */
export function canonicalDistinguishedName(der: Uint8Array): string | undefined {
  const attributes = attributesOf(der);
  if (attributes === undefined) return undefined;
  return JSON.stringify(
    attributes.map(({ oid, value }) => [oid, value.trim().replace(/\s+/g, " ").toLowerCase()]),
  );
}

/** Whether two names are the same by RFC 5280 §7.1: whatever string type, letter case and number of blanks. */
export function sameDistinguishedName(a: Uint8Array, b: Uint8Array): boolean {
  const left = canonicalDistinguishedName(a);
  return left !== undefined && left === canonicalDistinguishedName(b);
}
