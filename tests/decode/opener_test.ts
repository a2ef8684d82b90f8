/** SK and SKF payloads opened with a key table in Wireshark's format. */
import assert from "node:assert/strict";
import { ID_TYPE, NOTIFY, notifyPayload, type Payload } from "../../src/wire/mod.ts";
import { parseKeyTable } from "../../cli/decode/key_table.ts";
import { dissect } from "../../cli/decode/message.ts";
import { type Opened, Opener } from "../../cli/decode/opener.ts";
import { header, provider, SealedSa } from "./seal.ts";

const inner: readonly Payload[] = [
  { type: "IDi", critical: false, idType: ID_TYPE.ID_FQDN, data: new TextEncoder().encode("a.example.com") },
  notifyPayload(NOTIFY.INITIAL_CONTACT),
  { type: "AUTH", critical: false, method: 2, data: new Uint8Array(32).fill(7) },
];

const CBC = "AES-CBC-256 [RFC3602]", SHA256 = "HMAC_SHA2_256_128 [RFC4868]";
const GCM = "AES-GCM-256 with 16 octet ICV [RFC5282]", NONE = "NONE [RFC4306]";

function openerOf(table: string): Opener {
  const { keys, faults } = parseKeyTable(table);
  assert.deepEqual(faults, []);
  return new Opener(keys, provider);
}

function open(opener: Opener, message: Uint8Array): Opened | undefined {
  return dissect({ frame: 1 }, message, opener).opened;
}

const AES = [128, 192, 256];
const AEADS = AES.flatMap((bits) =>
  ["GCM", "CCM"].flatMap((mode) =>
    [8, 12, 16].map((icv) => `AES-${mode}-${bits} with ${icv} octet ICV [RFC5282]`)
  )
);
const CIPHERS = [
  "3DES [RFC2451]",
  "NULL [RFC2410]",
  ...AES.flatMap((bits) => [`AES-CBC-${bits} [RFC3602]`, `AES-CTR-${bits} [RFC5930]`]),
];
const CHECKS = [
  "HMAC_MD5_96 [RFC2403]",
  "HMAC_SHA1_96 [RFC2404]",
  "HMAC_MD5_128 [RFC4595]",
  "HMAC_SHA1_160 [RFC4595]",
  "HMAC_SHA2_256_96 [draft-ietf-ipsec-ciph-sha-256-00]",
  SHA256,
  "HMAC_SHA2_384_192 [RFC4868]",
  "HMAC_SHA2_512_256 [RFC4868]",
  "AES_XCBC_96 [RFC3566]",
  "AES_CMAC_96 [RFC4494]",
];
const SUITES: readonly (readonly [string, string])[] = [
  ...[...AEADS, "ChaCha20-Poly1305 [RFC7634]"].map((name) => [name, NONE] as const),
  ...CIPHERS.map((name) => [name, SHA256] as const),
  ...CHECKS.map((name) => [CBC, name] as const),
  ...[64, 96, 128, 160, 192, 256].map((n) => [CBC, `ANY ${n}-bits of Authentication [No Checking]`] as const),
  [CBC, NONE],
];

for (const [encryption, integrity] of SUITES) {
  Deno.test(`Opener: ${encryption} with ${integrity} is opened, in both directions`, () => {
    const sa = new SealedSa(encryption, integrity);
    const opener = openerOf(sa.line());
    for (const response of [false, true]) {
      assert.deepEqual(open(opener, sa.seal(header(1, response), inner)), { payloads: inner });
    }
    assert.deepEqual(open(opener, sa.seal(header(2), [])), { payloads: [] });
  });
}

Deno.test("Opener: a wrong ICV is told; an AEAD gives nothing then, other algorithms what is inside", () => {
  const wrong = "Integrity check value is wrong";
  const aead = new SealedSa(GCM, NONE), sealed = aead.seal(header(1), inner);
  // Exchange, reserved bits of the SK header, IV, ciphertext, ICV.
  for (const at of [18, 29, 33, 41, sealed.length - 1]) {
    const damaged = sealed.slice();
    damaged[at]! ^= 1;
    const expected = { error: { octet: sealed.length - 16, message: wrong } };
    assert.deepEqual(open(openerOf(aead.line()), damaged), expected);
  }
  const cbc = new SealedSa(CBC, SHA256), message = cbc.seal(header(1), inner);
  message[message.length - 1]! ^= 1;
  assert.deepEqual(open(openerOf(cbc.line()), message), {
    payloads: inner,
    error: { octet: message.length - 16, message: wrong },
  });
  assert.deepEqual(open(openerOf(cbc.line({ 5: "", 6: "" })), message), { payloads: inner });
});

Deno.test("Opener: another SA's keys, a direction without key, and no table leave the payload closed", () => {
  const sa = new SealedSa(CBC, SHA256), message = sa.seal(header(1), inner);
  assert.equal(open(openerOf(sa.line({ 1: "0000000000000001" })), message), undefined);
  assert.equal(open(openerOf(sa.line({ 2: "" })), message), undefined);
  assert.deepEqual(open(openerOf(sa.line({ 3: "" })), message), { payloads: inner });
  assert.equal(dissect({ frame: 1 }, message, undefined).opened, undefined);
});

