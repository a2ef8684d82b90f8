/** RTM_…ADDR: addresses of devices (linux/if_addr.h). `ifaddrmsg`: family, prefix length, flags, scope, index (4). */
import { concat } from "../../bytes/mod.ts";
import { addressFromOctets, addressToOctets, type IpAddress, type Prefix } from "../../ip/mod.ts";
import { FAMILY_NUMBER } from "./family.ts";
import {
  attribute,
  attributeU32,
  type NetlinkMessage,
  type NetlinkRequest,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  numberOf,
  parseAttributes,
} from "./message.ts";

const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;

export const IFA_F_NODAD = 0x02;
const IFA_F_DADFAILED = 0x08;
const IFA_F_DEPRECATED = 0x20;
const IFA_F_TENTATIVE = 0x40;
export const IFA_F_NOPREFIXROUTE = 0x200;
const MESSAGE_LENGTH = 8;

/** An address that the host has. */
export interface HostAddress {
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** Interface index. */
  readonly index: number;
  /** 0 global, 253 link, 254 host (RT_SCOPE_…). */
  readonly scope: number;
  /** May be used as a source now: not tentative, not failed, not deprecated (RFC 4862 §5.4, 5.5.4). */
  readonly usable: boolean;
}

function body(index: number, prefix: Prefix, flags: number): Uint8Array {
  const { family } = prefix.address;
  const head = new Uint8Array(MESSAGE_LENGTH);
  head[0] = FAMILY_NUMBER[family];
  head[1] = prefix.length;
  head[2] = flags & 255;
  new DataView(head.buffer).setUint32(4, index, true);
  const octets = addressToOctets(prefix.address);
  const parts = [head, attribute(IFA_LOCAL, octets), attribute(IFA_ADDRESS, octets)];
  if (flags > 255) parts.push(attributeU32(IFA_FLAGS, flags));
  return concat(...parts);
}

/** Gives a device an address; the prefix's length says what is on its link. `flags` are IFA_F_…. */
export function newAddress(index: number, prefix: Prefix, flags = 0): NetlinkRequest {
  return {
    type: RTM_NEWADDR,
    flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    body: body(index, prefix, flags),
  };
}

/** Takes the address away again. */
export function deleteAddress(index: number, prefix: Prefix): NetlinkRequest {
  return { type: RTM_DELADDR, flags: NLM_F_ACK, body: body(index, prefix, 0) };
}

/** Asks for the addresses of all devices, both families. */
export function dumpAddresses(): NetlinkRequest {
  return { type: RTM_GETADDR, flags: NLM_F_DUMP, body: new Uint8Array(MESSAGE_LENGTH) };
}

/** The address that an RTM_NEWADDR tells of. */
export function parseAddress(message: NetlinkMessage): HostAddress | undefined {
  const { type, body } = message;
  if (type !== RTM_NEWADDR || body.length < MESSAGE_LENGTH) return undefined;
  const attributes = parseAttributes(body, MESSAGE_LENGTH);
  // On a point-to-point link IFA_ADDRESS is the peer's; IFA_LOCAL is ours wherever it is given.
  const octets = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  const address = octets === undefined ? undefined : addressFromOctets(octets);
  if (address === undefined || FAMILY_NUMBER[address.family] !== body[0]) return undefined;
  const flags = numberOf(attributes, IFA_FLAGS) ?? body[2]!;
  return {
    address,
    prefixLength: body[1]!,
    index: new DataView(body.buffer, body.byteOffset).getUint32(4, true),
    scope: body[3]!,
    usable: (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)) === 0,
  };
}
