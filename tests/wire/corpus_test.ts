/** The corpus of captured and mutated IKE messages: decoded one by one, as whole messages and as plaintext of SK. */
import assert from "node:assert/strict";
import {
  type DecodedMessage,
  decodeMessage,
  describeInDetail,
  emitMessage,
  parseHeader,
  parsePayloads,
} from "../../src/wire/mod.ts";
import { readVectorOctets, vectorTest } from "../support/vectors.ts";

function* corpus(): Generator<{ file: string; octets: Uint8Array }> {
  const [, ...lines] = new TextDecoder().decode(readVectorOctets("fuzz-ike/INDEX.tsv")).trimEnd().split("\n");
  for (const line of lines) {
    const file = line.split("\t")[0]!;
    yield { file, octets: readVectorOctets(`fuzz-ike/${file}`) };
  }
}

/** Structures that a decoded message is made of: the memory that a datagram made us take. */
function structuresOf({ payloads }: DecodedMessage): number {
  let count = 0;
  for (const payload of payloads) {
    count++;
    if (payload.type === "SA") {
      for (const { transforms } of payload.proposals) {
        count += 1 + transforms.length;
        for (const { attributes } of transforms) count += attributes.length;
      }
    } else if (payload.type === "D") count += payload.spis.length;
    else if (payload.type === "TSi" || payload.type === "TSr") count += payload.selectors.length;
    else if (payload.type === "CP") count += payload.attributes.length;
  }
  return count;
}

vectorTest(
  "corpus: every file is decoded or refused, never throws, and makes no more structures than it has words",
  () => {
    let files = 0, decoded = 0;
    for (const { file, octets } of corpus()) {
      files++;
      const message = decodeMessage(octets);
      assert.ok(structuresOf(message) <= octets.length / 4, file);
      assert.ok(describeInDetail(message, { octets: true }).length <= 64 * octets.length + 1000, file);
      if (message.error === undefined) {
        decoded++;
        const again = emitMessage(message.header!, message.payloads);
        assert.equal(again.length, octets.length, file);
        const second = decodeMessage(again);
        assert.equal(second.error, undefined, file);
        assert.deepEqual(second.payloads, message.payloads, file);
      } else {
        assert.ok(message.error.octet >= 0 && message.error.octet <= octets.length, file);
        assert.equal(message.header === undefined, !parseHeader(octets).ok, file);
      }
    }
    assert.equal(files, 1600);
    assert.ok(decoded > 500);
  },
);

vectorTest(
  "corpus: every file is harmless as the plaintext of SK too, whatever payload it claims to begin with",
  () => {
    for (const { file, octets } of corpus()) {
      for (let first = 33; first <= 54; first++) {
        const payloads = parsePayloads(first, octets);
        if (!payloads.ok) assert.ok(payloads.error.octet >= 0 && payloads.error.octet <= octets.length, file);
      }
    }
  },
);

vectorTest("corpus: verbatim messages of version 2 are decoded, but for the one with a broken chain", () => {
  const refused: string[] = [];
  let decoded = 0;
  for (const { file, octets } of corpus()) {
    if (!file.startsWith("verbatim/")) continue;
    const message = decodeMessage(octets);
    if (message.header?.majorVersion !== 2) continue;
    if (message.error === undefined) {
      decoded++;
      assert.deepEqual(emitMessage(message.header, message.payloads), octets, file);
    } else refused.push(`${message.error.code} at ${message.error.octet}`);
  }
  assert.deepEqual(refused, ["length at 37"]);
  assert.ok(decoded > 50);
});
