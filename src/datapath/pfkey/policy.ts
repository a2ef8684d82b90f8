/** Policies of the kernel: the messages that KAME added to PF_KEY and Linux took over (SADB_X_SPD…). */
import { unspecified } from "../../ip/mod.ts";
import { concat } from "../../bytes/mod.ts";
import { StructReader, StructWriter } from "../kernel/layout.ts";
import { hasMessageType } from "../../selector/mod.ts";
import type { KernelSelector, MaskedPort } from "../kernel/selector.ts";
import type { KernelPolicy, KernelPolicyState, PolicyName, Template } from "../kernel/values.ts";
import {
  addressExtension,
  readAddress,
  readSockaddr,
  readUsage,
  SOCKADDR_LENGTH,
  writeSockaddr,
} from "./extensions.ts";
import { extension, type PfkeyMessage, type PfkeyRequest } from "./message.ts";
import {
  DIRECTION,
  EXT,
  IPSEC_PROTOCOL,
  LARGEST_REQID,
  LEVEL,
  MODE,
  nameOf,
  POLICY_TYPE,
  SADB,
  SATYPE_UNSPEC,
} from "./numbers.ts";

const POLICY_LENGTH = 12;
const REQUEST_LENGTH = 16;
const WHOLE = 0xffff;

/** One `sadb_x_ipsecrequest`; its length is in octets. */
function request({ source, destination, protocol, mode, reqid, optional }: Template): Uint8Array {
  const outer = destination === undefined ? [] : [source ?? unspecified(destination.family), destination];
  const length = outer.reduce((sum, { family }) => sum + SOCKADDR_LENGTH[family], REQUEST_LENGTH);
  const level = optional ? LEVEL.use : reqid === 0 ? LEVEL.require : LEVEL.unique;
  const writer = new StructWriter(length);
  writer.u16(length).u16(IPSEC_PROTOCOL[protocol]).u8(MODE[mode]).u8(level).skip(2).u32(reqid).skip(4);
  for (const address of outer) writeSockaddr(writer, address, 0);
  return writer.octets;
}

function policyExtension(
  type: number,
  direction: number,
  priority: number,
  templates: readonly Template[],
): Uint8Array {
  const head = new StructWriter(POLICY_LENGTH).u16(type).u8(direction).skip(1).u32(0).u32(priority).octets;
  return extension(EXT.X_POLICY, concat(head, ...templates.map(request)));
}

function selectorExtensions({ source, destination, protocol, sourcePort, destinationPort }: KernelSelector) {
  return [
    addressExtension(EXT.ADDRESS_SRC, { ...source, protocol, port: sourcePort.port }, true),
    addressExtension(EXT.ADDRESS_DST, { ...destination, protocol, port: destinationPort.port }, true),
  ];
}

/** Why the interface has no word for a policy; undefined where it has. */
export function unsayable({ selector, interfaceId, templates }: KernelPolicy): string | undefined {
  if (interfaceId !== undefined) return "PF_KEY has no XFRM interfaces";
  for (const { port, mask } of [selector.sourcePort, selector.destinationPort]) {
    if (mask !== 0 && mask !== WHOLE) return "PF_KEY has no ranges of ports: use -K xfrm";
    if (mask === 0 || port !== 0) continue;
    return hasMessageType(selector.protocol)
      ? "PF_KEY has no ICMP type or code 0: write the flow without icmp-type"
      : "PF_KEY has no port 0";
  }
  for (const { mode, destination, reqid, spi } of templates) {
    if (mode === "tunnel" && destination?.family !== selector.family) {
      return "iked asks for no IPv4 in IPv6, or IPv6 in IPv4, by PF_KEY: use -K xfrm";
    }
    if (reqid > LARGEST_REQID || spi !== 0) return "PF_KEY has no such name for an SA";
  }
  return undefined;
}

function policyRequest(type: number, policy: KernelPolicy): PfkeyRequest {
  const { direction, action, priority, selector, templates } = policy;
  const kind = action === "block" ? "discard" : templates.length === 0 ? "none" : "ipsec";
  const extensions = [
    ...selectorExtensions(selector),
    policyExtension(POLICY_TYPE[kind], DIRECTION[direction], priority, templates),
  ];
  return { type, satype: SATYPE_UNSPEC, extensions };
}

/** Makes a policy; EEXIST where its name is taken. */
export function addPolicy(policy: KernelPolicy): PfkeyRequest {
  return policyRequest(SADB.X_SPDADD, policy);
}

/** Makes a policy, or puts it in the place of the one with its name, with no moment in between. */
export function updatePolicy(policy: KernelPolicy): PfkeyRequest {
  return policyRequest(SADB.X_SPDUPDATE, policy);
}

