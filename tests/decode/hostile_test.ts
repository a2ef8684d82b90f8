/** Damaged messages, also inside SK and SKF: nothing throws, and the output is no longer than the input allows. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { messageJson } from "../../cli/decode/json.ts";
import { parseKeyTable } from "../../cli/decode/key_table.ts";
import { dissect } from "../../cli/decode/message.ts";
import { Opener } from "../../cli/decode/opener.ts";
import { messageText } from "../../cli/decode/text.ts";
import { emitMessage, ID_TYPE, NOTIFY, notifyPayload, type Payload } from "../../src/wire/mod.ts";
import { mutate } from "../support/mutate.ts";
import { createRng } from "../support/rng.ts";
import { header, provider, SealedSa } from "./seal.ts";

const inner: readonly Payload[] = [
  {
    type: "IDi",
    critical: false,
    idType: ID_TYPE.ID_RFC822_ADDR,
    data: new TextEncoder().encode("a@example.com"),
  },
  ...Object.values(NOTIFY).map((type) => notifyPayload(type, new Uint8Array(20).fill(1))),
  {
    type: "SA",
    critical: false,
    proposals: [{
      number: 1,
      protocol: 3,
      spi: new Uint8Array(4),
      transforms: [{ type: 1, id: 12, attributes: [{ type: 14, value: 128 }] }],
    }],
  },
  {
    type: "TSr",
    critical: false,
    selectors: [{
      tsType: 7,
      protocol: 0,
      startPort: 0,
      endPort: 65535,
      start: new Uint8Array(4),
      end: new Uint8Array(4),
    }],
  },
  { type: "CP", critical: false, cfgType: 1, attributes: [{ type: 8, data: new Uint8Array(17) }] },
  { type: "EAP", critical: false, data: Uint8Array.of(1, 2, 0, 5, 26) },
  { type: "D", critical: false, protocol: 3, spis: [new Uint8Array(4)] },
];

/** Decodes and prints in both forms. */
function printed(octets: Uint8Array, opener: Opener | undefined): void {
  const dissected = dissect({ frame: 1 }, octets, opener);
  const json = JSON.stringify(messageJson(dissected)), text = messageText(dissected);
  assert.ok(!json.includes("\n"));
  assert.ok(json.length <= 1000 + 64 * octets.length && text.length <= 1000 + 64 * octets.length);
}

Deno.test("decode: mutated messages are printed, never throw", () => {
  const rng = createRng(7296), message = emitMessage(header(1), inner);
  for (let run = 0; run < 3000; run++) printed(mutate(message, rng), undefined);
});

for (
  const encryption of ["NULL [RFC2410]", "AES-CBC-128 [RFC3602]", "AES-GCM-128 with 8 octet ICV [RFC5282]"]
) {
  Deno.test(`decode: mutated SK and SKF payloads of ${encryption} are opened or refused, never throw`, () => {
    const sa = new SealedSa(encryption, "NONE [RFC4306]"), rng = createRng(7383, encryption);
    const opener = new Opener(parseKeyTable(sa.line()).keys, provider);
    const messages = [sa.seal(header(1), inner), ...sa.sealInFragments(header(2), inner, 300)];
    for (let run = 0; run < 2000; run++) {
      printed(mutate(messages[run % messages.length]!, rng), opener);
      assert.ok(opener.heldOctets <= 262_144);
    }
  });
}

Deno.test("parseKeyTable: any text is read, never throws, and every fault lies within it", () => {
  const line = new SealedSa("AES-CBC-128 [RFC3602]", "HMAC_SHA1_96 [RFC2404]").line();
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(",", '"', "\n", "#", line.slice(0, 40), line.slice(40)),
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
    const text = pieces.join(""), lines = text.split(/\r?\n/);
    for (const { line, column } of parseKeyTable(text).faults) {
      assert.ok(line >= 1 && line <= lines.length);
      assert.ok(column >= 1 && column <= lines[line - 1]!.length + 1);
    }
  }));
});
