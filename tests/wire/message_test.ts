import assert from "node:assert/strict";
import { concat, ikeSpi } from "../../src/bytes/mod.ts";
import {
  decodeMessage,
  decodePayloads,
  emitMessage,
  emitPayloads,
  emitProtected,
  EXCHANGE,
  type HeaderFields,
  NOTIFY,
  notifyPayload,
  parseHeader,
  parseMessage,
  parsePayloads,
  type Payload,
} from "../../src/wire/mod.ts";
import { hex } from "../support/vectors.ts";

const fields: HeaderFields = {
  spiI: ikeSpi(0x0123456789abcdefn),
  spiR: ikeSpi(0xfedcba9876543210n),
  exchange: EXCHANGE.IKE_AUTH,
  flags: { initiator: true, response: false, higherVersion: false },
  messageId: 0x80000001,
};
// RFC 7296 §3.1 drawn as octets: SPIs, next payload, version, exchange, flags, message ID, length.
const HEADER = "0123456789abcdef" + "fedcba9876543210" + "00" + "20" + "23" + "08" + "80000001" + "0000001c";
const cookie = notifyPayload(NOTIFY.COOKIE, hex("aabbcc"));
const vendor: Payload = { type: "V", critical: false, data: hex("0102") };

Deno.test("header: octets to fields and back", () => {
  const octets = emitMessage(fields, []);
  assert.deepEqual(octets, hex(HEADER));
  assert.deepEqual(parseHeader(octets), {
    ok: true,
    value: { ...fields, nextPayload: 0, majorVersion: 2, minorVersion: 0, length: 28 },
  });
});

Deno.test("header: each flag is its own bit, the reserved five are ignored and sent as zero", () => {
  const names = ["initiator", "higherVersion", "response"] as const;
  for (let octet = 0; octet < 256; octet++) {
    const octets = hex(HEADER);
    octets[19] = octet;
    const header = parseHeader(octets);
    assert.ok(header.ok);
    const { flags } = header.value;
    assert.deepEqual(names.map((name) => flags[name]), [
      (octet & 0x08) !== 0,
      (octet & 0x10) !== 0,
      (octet & 0x20) !== 0,
    ]);
    assert.equal(emitMessage({ ...fields, flags }, [])[19], octet & 0x38);
  }
});

Deno.test("header: fewer than 28 octets are truncated, a length below 28 is impossible", () => {
  for (let length = 0; length < 28; length++) {
    const header = parseHeader(hex(HEADER).slice(0, length));
    assert.ok(!header.ok && header.error.code === "truncated");
    const octets = hex(HEADER);
    octets[27] = length;
    const impossible = parseHeader(octets);
    assert.ok(!impossible.ok && impossible.error.code === "length" && impossible.error.octet === 24);
  }
});

Deno.test("version: only major version 2 is read behind the header, whatever its minor version", () => {
  for (let version = 0; version < 256; version++) {
    const octets = emitMessage(fields, [cookie]);
    octets[17] = version;
    const header = parseHeader(octets);
    assert.ok(header.ok);
    assert.deepEqual([header.value.majorVersion, header.value.minorVersion], [version >> 4, version & 15]);
    const message = parseMessage(octets);
    if (version >> 4 === 2) assert.ok(message.ok && message.value.payloads.length === 1);
    else assert.ok(!message.ok && message.error.code === "version" && message.error.octet === 17);
  }
});

Deno.test("version: a message of IKEv1 is recognised by its major version 1", () => {
  // ISAKMP header of an identity protection exchange (RFC 2408 §3.1) and an SA payload that is none of IKEv2.
  const isakmp = hex(
    "0123456789abcdef" + "0000000000000000" + "01100200" + "00000000" + "00000024" + "0000000800000001",
  );
  const decoded = decodeMessage(isakmp);
  assert.equal(decoded.header?.majorVersion, 1);
  assert.equal(decoded.error?.code, "version");
  assert.deepEqual(decoded.payloads, []);
});

Deno.test("message: the length has to be that of the datagram", () => {
  const octets = emitMessage(fields, [cookie, vendor]);
  const short = parseMessage(octets.subarray(0, octets.length - 1));
  assert.ok(!short.ok && short.error.code === "truncated");
  const long = parseMessage(concat(octets, hex("00")));
  assert.ok(!long.ok && long.error.code === "length" && long.error.octet === octets.length);
});

Deno.test("message: octets behind the last payload are malformed, and so is a payload that is announced and missing", () => {
  const octets = emitMessage(fields, [cookie, vendor]);
  const early = octets.slice();
  early[28] = 0;
  const behind = parseMessage(early);
  assert.ok(!behind.ok && behind.error.code === "length" && behind.error.octet === 28 + 11);
  const late = octets.slice();
  late[28 + 11] = 43;
  const missing = parseMessage(late);
  assert.ok(!missing.ok && missing.error.code === "truncated" && missing.error.octet === octets.length);
});

Deno.test("message: what is in front of a fault is kept", () => {
  const octets = emitMessage(fields, [cookie, { type: "Nonce", critical: false, data: new Uint8Array(16) }]);
  octets[28 + 11 + 3] = 19;
  const decoded = decodeMessage(octets);
  assert.deepEqual(decoded.payloads, [cookie]);
  assert.equal(decoded.header?.messageId, 0x80000001);
  assert.equal(decoded.error?.code, "length");
  assert.ok(!parseMessage(octets).ok);
});