/** Removes a policy; ENOENT where there is none. */
export function deletePolicy({ selector, direction }: PolicyName): PfkeyRequest {
  const policy = policyExtension(POLICY_TYPE.discard, DIRECTION[direction], 0, []);
  const extensions = [...selectorExtensions(selector), policy];
  return { type: SADB.X_SPDDELETE, satype: SATYPE_UNSPEC, extensions };
}

function byIndex(type: number, index: number): PfkeyRequest {
  const body = new StructWriter(POLICY_LENGTH).u16(0).u8(0).skip(1).u32(index).u32(0).octets;
  return { type, satype: SATYPE_UNSPEC, extensions: [extension(EXT.X_POLICY, body)] };
}

/** Asks for the policy with the kernel's number. */
export function getPolicy(index: number): PfkeyRequest {
  return byIndex(SADB.X_SPDGET, index);
}

/** Removes the policy with the kernel's number. */
export function deletePolicyByIndex(index: number): PfkeyRequest {
  return byIndex(SADB.X_SPDDELETE2, index);
}

/** Asks for all policies. */
export function dumpPolicies(): PfkeyRequest {
  return { type: SADB.X_SPDDUMP, satype: SATYPE_UNSPEC, extensions: [] };
}

/** Removes every policy, whoever made it. */
export function flushPolicies(): PfkeyRequest {
  return { type: SADB.X_SPDFLUSH, satype: SATYPE_UNSPEC, extensions: [] };
}

/**
 * For setsockopt IP_IPSEC_POLICY and IPV6_IPSEC_POLICY: what the socket sends (`out`) or takes (`in`) passes in clear,
 * whatever the policies of the host say.
 */
export function socketBypass(direction: "in" | "out"): Uint8Array {
  return policyExtension(POLICY_TYPE.bypass, DIRECTION[direction], 0, []);
}

function maskedPort(port: number): MaskedPort {
  return { port, mask: port === 0 ? 0 : WHOLE };
}

function readSelector(extensions: ReadonlyMap<number, Uint8Array>): KernelSelector | undefined {
  const source = readAddress(extensions.get(EXT.ADDRESS_SRC));
  const destination = readAddress(extensions.get(EXT.ADDRESS_DST));
  if (source === undefined || destination === undefined) return undefined;
  const family = source.address.family;
  if (destination.address.family !== family) return undefined;
  return {
    family,
    source: { address: source.address, length: source.length },
    destination: { address: destination.address, length: destination.length },
    protocol: destination.protocol,
    sourcePort: maskedPort(source.port),
    destinationPort: maskedPort(destination.port),
  };
}

function readRequests(octets: Uint8Array): Template[] | undefined {
  const templates: Template[] = [];
  for (let at = 0; at < octets.length;) {
    const reader = new StructReader(octets, at);
    if (reader.length < REQUEST_LENGTH) return undefined;
    const length = reader.u16();
    const protocol = nameOf(IPSEC_PROTOCOL, reader.u16()), mode = nameOf(MODE, reader.u8());
    const level = reader.u8(), reqid = reader.skip(2).u32();
    if (protocol === undefined || mode === undefined) return undefined;
    if (length < REQUEST_LENGTH || at + length > octets.length) return undefined;
    const named = { protocol, mode, reqid, spi: 0, optional: level === LEVEL.use };
    if (length === REQUEST_LENGTH) templates.push(named);
    else {
      const source = readSockaddr(reader.skip(4)), destination = readSockaddr(reader);
      if (source === undefined || destination === undefined) return undefined;
      templates.push({ source: source.address, destination: destination.address, ...named });
    }
    at += length;
  }
  return templates;
}

/** What a message says of a policy beside its selector: `sadb_x_policy`. */
export interface PolicyWord {
  readonly type: number;
  /** IPSEC_DIR_…. */
  readonly direction: number;
  readonly index: number;
  readonly priority: number;
}

export function readPolicyWord({ extensions }: PfkeyMessage): PolicyWord | undefined {
  const octets = extensions.get(EXT.X_POLICY);
  if (octets === undefined || octets.length < POLICY_LENGTH) return undefined;
  const reader = new StructReader(octets);
  return { type: reader.u16(), direction: reader.u8(), index: reader.skip(1).u32(), priority: reader.u32() };
}

/** The policy of a message; undefined for one cut short, of a socket, or that there is no word for. */
export function parsePolicy(message: PfkeyMessage): KernelPolicyState | undefined {
  const word = readPolicyWord(message);
  const selector = readSelector(message.extensions);
  if (word === undefined || selector === undefined) return undefined;
  const direction = nameOf(DIRECTION, word.direction);
  const templates = readRequests(message.extensions.get(EXT.X_POLICY)!.subarray(POLICY_LENGTH));
  if (direction === undefined || templates === undefined) return undefined;
  return {
    selector,
    direction,
    action: word.type === POLICY_TYPE.discard ? "block" : "protect",
    priority: word.priority,
    templates,
    index: word.index,
    usage: readUsage(message.extensions),
  };
}
