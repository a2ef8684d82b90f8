/** RTM_…LINK: network devices (linux/if_link.h). `ifinfomsg`: family, -, type (2), index (4), flags (4), change (4). */
import { concat } from "../../bytes/mod.ts";
import {
  attribute,
  attributeText,
  attributeU32,
  attributeU8,
  nested,
  type NetlinkMessage,
  type NetlinkRequest,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  numberOf,
  parseAttributes,
  textOf,
} from "./message.ts";

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;

const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_TXQLEN = 13;
const IFLA_LINKINFO = 18;
const IFLA_NET_NS_PID = 19;
const IFLA_AF_SPEC = 26;
const IFLA_NET_NS_FD = 28;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_XFRM_IF_ID = 2;
const VETH_INFO_PEER = 1;
const IFLA_INET6_ADDR_GEN_MODE = 8;
const IN6_ADDR_GEN_MODE_NONE = 1;
const AF_INET6 = 10;

const IFF_UP = 1;
const IFF_LOOPBACK = 8;
const INFO_LENGTH = 16;

/** Where a device goes: the network namespace of a process, or of an open descriptor. */
export type NamespaceRef = { readonly pid: number } | { readonly fd: number };

/** A network device. */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly loopback: boolean;
  /** Octets. */
  readonly mtu: number;
  /** Of an XFRM interface the number that SAs and policies have in common with it; not 0. */
  readonly interfaceId?: number;
}

/** What `setLink` changes; what is absent stays. */
export interface LinkChange {
  readonly up?: boolean;
  /** Octets. */
  readonly mtu?: number;
  /** Packets that wait on it at most. */
  readonly queueLength?: number;
  readonly name?: string;
  readonly namespace?: NamespaceRef;
  /** False: the kernel gives the device no IPv6 link-local address of its own. */
  readonly linkLocal?: boolean;
}

function info(index: number, up?: boolean): Uint8Array {
  const octets = new Uint8Array(INFO_LENGTH);
  const view = new DataView(octets.buffer);
  view.setInt32(4, index, true);
  if (up !== undefined) {
    view.setUint32(8, up ? IFF_UP : 0, true);
    view.setUint32(12, IFF_UP, true);
  }
  return octets;
}

function namespaceAttribute(namespace: NamespaceRef): Uint8Array {
  return "pid" in namespace
    ? attributeU32(IFLA_NET_NS_PID, namespace.pid)
    : attributeU32(IFLA_NET_NS_FD, namespace.fd);
}

/** Changes a device. */
export function setLink(index: number, change: LinkChange): NetlinkRequest {
  const parts = [info(index, change.up)];
  if (change.mtu !== undefined) parts.push(attributeU32(IFLA_MTU, change.mtu));
  if (change.queueLength !== undefined) parts.push(attributeU32(IFLA_TXQLEN, change.queueLength));
  if (change.name !== undefined) parts.push(attributeText(IFLA_IFNAME, change.name));
  if (change.namespace !== undefined) parts.push(namespaceAttribute(change.namespace));
  if (change.linkLocal === false) {
    const mode = attributeU8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    parts.push(nested(IFLA_AF_SPEC, [nested(AF_INET6, [mode])]));
  }
  return { type: RTM_NEWLINK, flags: NLM_F_ACK, body: concat(...parts) };
}

/** Makes a pair of devices joined by a wire; the peer may go into another namespace at once. */
export function newVeth(name: string, peerName: string, peerNamespace?: NamespaceRef): NetlinkRequest {
  const peer = [info(0), attributeText(IFLA_IFNAME, peerName)];
  if (peerNamespace !== undefined) peer.push(namespaceAttribute(peerNamespace));
  const linkInfo = nested(IFLA_LINKINFO, [
    attribute(IFLA_INFO_KIND, new TextEncoder().encode("veth")),
    nested(IFLA_INFO_DATA, [nested(VETH_INFO_PEER, peer)]),
  ]);
  return {
    type: RTM_NEWLINK,
    flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    body: concat(info(0), attributeText(IFLA_IFNAME, name), linkInfo),
  };
}

/** Removes a device. */
export function deleteLink(index: number): NetlinkRequest {
  return { type: RTM_DELLINK, flags: NLM_F_ACK, body: info(index) };
}

/** Asks for every device. */
export function dumpLinks(): NetlinkRequest {
  return { type: RTM_GETLINK, flags: NLM_F_DUMP, body: info(0) };
}

/** Asks for the device of this name. */
export function linkByName(name: string): NetlinkRequest {
  return { type: RTM_GETLINK, flags: 0, body: concat(info(0), attributeText(IFLA_IFNAME, name)) };
}

/** The device that an RTM_NEWLINK tells of. */
export function parseLink(message: NetlinkMessage): Link | undefined {
  const { type, body } = message;
  if (type !== RTM_NEWLINK || body.length < INFO_LENGTH) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const attributes = parseAttributes(body, INFO_LENGTH);
  const name = textOf(attributes, IFLA_IFNAME);
  if (name === undefined) return undefined;
  const flags = view.getUint32(8, true);
  return {
    index: view.getInt32(4, true),
    name,
    up: (flags & IFF_UP) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    mtu: numberOf(attributes, IFLA_MTU) ?? 0,
    ...xfrmInterface(attributes.get(IFLA_LINKINFO)),
  };
}

function xfrmInterface(linkInfo: Uint8Array | undefined): Pick<Link, "interfaceId"> {
  if (linkInfo === undefined) return {};
  const attributes = parseAttributes(linkInfo);
  const data = attributes.get(IFLA_INFO_DATA);
  if (textOf(attributes, IFLA_INFO_KIND) !== "xfrm" || data === undefined) return {};
  const interfaceId = numberOf(parseAttributes(data), IFLA_XFRM_IF_ID);
  // One in the mode of metadata has none: there each packet brings its own.
  return interfaceId === undefined || interfaceId === 0 ? {} : { interfaceId };
}