Deno.test("message: of one that is cut off, and of one with octets behind it, the payloads are kept", () => {
  const octets = emitMessage(fields, [cookie, vendor]);
  const cut = decodeMessage(octets.subarray(0, octets.length - 1));
  assert.deepEqual([cut.payloads, cut.error?.code], [[cookie], "truncated"]);
  const longer = decodeMessage(concat(octets, hex("00")));
  assert.deepEqual([longer.payloads, longer.error?.code], [[cookie, vendor], "length"]);
});

Deno.test("plaintext: what is in front of a fault is kept, an SK within SK is not", () => {
  const { firstPayload, octets } = emitPayloads([cookie, vendor]);
  const cut = decodePayloads(firstPayload, octets.subarray(0, octets.length - 1));
  assert.deepEqual([cut.payloads, cut.error?.code], [[cookie], "truncated"]);
  const sk: Payload = { type: "SK", critical: false, firstPayload: 35, data: hex("0011") };
  const nested = emitPayloads([cookie, sk]);
  const decoded = decodePayloads(nested.firstPayload, nested.octets);
  assert.deepEqual([decoded.payloads, decoded.error?.code], [[cookie], "syntax"]);
  assert.equal(parsePayloads(nested.firstPayload, nested.octets).ok, false);
});

Deno.test("message: a chain may have 256 payloads and no more", () => {
  assert.ok(parseMessage(emitMessage(fields, new Array(256).fill(vendor))).ok);
  const flood = parseMessage(emitMessage(fields, new Array(257).fill(vendor)));
  assert.ok(!flood.ok && flood.error.code === "limit");
});

Deno.test("message: SK ends the chain, although its Next Payload names the first payload inside", () => {
  const sk: Payload = { type: "SK", critical: false, firstPayload: 35, data: hex("0011223344556677") };
  const octets = emitMessage(fields, [vendor, sk]);
  const parsed = parseMessage(octets);
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.value.payloads, [vendor, sk]);
  const trailing = concat(octets, hex("00000004"));
  trailing[27] = trailing.length;
  const refused = parseMessage(trailing);
  assert.ok(!refused.ok && refused.error.code === "length");
});

Deno.test("message: octets in payloads are views of the datagram, so that decryption can work in place", () => {
  const octets = emitMessage(fields, [cookie]);
  const parsed = parseMessage(octets);
  assert.ok(parsed.ok);
  const [payload] = parsed.value.payloads;
  assert.ok(payload?.type === "N");
  assert.equal(payload.data.buffer, octets.buffer);
});

Deno.test("payloads inside SK: parse and emit are inverse, with none at all too", () => {
  assert.deepEqual(emitPayloads([]), { firstPayload: 0, octets: hex("") });
  assert.deepEqual(parsePayloads(0, hex("")), { ok: true, value: [] });
  const inner = emitPayloads([cookie, vendor]);
  assert.equal(inner.firstPayload, 41);
  assert.deepEqual(parsePayloads(inner.firstPayload, inner.octets), { ok: true, value: [cookie, vendor] });
  const left = parsePayloads(0, hex("00"));
  assert.ok(!left.ok && left.error.octet === 0);
});

Deno.test("payloads inside SK: another SK or SKF there is malformed", () => {
  const sk: Payload = { type: "SK", critical: false, firstPayload: 0, data: hex("00") };
  const skf: Payload = { ...sk, type: "SKF", fragment: 1, total: 1 };
  for (const payload of [sk, skf]) {
    const inner = emitPayloads([vendor, payload]);
    const parsed = parsePayloads(inner.firstPayload, inner.octets);
    assert.ok(!parsed.ok && parsed.error.code === "syntax");
  }
});

Deno.test("protected message: header, SK header and room for the rest are laid out in one buffer", () => {
  const { octets, dataOffset } = emitProtected({ header: fields, firstPayload: 35, bodyLength: 40 });
  assert.equal(octets.length, 28 + 4 + 40);
  assert.equal(dataOffset, 32);
  octets.fill(0xee, dataOffset);
  const parsed = parseMessage(octets);
  assert.ok(parsed.ok);
  assert.equal(parsed.value.header.length, octets.length);
  assert.equal(parsed.value.header.nextPayload, 46);
  const sk: Payload = { type: "SK", critical: false, firstPayload: 35, data: new Uint8Array(40).fill(0xee) };
  assert.deepEqual(parsed.value.payloads, [sk]);
  assert.deepEqual(octets, emitMessage(fields, [sk]));
});

Deno.test("protected message: a fragment has its numbers in front of the IV", () => {
  const { octets, dataOffset } = emitProtected({
    header: fields,
    firstPayload: 0,
    bodyLength: 24,
    fragment: { number: 2, total: 3 },
  });
  assert.equal(dataOffset, 36);
  assert.equal(octets.length, 36 + 24);
  const parsed = parseMessage(octets);
  assert.ok(parsed.ok);
  const skf = {
    type: "SKF",
    critical: false,
    firstPayload: 0,
    fragment: 2,
    total: 3,
    data: new Uint8Array(24),
  };
  assert.deepEqual(parsed.value.payloads, [skf]);
});

Deno.test("protected message: the largest that a payload can hold is laid out, one octet more throws", () => {
  assert.equal(emitProtected({ header: fields, firstPayload: 0, bodyLength: 65531 }).octets.length, 65563);
  assert.throws(() => emitProtected({ header: fields, firstPayload: 0, bodyLength: 65532 }), RangeError);
});
