/** What stands in a datagram of the simulated wire, opened with the keys that the simulated key holder kept. */
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { Protection } from "../../src/sa/mod.ts";
import {
  EXCHANGE,
  type Header,
  nameOf,
  NOTIFY,
  parseMessage,
  type Payload,
  PROTOCOL,
} from "../../src/wire/mod.ts";
import { createRng } from "./rng.ts";
import type { RecordedSa } from "./simulated_keys.ts";

/** A message and its payloads, those inside of SK where it has one. */
export interface OpenedMessage {
  readonly header: Header;
  readonly payloads: readonly Payload[];
  /** `IKE_AUTH request 1: IDi,IDr,AUTH,SA,TSi,TSr`. */
  readonly text: string;
}

const random = createRng(0).octets;
const crypto = createPortable(random);

/** Opens a datagram; what is not a message or has no keys here fails the test. */
export function openMessage(octets: Uint8Array, sas: readonly RecordedSa[]): OpenedMessage {
  const parsed = parseMessage(octets);
  if (!parsed.ok) throw new Error(`Not a message: ${parsed.error.message}`);
  const { header, payloads } = parsed.value;
  const sk = payloads.at(-1);
  const inner = sk?.type === "SK" ? openSk(octets, header, sk, sas) : payloads;
  return { header, payloads: inner, text: describe(header, inner) };
}

function openSk(
  octets: Uint8Array,
  header: Header,
  sk: Payload & { type: "SK" },
  sas: readonly RecordedSa[],
): readonly Payload[] {
  const recorded = sas.find((sa) => sa.spiI === header.spiI && sa.spiR === header.spiR);
  if (recorded === undefined) throw new Error(`No keys for SPIs ${header.spiI}, ${header.spiR}`);
  const { ei, er, ai, ar } = recorded.sk;
  const keys = { ei: ei.slice(), er: er.slice(), ai: ai.slice(), ar: ar.slice() };
  const receiver = header.flags.initiator ? "responder" : "initiator";
  const opened = new Protection(crypto, random, recorded.suite, keys, receiver).open(octets, sk);
  if (!opened.ok) throw new Error(`SK payload does not open: ${opened.error.code}`);
  return opened.value;
}

function describe(header: Header, payloads: readonly Payload[]): string {
  const direction = header.flags.response ? "response" : "request";
  const list = payloads.map(describePayload).join(",");
  return `${nameOf(EXCHANGE, header.exchange)} ${direction} ${header.messageId}: ${list}`;
}

function describePayload(payload: Payload): string {
  switch (payload.type) {
    case "N":
      return `N(${nameOf(NOTIFY, payload.notifyType)})`;
    case "D":
      return `D(${[nameOf(PROTOCOL, payload.protocol), ...payload.spis.map(() => "SPI")].join(" ")})`;
    case "unknown":
      return `payload ${payload.typeNumber}`;
    default:
      return payload.type;
  }
}
