/** The codec, with all that `iked decode` and the logs do to a message that anybody sent. */
import assert from "node:assert/strict";
import { messageJson } from "../../../cli/decode/json.ts";
import { parseKeyTable } from "../../../cli/decode/key_table.ts";
import { dissect } from "../../../cli/decode/message.ts";
import { Opener } from "../../../cli/decode/opener.ts";
import { messageText } from "../../../cli/decode/text.ts";
import { sameOctets } from "../../../src/bytes/mod.ts";
import {
  checkMessage,
  decodeMessage,
  describeMessage,
  emitMessage,
  parseHeader,
  parseMessage,
  parsePayloads,
} from "../../../src/wire/mod.ts";
import { createPortable } from "../../../src/crypto/portable/provider.ts";
import { wiresharkKeys } from "../../support/pcap.ts";
import { damagedMessage, livelyPair, messages } from "../corpus.ts";
import type { Target } from "../target.ts";

/** Text is made of one message in so many: it takes longer than all the rest. */
const DESCRIBED = 8;

/** Feeds a message to the codec. */
function decode(octets: Uint8Array, opener: Opener): string {
  const decoded = decodeMessage(octets);
  const parsed = parseMessage(octets);
  assert.equal(parsed.ok, decoded.error === undefined);
  parseHeader(octets);
  if (octets.length > 28) parsePayloads(octets[16]!, octets.subarray(28));
  if (octets.length % DESCRIBED === 0) {
    describeMessage(decoded);
    const dissected = dissect({ frame: 1 }, octets, opener);
    assert.ok(messageText(dissected) !== "" && JSON.parse(JSON.stringify(messageJson(dissected))));
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
  const sas = (await livelyPair()).hosts.flatMap(({ keys }) => keys.recorded);
  const table = parseKeyTable(wiresharkKeys(sas)).keys;
  const provider = createPortable(() => new Uint8Array(0));
  return {
    name: "decode",
    says: "damaged IKE messages into the codec and `iked decode`, those of known SAs with their keys",
    inputs: 500,
    reaches: ["message", "refused"],
    generate: (rng) => damagedMessage(corpus, rng),
    open: () => {
      const opener = new Opener(table, provider);
      return { feed: (octets) => decode(octets, opener) };
    },
  };
}
