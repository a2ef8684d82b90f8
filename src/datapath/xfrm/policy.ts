/** Policies of the kernel (`xfrm_userpolicy_info`): which packets need which SAs. */
import { concat } from "../../bytes/mod.ts";
import type { Family } from "../../ip/mod.ts";
import type { KernelPolicy, KernelPolicyState, PolicyName, Template } from "../kernel/values.ts";
import { FAMILY_NUMBER, familyOfNumber } from "../rtnetlink/family.ts";
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
} from "../rtnetlink/message.ts";
import { addressOf, StructReader, StructWriter } from "../kernel/layout.ts";
import { readLimits, readUsage, USAGE_LENGTH, writeLimits } from "./lifetime.ts";
import {
  DIRECTION,
  directionOf,
  IPSEC_PROTOCOL,
  ipsecProtocolOf,
  MODE,
  modeOf,
  XFRM_MSG,
  XFRMA,
} from "./numbers.ts";
import { readSelector, writeSelector } from "./selector.ts";

export const POLICY_LENGTH = 168;
const POLICY_ID_LENGTH = 64;
const TEMPLATE_LENGTH = 64;
const ALL_ALGORITHMS = 0xffff_ffff;
/** XFRM_POLICY_ALLOW and XFRM_POLICY_BLOCK. */
const ALLOW = 0, BLOCK = 1;

function writePolicy(policy: KernelPolicy, index: number): Uint8Array {
  const writer = new StructWriter(POLICY_LENGTH);
  writeSelector(writer, policy.selector);
  writeLimits(writer, {});
  writer.skip(USAGE_LENGTH).u32(policy.priority).u32(index).u8(DIRECTION[policy.direction])
    .u8(policy.action === "block" ? BLOCK : ALLOW)
    // Flags, sharing, padding.
    .skip(6);
  return writer.octets;
}

function templatesAttribute(templates: readonly Template[], family: Family): Uint8Array {
  const writer = new StructWriter(TEMPLATE_LENGTH * templates.length);
  // What is around a tunnel has the family of its outer addresses.
  let outer = family;
  for (const { source, destination, protocol, mode, reqid, spi, optional } of templates) {
    outer = destination?.family ?? outer;
    writer.address(destination).spi(spi).u8(IPSEC_PROTOCOL[protocol]).skip(3)
      .u16(FAMILY_NUMBER[outer]).skip(2).address(source).u32(reqid)
      .u8(MODE[mode]).u8(0).u8(optional ? 1 : 0).skip(1)
      .u32(ALL_ALGORITHMS).u32(ALL_ALGORITHMS).u32(ALL_ALGORITHMS);
  }
  return attribute(XFRMA.TMPL, writer.octets);
}

function body(policy: KernelPolicy): Uint8Array {
  const parts = [writePolicy(policy, 0)];
  if (policy.templates.length > 0) parts.push(templatesAttribute(policy.templates, policy.selector.family));
  if (policy.interfaceId !== undefined) parts.push(attributeU32(XFRMA.IF_ID, policy.interfaceId));
  return concat(...parts);
}

/** Makes a policy; EEXIST where its name is taken. */
export function newPolicy(policy: KernelPolicy): NetlinkRequest {
  return { type: XFRM_MSG.NEWPOLICY, flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, body: body(policy) };
}

/** Makes a policy, or puts it in the place of the one with its name, with no moment in between. */
export function putPolicy(policy: KernelPolicy): NetlinkRequest {
  return { type: XFRM_MSG.UPDPOLICY, flags: NLM_F_ACK, body: body(policy) };
}

function named(
  type: number,
  flags: number,
  { selector, direction, interfaceId }: PolicyName,
): NetlinkRequest {
  const writer = new StructWriter(POLICY_ID_LENGTH);
  writeSelector(writer, selector);
  // Index 0: the one with this selector.
  writer.skip(4).u8(DIRECTION[direction]);
  const parts = [writer.octets];
  if (interfaceId !== undefined) parts.push(attributeU32(XFRMA.IF_ID, interfaceId));
  return { type, flags, body: concat(...parts) };
}

/** Removes a policy; ENOENT where there is none. */
export function deletePolicy(name: PolicyName): NetlinkRequest {
  return named(XFRM_MSG.DELPOLICY, NLM_F_ACK, name);
}

/** Asks for one policy. */
export function getPolicy(name: PolicyName): NetlinkRequest {
  return named(XFRM_MSG.GETPOLICY, 0, name);
}