Deno.test("Opener: data that is too short or no whole blocks, and a padding that is too long, are told", () => {
  const sa = new SealedSa(CBC, NONE), opener = openerOf(sa.line());
  const message = sa.seal(header(1), inner);
  for (const cut of [1, 16 * Math.floor((message.length - 32) / 16)]) {
    const short = message.slice(0, message.length - cut);
    new DataView(short.buffer).setUint32(24, short.length);
    new DataView(short.buffer).setUint16(30, short.length - 28);
    assert.match(open(opener, short)?.error?.message ?? "", /^Encrypted data of \d+ octets does not fit/);
  }
  // The pad length of CBC is in the last block: the block in front of it turns it over.
  const padded = message.slice();
  padded[padded.length - 17]! ^= 0xff;
  assert.match(open(opener, padded)?.error?.message ?? "", /^Pad length \d+ in \d+ octets of plaintext$/);
});

Deno.test("Opener: what is in front of a fault in the plaintext is shown", () => {
  const sa = new SealedSa(GCM, NONE);
  // A nonce of 3 octets.
  const broken: Payload = { type: "unknown", critical: false, typeNumber: 40, data: new Uint8Array(3) };
  const opened = open(openerOf(sa.line()), sa.seal(header(1), [...inner, broken]));
  assert.deepEqual(opened?.payloads, inner);
  assert.match(opened?.error?.message ?? "", /^Within the plaintext: /);
});

const large: Payload = { type: "CERT", critical: false, encoding: 4, data: new Uint8Array(3000).fill(3) };

Deno.test("Opener: fragments of any order, captured twice, are put together with the last of them", () => {
  const sa = new SealedSa(GCM, NONE);
  const parts = sa.sealInFragments(header(1), [...inner, large], 500);
  const total = parts.length;
  for (const order of [parts, parts.toReversed(), parts.flatMap((part) => [part, part]).slice(0, -1)]) {
    const opener = openerOf(sa.line());
    const results = order.map((part) => open(opener, part));
    const last = results.pop();
    assert.deepEqual(last, { payloads: [...inner, large] });
    assert.ok(results.every((one) => one?.payloads === undefined && one?.fragments?.total === total));
    assert.equal(opener.heldOctets, 0);
  }
});

Deno.test("Opener: fragments of request and response, and of two message IDs, are kept apart", () => {
  const sa = new SealedSa(CBC, SHA256), opener = openerOf(sa.line());
  const sets = [header(1), header(1, true), header(2)].map((fields) =>
    sa.sealInFragments(fields, [large], 1600)
  );
  const firsts = sets.map(([first]) => open(opener, first!));
  assert.ok(firsts.every((one) => one?.fragments?.seen === 1));
  for (const [, second] of sets) assert.deepEqual(open(opener, second!), { payloads: [large] });
});

Deno.test("Opener: a damaged fragment is told and spoils nothing; smaller fragments begin anew, larger are refused", () => {
  const sa = new SealedSa(CBC, SHA256), opener = openerOf(sa.line());
  const parts = sa.sealInFragments(header(1), [large], 1600);
  const damaged = parts[1]!.slice();
  damaged[60]! ^= 1;
  open(opener, parts[0]!);
  assert.equal(open(opener, damaged)?.error?.message, "Integrity check value is wrong");
  const smaller = sa.sealInFragments(header(1), [large], 1100);
  assert.deepEqual(open(opener, smaller[0]!)?.fragments?.seen, 1);
  assert.match(open(opener, parts[1]!)?.error?.message ?? "", /others of this message say/);
  open(opener, smaller[1]!);
  assert.deepEqual(open(opener, smaller[2]!), { payloads: [large] });
});

Deno.test("Opener: fragments that never complete are held within a bound, and too many are refused", () => {
  const sa = new SealedSa(GCM, NONE), opener = openerOf(sa.line());
  const bulk: Payload = { type: "V", critical: false, data: new Uint8Array(60_000) };
  for (let id = 0; id < 200; id++) {
    const [first] = sa.sealInFragments(header(id), [bulk, bulk], 60_000);
    open(opener, first!);
    assert.ok(opener.heldOctets <= 262_144);
  }
  assert.ok(opener.heldOctets > 200_000);
  const [tiny] = sa.sealInFragments(header(1), [large], 2);
  assert.match(open(opener, tiny!)?.error?.message ?? "", /^Message in \d+ fragments: 1024 are taken$/);
});

Deno.test("Opener: wiped, it has no key left", () => {
  const sa = new SealedSa(CBC, SHA256);
  const { keys } = parseKeyTable(sa.line());
  const opener = new Opener(keys, provider);
  open(opener, sa.seal(header(1), inner));
  opener.wipe();
  for (const { ei, er, ai, ar } of keys) {
    for (const key of [ei, er, ai, ar]) assert.ok(key.length > 0 && key.every((octet) => octet === 0));
  }
});
