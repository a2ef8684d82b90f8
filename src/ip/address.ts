/** IP version. */
export type Family = 4 | 6;

/** An IPv4 or IPv6 address: family and the address as an unsigned integer of 32 or 128 bits. */
export interface IpAddress {
  readonly family: Family;
  readonly value: bigint;
}

/** Bits of an address of this family. */
export function addressBits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** Octets of an address of this family. */
export function addressLength(family: Family): 4 | 16 {
  return family === 4 ? 4 : 16;
}

/** The address whose octets, in network order, these are; 4 of them are IPv4, 16 IPv6, else undefined. */
export function addressFromOctets(octets: Uint8Array): IpAddress | undefined {
  if (octets.length !== 4 && octets.length !== 16) return undefined;
  let value = 0n;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  for (let at = 0; at < octets.length; at += 4) value = (value << 32n) | BigInt(view.getUint32(at));
  return { family: octets.length === 4 ? 4 : 6, value };
}

/** The octets of an address in network order: 4 or 16. */
export function addressToOctets(address: IpAddress): Uint8Array {
  const octets = new Uint8Array(addressLength(address.family));
  const view = new DataView(octets.buffer);
  let rest = address.value;
  for (let at = octets.length - 4; at >= 0; at -= 4) {
    view.setUint32(at, Number(rest & 0xffff_ffffn));
    rest >>= 32n;
  }
  return octets;
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part)) return undefined;
    const octet = Number(part);
    if (octet > 255) return undefined;
    value = value * 256 + octet;
  }
  return BigInt(value);
}

function parseGroups(text: string): bigint[] | undefined {
  if (text === "") return [];
  const groups: bigint[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes(".")) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      groups.push(v4 >> 16n, v4 & 0xffffn);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(BigInt(`0x${part}`));
    }
  }
  return groups;
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!);
  if (head === undefined) return undefined;
  let groups = head;
  if (halves.length === 2) {
    const tail = parseGroups(halves[1]!);
    if (tail === undefined || halves[0]!.includes(".")) return undefined;
    const gap = 8 - head.length - tail.length;
    if (gap < 1) return undefined;
    groups = [...head, ...new Array<bigint>(gap).fill(0n), ...tail];
  }
  if (groups.length !== 8) return undefined;
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** An address in text: dotted quad (RFC 791), or RFC 4291 §2.2 including `::` and an embedded dotted quad. */
export function parseAddress(text: string): IpAddress | undefined {
  if (text.includes(":")) {
    const value = parseV6(text);
    return value === undefined ? undefined : { family: 6, value };
  }
  const value = parseV4(text);
  return value === undefined ? undefined : { family: 4, value };
}

function formatV6(value: bigint): string {
  if (value >> 32n === 0xffffn) return `::ffff:${formatAddress({ family: 4, value: value & 0xffff_ffffn })}`;
  const groups: string[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(((value >> shift) & 0xffffn).toString(16));
  let from = -1, length = 0;
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === "0") end++;
    if (end - start > length) [from, length] = [start, end - start];
  }
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, from).join(":")}::${groups.slice(from + length).join(":")}`;
}

/** An address as text; IPv6 in the form of RFC 5952. */
export function formatAddress(address: IpAddress): string {
  if (address.family === 6) return formatV6(address.value);
  const v = Number(address.value);
  return `${v >>> 24}.${(v >>> 16) & 255}.${(v >>> 8) & 255}.${v & 255}`;
}

/** Whether both are the same address of the same family. */
export function sameAddress(a: IpAddress, b: IpAddress): boolean {
  return a.family === b.family && a.value === b.value;
}

/** 0.0.0.0 or :: */
export function unspecified(family: Family): IpAddress {
  return { family, value: 0n };
}

/** Whether this is 0.0.0.0 or ::. */
export function isUnspecified(address: IpAddress): boolean {
  return address.value === 0n;
}
