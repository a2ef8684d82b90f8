/** SAs of the kernel (`xfrm_usersa_info`): the messages that make, change, remove, fetch and list them. */
import { concat } from "../../bytes/mod.ts";
import type { Family } from "../../ip/mod.ts";
import type { IpsecProtocol, KernelSa, KernelSaState, SaName } from "../kernel/values.ts";
import { SA_FLAG } from "../kernel/values.ts";
import { FAMILY_NUMBER, familyOfNumber } from "../rtnetlink/family.ts";
import {
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
import { algorithmAttributes, readAlgorithms } from "./algorithms.ts";
import { encapsulationAttribute, readEncapsulation } from "./encapsulation.ts";
import { addressOf, StructReader, StructWriter } from "../kernel/layout.ts";
import { LIFETIME_LENGTH, readLimits, readUsage, USAGE_LENGTH, writeLimits } from "./lifetime.ts";
import { IPSEC_PROTOCOL, ipsecProtocolOf, MODE, modeOf, XFRM_MSG, XFRMA } from "./numbers.ts";
import { readReplay, replayAttribute } from "./replay.ts";
import { readSelector, SELECTOR_LENGTH, writeSelector } from "./selector.ts";

const ID_LENGTH = 24;
export const SA_LENGTH = 224;
const SA_ID_LENGTH = 24;

function writeSa(sa: KernelSa, sequence: number): Uint8Array {
  const writer = new StructWriter(SA_LENGTH);
  const family = sa.destination.family;
  if (sa.selector === undefined) writer.skip(SELECTOR_LENGTH);
  else writeSelector(writer, sa.selector);
  writer.address(sa.destination).spi(sa.spi).u8(IPSEC_PROTOCOL[sa.protocol]).skip(3).address(sa.source);
  writeLimits(writer, sa.limits ?? {});
  writer.skip(USAGE_LENGTH)
    // Statistics: the kernel's.
    .skip(12)
    .u32(sequence).u32(sa.reqid).u16(FAMILY_NUMBER[family]).u8(MODE[sa.mode])
    // The window of 32 bits is for SAs without XFRMA_REPLAY_ESN_VAL.
    .u8(0)
    .u8(sa.flags).skip(7);
  return writer.octets;
}

function saAttributes(sa: KernelSa): Uint8Array[] {
  const attributes = algorithmAttributes(sa.algorithms);
  if (sa.encapsulation !== undefined) attributes.push(encapsulationAttribute(sa.encapsulation));
  if (sa.extraFlags !== undefined) attributes.push(attributeU32(XFRMA.SA_EXTRA_FLAGS, sa.extraFlags));
  if (sa.interfaceId !== undefined) attributes.push(attributeU32(XFRMA.IF_ID, sa.interfaceId));
  if (sa.outputMark !== undefined) attributes.push(attributeU32(XFRMA.SET_MARK, sa.outputMark));
  if (sa.replay !== undefined) attributes.push(replayAttribute(sa.replay));
  return attributes;
}

/** Makes an SA; EEXIST where its name is taken. `sequence` is the ACQUIRE's that it answers. Holds the keys. */
export function newSa(sa: KernelSa, sequence = 0): NetlinkRequest {
  const body = concat(writeSa(sa, sequence), ...saAttributes(sa));
  return { type: XFRM_MSG.NEWSA, flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, body };
}

/** Fills the SA that ALLOCSPI or an ACQUIRE left unfinished, or changes limits and NAT ports of one. Holds the keys. */
export function updateSa(sa: KernelSa, sequence = 0): NetlinkRequest {
  return { type: XFRM_MSG.UPDSA, flags: NLM_F_ACK, body: concat(writeSa(sa, sequence), ...saAttributes(sa)) };
}

function saId({ destination, spi, protocol }: SaName): Uint8Array {
  return new StructWriter(SA_ID_LENGTH)
    .address(destination).spi(spi).u16(FAMILY_NUMBER[destination.family]).u8(IPSEC_PROTOCOL[protocol]).octets;
}

/** Removes an SA; ESRCH where there is none. */
export function deleteSa(name: SaName): NetlinkRequest {
  return { type: XFRM_MSG.DELSA, flags: NLM_F_ACK, body: saId(name) };
}

/** Asks for one SA, its keys included. */
export function getSa(name: SaName): NetlinkRequest {
  return { type: XFRM_MSG.GETSA, flags: 0, body: saId(name) };
}

/** Asks for all SAs, their keys included. */
export function dumpSas(): NetlinkRequest {
  return { type: XFRM_MSG.GETSA, flags: NLM_F_DUMP, body: new Uint8Array(SA_ID_LENGTH) };
}

/** Removes every SA of a protocol (0: of all), whoever made it. */
export function flushSas(protocol: IpsecProtocol | undefined): NetlinkRequest {
  const body = new StructWriter(1).u8(protocol === undefined ? 0 : IPSEC_PROTOCOL[protocol]).octets;
  return { type: XFRM_MSG.FLUSHSA, flags: NLM_F_ACK, body };
}

/** Has the kernel choose an SPI between two (included) for an inbound SA, which stays unfinished until `updateSa`. */
export function allocateSpi(
  sa: Pick<KernelSa, "source" | "destination" | "protocol" | "mode" | "reqid">,
  lowest: number,
  highest: number,
  sequence = 0,
): NetlinkRequest {
  const info = writeSa({ ...sa, spi: 0, flags: 0, algorithms: {} }, sequence);
  return {
    type: XFRM_MSG.ALLOCSPI,
    flags: 0,
    body: concat(info, new StructWriter(8).u32(lowest).u32(highest).octets),
  };
}

/** Reads the `xfrm_usersa_info` at `from`, without attributes; undefined for one that this daemon has no word for. */
export function readSa(octets: Uint8Array, from = 0): Omit<KernelSaState, "algorithms"> | undefined {
  if (octets.length < from + SA_LENGTH) return undefined;
  const family = familyAt(octets, from);
  if (family === undefined) return undefined;
  const reader = new StructReader(octets, from);
  const selector = readSelector(reader);
  const destination = addressOf(reader.address(), family);
  const spi = reader.spi(), protocol = ipsecProtocolOf(reader.u8());
  const source = addressOf(reader.skip(3).address(), family);
  const limits = readLimits(reader), usage = readUsage(reader);
  const dropped = { window: reader.u32(), replayed: reader.u32(), integrity: reader.u32() };
  const sequence = reader.u32(), reqid = reader.u32();
  const mode = modeOf(reader.skip(2).u8()), window = reader.u8(), flags = reader.u8();
  if (protocol === undefined || mode === undefined) return undefined;
  return {
    source,
    destination,
    spi,
    protocol,
    mode,
    reqid,
    flags,
    ...(selector === undefined ? {} : { selector }),
    ...(window === 0 ? {} : { replay: { window, esn: false } }),
    limits,
    usage,
    dropped,
    sequence,
  };
}

/** The family of an SA stands behind everything that depends on it. */
function familyAt(octets: Uint8Array, from: number): Family | undefined {
  const at = from + SELECTOR_LENGTH + ID_LENGTH + 16 + LIFETIME_LENGTH + USAGE_LENGTH + 12 + 8;
  return familyOfNumber(octets[at]! | octets[at + 1]! << 8);
}

/** The SA of a NEWSA or UPDSA; undefined for another message, one cut short, or a kind that there is no word for. */
export function parseSa(message: NetlinkMessage): KernelSaState | undefined {
  const { type, body } = message;
  if (type !== XFRM_MSG.NEWSA && type !== XFRM_MSG.UPDSA) return undefined;
  const sa = readSa(body);
  if (sa === undefined) return undefined;
  const attributes = parseAttributes(body, SA_LENGTH);
  const replay = readReplay(attributes, (sa.flags & SA_FLAG.esn) !== 0) ?? sa.replay;
  const encapsulation = readEncapsulation(attributes);
  const extraFlags = numberOf(attributes, XFRMA.SA_EXTRA_FLAGS);
  const interfaceId = numberOf(attributes, XFRMA.IF_ID);
  const outputMark = numberOf(attributes, XFRMA.SET_MARK);
  return {
    ...sa,
    algorithms: readAlgorithms(attributes),
    ...(replay === undefined ? {} : { replay }),
    ...(encapsulation === undefined ? {} : { encapsulation }),
    ...(extraFlags === undefined ? {} : { extraFlags }),
    ...(interfaceId === undefined ? {} : { interfaceId }),
    ...(outputMark === undefined ? {} : { outputMark }),
  };
}

/** The name in a DELSA's notification; undefined for another message. */
export function parseDeletedSa(message: NetlinkMessage): SaName | undefined {
  const { type, body } = message;
  if (type !== XFRM_MSG.DELSA || body.length < SA_ID_LENGTH) return undefined;
  return readSaName(new StructReader(body));
}

/** Reads an `xfrm_usersa_id`. */
export function readSaName(reader: StructReader): SaName | undefined {
  const destination = reader.address(), spi = reader.spi();
  const family = familyOfNumber(reader.u16()), protocol = ipsecProtocolOf(reader.u8());
  reader.skip(1);
  if (family === undefined || protocol === undefined) return undefined;
  return { destination: addressOf(destination, family), spi, protocol };
}

/** Writes an `xfrm_usersa_id`. */
export function writeSaName(name: SaName): Uint8Array {
  return saId(name);
}
