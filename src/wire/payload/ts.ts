/**
 * Traffic Selector payloads (RFC 7296 §3.13).
 * ```
 *  | Number of TSs |                 RESERVED (24)                 |
 *  ~                       Traffic Selectors                       ~
 *
 *  |   TS Type     |IP Protocol ID*|       Selector Length         |
 *  |           Start Port*         |           End Port*           |
 *  ~                         Starting Address*                     ~
 *  ~                         Ending Address*                       ~
 * ```
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import { Malformed } from "../error.ts";
import { TS_TYPE } from "../registry/configuration.ts";
import type { AddressSelector, TsPayload, UnknownSelector, WireSelector } from "./types.ts";

/** Octets of type, protocol and length. */
const SELECTOR_HEADER_LENGTH = 4;

export function parseTs(type: "TSi" | "TSr", body: Reader, critical: boolean): TsPayload {
  const { octet } = body;
  const count = body.u8();
  body.take(3);
  if (count === 0) throw new Malformed("syntax", octet, `${type} has no traffic selector`);
  const selectors: WireSelector[] = [];
  for (let i = 0; i < count; i++) selectors.push(parseSelector(body));
  if (body.remaining > 0) {
    throw new Malformed(
      "length",
      body.octet,
      `${body.remaining} octets behind the ${count} selectors of ${type}`,
    );
  }
  return { type, critical, selectors };
}

export function emitTs(payload: TsPayload, out: Writer): void {
  out.u8(payload.selectors.length);
  out.zeros(3);
  for (const selector of payload.selectors) emitSelector(selector, out);
}

/** Whether the selector is a range of IPv4 or IPv6 addresses. */
export function isAddressSelector(selector: WireSelector): selector is AddressSelector {
  return selector.tsType === TS_TYPE.TS_IPV4_ADDR_RANGE || selector.tsType === TS_TYPE.TS_IPV6_ADDR_RANGE;
}

function parseSelector(body: Reader): WireSelector {
  const { octet } = body;
  const tsType = body.u8();
  const protocol = body.u8();
  const length = body.u16();
  if (length < SELECTOR_HEADER_LENGTH) {
    throw new Malformed(
      "length",
      octet + 2,
      `Traffic selector of ${length} octets is shorter than its header`,
    );
  }
  const rest = body.sub(length - SELECTOR_HEADER_LENGTH, "Traffic selector");
  if (tsType === TS_TYPE.TS_IPV4_ADDR_RANGE) return parseRange(tsType, protocol, rest, 4);
  if (tsType === TS_TYPE.TS_IPV6_ADDR_RANGE) return parseRange(tsType, protocol, rest, 16);
  return { tsType, protocol, data: rest.rest() } satisfies UnknownSelector;
}

function parseRange(tsType: 7 | 8, protocol: number, rest: Reader, addressLength: 4 | 16): AddressSelector {
  const { octet, remaining } = rest;
  const expected = 4 + 2 * addressLength;
  if (remaining !== expected) {
    const message =
      `Traffic selector of type ${tsType} has ${remaining} octets behind its header: ${expected} expected`;
    throw new Malformed("length", octet - 2, message);
  }
  const startPort = rest.u16();
  const endPort = rest.u16();
  const start = rest.take(addressLength);
  const end = rest.take(addressLength);
  // 65535 to 0 is OPAQUE: no port could be seen (RFC 7296 §3.13.1, RFC 4301 §4.4.1.1).
  if (startPort > endPort && !(startPort === 0xffff && endPort === 0)) {
    throw new Malformed(
      "syntax",
      octet,
      `Traffic selector's ports ${startPort} to ${endPort} are in reverse order`,
    );
  }
  if (isBehind(start, end)) {
    throw new Malformed("syntax", octet + 4, "Traffic selector's addresses are in reverse order");
  }
  return { tsType, protocol, startPort, endPort, start, end };
}

function isBehind(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! > b[i]!;
  return false;
}

function emitSelector(selector: WireSelector, out: Writer): void {
  out.u8(selector.tsType);
  out.u8(selector.protocol);
  if (!isAddressSelector(selector)) {
    out.u16(SELECTOR_HEADER_LENGTH + selector.data.length);
    out.octets(selector.data);
    return;
  }
  const addressLength = selector.tsType === TS_TYPE.TS_IPV4_ADDR_RANGE ? 4 : 16;
  if (selector.start.length !== addressLength || selector.end.length !== addressLength) {
    throw new RangeError(
      `Traffic selector of type ${selector.tsType} needs addresses of ${addressLength} octets`,
    );
  }
  out.u16(SELECTOR_HEADER_LENGTH + 4 + 2 * addressLength);
  out.u16(selector.startPort);
  out.u16(selector.endPort);
  out.octets(selector.start);
  out.octets(selector.end);
}
