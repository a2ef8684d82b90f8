/** Identities in the text of iked.conf(5) and as ID payloads carry them (RFC 7296 §3.5). */
import { ascii, sameOctets, toHex } from "../bytes/mod.ts";
import { addressFromOctets, addressToOctets, formatAddress, parseAddress } from "../ip/mod.ts";
import { ID_TYPE, nameOf } from "../wire/registry.ts";
import {
  canonicalDistinguishedName,
  encodeDistinguishedName,
  formatDistinguishedName,
  sameDistinguishedName,
} from "./distinguished_name.ts";
import type { Identity } from "./types.ts";

const utf8 = new TextDecoder();

/**
 * The identity that a `srcid` or `dstid` names, its type by its form: `/…` is a distinguished name, then IPv4, IPv6,
 * with `@` a mailbox, else a domain name. Undefined: it starts with a slash and is no name, or is empty.
 */
export function parseIdentity(text: string): Identity | undefined {
  if (text.startsWith("/")) {
    const data = encodeDistinguishedName(text);
    return data && { type: ID_TYPE.ID_DER_ASN1_DN, data };
  }
  const address = parseAddress(text);
  if (address !== undefined) {
    const type = address.family === 4 ? ID_TYPE.ID_IPV4_ADDR : ID_TYPE.ID_IPV6_ADDR;
    return { type, data: addressToOctets(address) };
  }
  if (text === "" || text.length > 1024) return undefined;
  return { type: text.includes("@") ? ID_TYPE.ID_RFC822_ADDR : ID_TYPE.ID_FQDN, data: ascii(text) };
}

/** An identity for people: what `parseIdentity` reads, where it has such a form. Never control characters. */
export function formatIdentity({ type, data }: Identity): string {
  switch (type) {
    case ID_TYPE.ID_IPV4_ADDR:
    case ID_TYPE.ID_IPV6_ADDR: {
      const address = addressFromOctets(data);
      if (address !== undefined) return formatAddress(address);
      break;
    }
    case ID_TYPE.ID_FQDN:
    case ID_TYPE.ID_RFC822_ADDR:
      return utf8.decode(data.subarray(0, 1024)).replace(/\p{Cc}/gu, "?");
    case ID_TYPE.ID_DER_ASN1_DN: {
      const name = formatDistinguishedName(data);
      if (name !== undefined) return name;
      break;
    }
  }
  return `${nameOf(ID_TYPE, type)}:${toHex(data.subarray(0, 64))}`;
}

/** Whether both name the same: domain names without regard to case, distinguished names by RFC 5280 §7.1. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  if (a.type !== b.type) return false;
  if (sameOctets(a.data, b.data)) return true;
  if (a.type === ID_TYPE.ID_DER_ASN1_DN) return sameDistinguishedName(a.data, b.data);
  return a.type === ID_TYPE.ID_FQDN && formatIdentity(a).toLowerCase() === formatIdentity(b).toLowerCase();
}

/** A key that two identities have in common where `sameIdentity` holds. */
export function identityKey(identity: Identity): string {
  const { type, data } = identity;
  switch (type) {
    case ID_TYPE.ID_FQDN:
      return `${type} ${formatIdentity(identity).toLowerCase()}`;
    case ID_TYPE.ID_DER_ASN1_DN:
      return `${type} ${canonicalDistinguishedName(data) ?? toHex(data)}`;
    default:
      return `${type} ${toHex(data)}`;
  }
}
