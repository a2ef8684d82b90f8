import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../src/bytes/mod.ts";
import {
  checkMessage,
  decodeMessage,
  describeInDetail,
  describeMessage,
  emitMessage,
  emitPayloads,
  firstUnsupportedCritical,
  parseMessage,
  parsePayloads,
} from "../../src/wire/mod.ts";
import { chain, headerFields, payload } from "../support/arbitrary_payloads.ts";

Deno.test("property: any message is encoded and decoded to the same values, and encoded again to the same octets", () => {
  fc.assert(
    fc.property(headerFields, chain, (fields, payloads) => {
      const octets = emitMessage(fields, payloads);
      const parsed = parseMessage(octets);
      assert.ok(parsed.ok, parsed.ok ? "" : parsed.error.message);
      const { nextPayload: _, length, ...header } = parsed.value.header;
      assert.equal(length, octets.length);
      assert.deepEqual(header, fields);
      assert.deepEqual(parsed.value.payloads, payloads);
      assert.deepEqual(emitMessage(parsed.value.header, parsed.value.payloads), octets);
    }),
    { numRuns: 500 },
  );
});

Deno.test("property: the payloads inside SK are encoded and decoded to the same values", () => {
  fc.assert(fc.property(fc.array(payload, { maxLength: 8 }), (payloads) => {
    const { firstPayload, octets } = emitPayloads(payloads);
    assert.deepEqual(parsePayloads(firstPayload, octets), { ok: true, value: payloads });
  }));
});

Deno.test("property: no truncation of a message is taken", () => {
  fc.assert(fc.property(headerFields, chain, fc.nat(), (fields, payloads, cut) => {
    const octets = emitMessage(fields, payloads);
    const decoded = decodeMessage(octets.subarray(0, cut % octets.length));
    assert.ok(decoded.error !== undefined);
    // What is in front of the cut is right as far as it goes.
    assert.deepEqual(decoded.payloads, payloads.slice(0, decoded.payloads.length));
  }));
});

Deno.test("property: whatever is decoded can be described, checked and encoded", () => {
  fc.assert(fc.property(headerFields, chain, fc.boolean(), (fields, payloads, encrypted) => {
    const decoded = decodeMessage(emitMessage(fields, payloads));
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(describeMessage(decoded), /[\x00-\x1f\x7f-\uffff]/);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(describeInDetail(decoded, { octets: true }), /[\x00-\x09\x0b-\x1f\x7f-\uffff]/);
    const direction = fields.flags.response ? "response" : "request";
    assert.equal(typeof checkMessage(fields.exchange, direction, payloads, encrypted).ok, "boolean");
    const critical = payloads.find((one) => one.type === "unknown" && one.critical);
    assert.equal(
      firstUnsupportedCritical(payloads),
      critical?.type === "unknown" ? critical.typeNumber : undefined,
    );
  }));
});

const HEADER = Uint8Array.of(
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  33,
  0x20,
  34,
  8,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
);

Deno.test("property: random octets never throw, and an error lies within them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(0xff), (octets, first) => {
      for (const decoded of [decodeMessage(octets), decodeMessage(behindHeader(octets, first))]) {
        if (decoded.error === undefined) continue;
        assert.ok(decoded.error.octet >= 0 && decoded.error.octet <= HEADER.length + octets.length);
      }
      const payloads = parsePayloads(first, octets);
      if (!payloads.ok) assert.ok(payloads.error.octet >= 0 && payloads.error.octet <= octets.length);
    }),
    { numRuns: 2000 },
  );
});

/** Octets as the payloads of a message whose header is right, so that the decoder goes past it. */
function behindHeader(octets: Uint8Array, first: number): Uint8Array {
  const message = concat(HEADER, octets);
  message[16] = first;
  new DataView(message.buffer).setUint32(24, message.length);
  return message;
}