/** Asks for all policies. */
export function dumpPolicies(): NetlinkRequest {
  return { type: XFRM_MSG.GETPOLICY, flags: NLM_F_DUMP, body: new Uint8Array(POLICY_ID_LENGTH) };
}

/** Removes every policy, whoever made it. */
export function flushPolicies(): NetlinkRequest {
  return { type: XFRM_MSG.FLUSHPOLICY, flags: NLM_F_ACK, body: new Uint8Array(0) };
}

/**
 * For setsockopt IP_XFRM_POLICY and IPV6_XFRM_POLICY: what the socket sends (`out`) or takes (`in`) passes in clear,
 * whatever the policies of the host say. The IKE sockets would wait for themselves otherwise.
 */
export function socketBypass(family: Family, direction: "in" | "out"): Uint8Array {
  const any = { address: { family, value: 0n }, length: 0 };
  const none = { port: 0, mask: 0 };
  const selector = {
    family,
    source: any,
    destination: any,
    protocol: 0,
    sourcePort: none,
    destinationPort: none,
  };
  return writePolicy({ selector, direction, action: "protect", priority: 0, templates: [] }, 0);
}

/** Reads the `xfrm_userpolicy_info` at `from`, without attributes; undefined for one that there is no word for. */
export function readPolicy(octets: Uint8Array, from = 0): Omit<KernelPolicyState, "templates"> | undefined {
  if (octets.length < from + POLICY_LENGTH) return undefined;
  const reader = new StructReader(octets, from);
  const selector = readSelector(reader);
  readLimits(reader);
  const usage = readUsage(reader);
  const priority = reader.u32(), index = reader.u32();
  const direction = directionOf(reader.u8()), action = reader.u8();
  if (selector === undefined || direction === undefined) return undefined;
  return { selector, direction, action: action === BLOCK ? "block" : "protect", priority, index, usage };
}

function readTemplates(octets: Uint8Array | undefined): Template[] | undefined {
  if (octets === undefined) return [];
  const reader = new StructReader(octets);
  const templates: Template[] = [];
  while (reader.length >= TEMPLATE_LENGTH) {
    const destination = reader.address(), spi = reader.spi(), protocol = ipsecProtocolOf(reader.u8());
    const family = familyOfNumber(reader.skip(3).u16());
    const source = reader.skip(2).address(), reqid = reader.u32();
    const mode = modeOf(reader.u8()), optional = reader.skip(1).u8() !== 0;
    reader.skip(1 + 12);
    if (family === undefined || protocol === undefined || mode === undefined) return undefined;
    const outer = mode === "tunnel"
      ? { source: addressOf(source, family), destination: addressOf(destination, family) }
      : {};
    templates.push({ ...outer, protocol, mode, reqid, spi, optional });
  }
  return templates;
}

/** The policy of a NEWPOLICY or UPDPOLICY; undefined for another message, one cut short, or a kind without a word. */
export function parsePolicy(message: NetlinkMessage): KernelPolicyState | undefined {
  const { type, body } = message;
  if (type !== XFRM_MSG.NEWPOLICY && type !== XFRM_MSG.UPDPOLICY) return undefined;
  return policyWithAttributes(body, POLICY_LENGTH);
}

/** The policy at the start of `octets` with the attributes from `from` on. */
function policyWithAttributes(octets: Uint8Array, from: number): KernelPolicyState | undefined {
  const policy = readPolicy(octets);
  if (policy === undefined) return undefined;
  const attributes = parseAttributes(octets, from);
  const templates = readTemplates(attributes.get(XFRMA.TMPL));
  if (templates === undefined) return undefined;
  const interfaceId = numberOf(attributes, XFRMA.IF_ID);
  return { ...policy, templates, ...(interfaceId === undefined ? {} : { interfaceId }) };
}

/** What a DELPOLICY's notification names; undefined for another message. */
export function parseDeletedPolicy(message: NetlinkMessage): PolicyName | undefined {
  const { type, body } = message;
  if (type !== XFRM_MSG.DELPOLICY || body.length < POLICY_ID_LENGTH) return undefined;
  const reader = new StructReader(body);
  const selector = readSelector(reader);
  const direction = directionOf(reader.skip(4).u8());
  if (selector === undefined || direction === undefined) return undefined;
  const interfaceId = numberOf(parseAttributes(body, POLICY_ID_LENGTH), XFRMA.IF_ID);
  return { selector, direction, ...(interfaceId === undefined ? {} : { interfaceId }) };
}
