import { addressBits, type Family, formatAddress, type IpAddress, parseAddress } from "./address.ts";

/** A network in CIDR notation (RFC 4632, RFC 4291 §2.3); host bits are kept as written. */
export interface Prefix {
  readonly address: IpAddress;
  /** Leading bits that count: 0 to 32 or 128. */
  readonly length: number;
}

/** Consecutive addresses of one family, both ends included. */
export interface AddressRange {
  readonly family: Family;
  readonly start: bigint;
  readonly end: bigint;
}

/** Ports, both ends included; 0 to 65535 is any. */
export interface PortRange {
  readonly start: number;
  readonly end: number;
}

/** Every port. */
export const ANY_PORT: PortRange = { start: 0, end: 65535 };

/** `ADDRESS` or `ADDRESS/LENGTH`; without a length the host alone. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = addressBits(address.family);
  if (slash < 0) return { address, length: bits };
  const tail = text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(tail) || Number(tail) > bits) return undefined;
  return { address, length: Number(tail) };
}

/** A prefix as text; a host is printed without its length. */
export function formatPrefix(prefix: Prefix): string {
  const host = prefix.length === addressBits(prefix.address.family);
  return host ? formatAddress(prefix.address) : `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** The addresses of a prefix. */
export function rangeOfPrefix(prefix: Prefix): AddressRange {
  const hostBits = BigInt(addressBits(prefix.address.family) - prefix.length);
  const start = (prefix.address.value >> hostBits) << hostBits;
  return { family: prefix.address.family, start, end: start | ((1n << hostBits) - 1n) };
}

/** The one address as a range. */
export function rangeOfAddress(address: IpAddress): AddressRange {
  return { family: address.family, start: address.value, end: address.value };
}

/** Every address of a family. */
export function wholeRange(family: Family): AddressRange {
  return { family, start: 0n, end: (1n << BigInt(addressBits(family))) - 1n };
}

/** The fewest prefixes that together are exactly this range, in ascending order. */
export function prefixesOfRange(range: AddressRange): Prefix[] {
  const bits = addressBits(range.family);
  const prefixes: Prefix[] = [];
  let at = range.start;
  while (at <= range.end) {
    let host = 0n;
    while (
      host < BigInt(bits) && (at & ((1n << (host + 1n)) - 1n)) === 0n &&
      at + (1n << (host + 1n)) - 1n <= range.end
    ) host++;
    prefixes.push({ address: { family: range.family, value: at }, length: bits - Number(host) });
    at += 1n << host;
  }
  return prefixes;
}

/** A range as text: a prefix where it is one, else `FIRST-LAST`. */
export function formatRange(range: AddressRange): string {
  const [first, ...more] = prefixesOfRange(range);
  if (first !== undefined && more.length === 0) return formatPrefix(first);
  const end = formatAddress({ family: range.family, value: range.end });
  return `${formatAddress({ family: range.family, value: range.start })}-${end}`;
}

/** Whether the address lies in the range. */
export function rangeHolds(range: AddressRange, address: IpAddress): boolean {
  return range.family === address.family && range.start <= address.value && address.value <= range.end;
}

/** Whether `outer` has every address of `inner`. */
export function rangeCovers(outer: AddressRange, inner: AddressRange): boolean {
  return outer.family === inner.family && outer.start <= inner.start && inner.end <= outer.end;
}

/** The addresses that both have; undefined where there are none. */
export function intersectRanges(a: AddressRange, b: AddressRange): AddressRange | undefined {
  if (a.family !== b.family) return undefined;
  const start = a.start > b.start ? a.start : b.start;
  const end = a.end < b.end ? a.end : b.end;
  return start <= end ? { family: a.family, start, end } : undefined;
}
