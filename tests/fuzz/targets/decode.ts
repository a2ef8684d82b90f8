/** The codec, with all that `iked decode` and the logs do to a message that anybody sent. */
import assert from "node:assert/strict";
import { sameOctets } from "../../../src/bytes/mod.ts";
import {
  checkMessage,
  decodeMessage,
  describeInDetail,
  describeMessage,
  emitMessage,
  parseHeader,
  parseMessage,
  parsePayloads,
} from "../../../src/wire/mod.ts";
import { damagedMessage, messages } from "../corpus.ts";
import type { Target } from "../target.ts";

/** Text is made of one message in so many: it takes longer than all the rest. */
const DESCRIBED = 8;

/** Feeds a message to the codec. */
export function decode(octets: Uint8Array): string {
  const decoded = decodeMessage(octets);
  const parsed = parseMessage(octets);
  assert.equal(parsed.ok, decoded.error === undefined);
  parseHeader(octets);
  if (octets.length > 28) parsePayloads(octets[16]!, octets.subarray(28));
  if (octets.length % DESCRIBED === 0) {
    describeMessage(decoded);
    describeInDetail(decoded, { octets: true });
  }
  if (!parsed.ok) {
    const { octet, message } = parsed.error;
    assert.ok(octet >= 0 && octet <= octets.length && message !== "", `Error at octet ${octet}`);
    return "refused";
  }
  const { header, payloads } = parsed.value;
  for (const encrypted of [true, false]) {
    checkMessage(header.exchange, header.flags.response ? "response" : "request", payloads, encrypted);
  }
  const emitted = emitMessage(header, payloads);
  const again = parseMessage(emitted);
  assert.ok(again.ok, "What was emitted is no message");
  assert.ok(sameOctets(emitMessage(header, again.value.payloads), emitted), "Emitting is not stable");
  return "message";
}

export default async function load(): Promise<Target> {
  const corpus = await messages();
  return {
    name: "decode",
    says: "damaged IKE messages into the codec",
    inputs: 500,
    reaches: ["message", "refused"],
    generate: (rng) => damagedMessage(corpus, rng),
    open: () => ({ feed: decode }),
  };
}
