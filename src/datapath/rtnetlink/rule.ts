/**
 * RTM_…RULE: which packets use which table (linux/fib_rules.h). `fib_rule_hdr`: family, destination length, source
 * length, TOS, table, -, -, action, flags (4).
 */
import { concat } from "../../bytes/mod.ts";
import {
  addressBits,
  addressFromOctets,
  addressToOctets,
  type Family,
  type PortRange,
  type Prefix,
} from "../../ip/mod.ts";
import { FAMILY_NUMBER, familyOfNumber } from "./family.ts";
import {
  attribute,
  type Attributes,
  attributeText,
  attributeU32,
  attributeU8,
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

const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;
const RTM_GETRULE = 34;

const FRA_DST = 1;
const FRA_SRC = 2;
const FRA_IIFNAME = 3;
const FRA_GOTO = 4;
const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FRA_PROTOCOL = 21;
const FRA_IP_PROTO = 22;
const FRA_SPORT_RANGE = 23;
const FRA_DPORT_RANGE = 24;

const FR_ACT_TO_TBL = 1;
const FR_ACT_GOTO = 2;
const FR_ACT_NOP = 3;
const MESSAGE_LENGTH = 12;

/** What a matching packet does: use a table, go on at a later priority, or go on at the next rule. */
export type RuleAction =
  | { readonly kind: "table"; readonly table: number }
  | { readonly kind: "goto"; readonly priority: number }
  | { readonly kind: "nop" };

/** A rule: all that is given must match. */
export interface Rule {
  readonly family: Family;
  /** The lower one comes first; 0 is the rule of the local table. */
  readonly priority: number;
  /** RTPROT_…: who made it. */
  readonly protocol: number;
  readonly action: RuleAction;
  readonly source?: Prefix;
  readonly destination?: Prefix;
  /** The interface a packet came in by; `lo` is packets that are made here. */
  readonly inputName?: string;
  /** SO_MARK, all 32 bits. */
  readonly mark?: number;
  readonly ipProtocol?: number;
  /** Within 1 to 65534: the kernel's ranges reach no further. A packet whose ports are not known matches none. */
  readonly sourcePorts?: PortRange;
  readonly destinationPorts?: PortRange;
}

function portAttribute(type: number, ports: PortRange): Uint8Array {
  const value = new Uint8Array(4);
  const view = new DataView(value.buffer);
  view.setUint16(0, ports.start, true);
  view.setUint16(2, ports.end, true);
  return attribute(type, value);
}

function actionOf(action: RuleAction): readonly [number, readonly Uint8Array[]] {
  switch (action.kind) {
    case "table":
      return [FR_ACT_TO_TBL, [attributeU32(FRA_TABLE, action.table)]];
    case "goto":
      return [FR_ACT_GOTO, [attributeU32(FRA_GOTO, action.priority)]];
    case "nop":
      return [FR_ACT_NOP, []];
  }
}

function body(rule: Rule): Uint8Array {
  const [number, attributes] = actionOf(rule.action);
  const head = new Uint8Array(MESSAGE_LENGTH);
  head[0] = FAMILY_NUMBER[rule.family];
  head[1] = rule.destination?.length ?? 0;
  head[2] = rule.source?.length ?? 0;
  head[7] = number;
  const parts = [head, attributeU32(FRA_PRIORITY, rule.priority)];
  if (rule.inputName !== undefined) parts.push(attributeText(FRA_IIFNAME, rule.inputName));
  if (head[2]! > 0) parts.push(attribute(FRA_SRC, addressToOctets(rule.source!.address)));
  if (head[1]! > 0) parts.push(attribute(FRA_DST, addressToOctets(rule.destination!.address)));
  if (rule.mark !== undefined) {
    parts.push(attributeU32(FRA_FWMARK, rule.mark), attributeU32(FRA_FWMASK, 0xffff_ffff));
  }
  if (rule.ipProtocol !== undefined) parts.push(attributeU8(FRA_IP_PROTO, rule.ipProtocol));
  if (rule.sourcePorts !== undefined) parts.push(portAttribute(FRA_SPORT_RANGE, rule.sourcePorts));
  if (rule.destinationPorts !== undefined) {
    parts.push(portAttribute(FRA_DPORT_RANGE, rule.destinationPorts));
  }
  parts.push(...attributes, attributeU8(FRA_PROTOCOL, rule.protocol));
  return concat(...parts);
}

/** Adds a rule; EEXIST where there is one like it. */
export function newRule(rule: Rule): NetlinkRequest {
  return { type: RTM_NEWRULE, flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, body: body(rule) };
}

/** Removes a rule. */
export function deleteRule(rule: Rule): NetlinkRequest {
  return { type: RTM_DELRULE, flags: NLM_F_ACK, body: body(rule) };
}

/** Asks for the rules of a family. */
export function dumpRules(family: Family): NetlinkRequest {
  const octets = new Uint8Array(MESSAGE_LENGTH);
  octets[0] = FAMILY_NUMBER[family];
  return { type: RTM_GETRULE, flags: NLM_F_DUMP, body: octets };
}

function portsAt(attributes: Attributes, type: number): PortRange | undefined {
  const value = attributes.get(type);
  if (value?.length !== 4) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, 4);
  return { start: view.getUint16(0, true), end: view.getUint16(2, true) };
}

function parseAction(number: number, attributes: Attributes, table: number): RuleAction | undefined {
  switch (number) {
    case FR_ACT_TO_TBL:
      return { kind: "table", table: numberOf(attributes, FRA_TABLE) ?? table };
    case FR_ACT_GOTO: {
      const priority = numberOf(attributes, FRA_GOTO);
      return priority === undefined ? undefined : { kind: "goto", priority };
    }
    case FR_ACT_NOP:
      return { kind: "nop" };
    default:
      return undefined;
  }
}

/** The rule that an RTM_NEWRULE tells of; undefined also for actions that `Rule` has no word for. */
export function parseRule(message: NetlinkMessage): Rule | undefined {
  const { type, body } = message;
  if (type !== RTM_NEWRULE || body.length < MESSAGE_LENGTH) return undefined;
  const family = familyOfNumber(body[0]!);
  if (family === undefined || body[1]! > addressBits(family) || body[2]! > addressBits(family)) {
    return undefined;
  }
  const attributes = parseAttributes(body, MESSAGE_LENGTH);
  const action = parseAction(body[7]!, attributes, body[4]!);
  if (action === undefined) return undefined;
  const prefixAt = (attribute: number, length: number): Prefix | undefined => {
    const address = addressFromOctets(attributes.get(attribute) ?? new Uint8Array(0));
    return address?.family === family ? { address, length } : undefined;
  };
  const found = {
    source: prefixAt(FRA_SRC, body[2]!),
    destination: prefixAt(FRA_DST, body[1]!),
    inputName: textOf(attributes, FRA_IIFNAME),
    mark: numberOf(attributes, FRA_FWMARK),
    ipProtocol: numberOf(attributes, FRA_IP_PROTO),
    sourcePorts: portsAt(attributes, FRA_SPORT_RANGE),
    destinationPorts: portsAt(attributes, FRA_DPORT_RANGE),
  };
  const given = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  return {
    family,
    priority: numberOf(attributes, FRA_PRIORITY) ?? 0,
    protocol: numberOf(attributes, FRA_PROTOCOL) ?? 0,
    action,
    ...(given as Partial<Rule>),
  };
}
