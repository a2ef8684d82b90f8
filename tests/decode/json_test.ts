/** Messages as JSON, in the shape of contracts.md. */
import assert from "node:assert/strict";
import { ikeSpi } from "../../src/bytes/mod.ts";
import { parseAddress } from "../../src/ip/mod.ts";
import {
  emitAuthLifetime,
  emitCookie,
  emitInvalidKe,
  emitMessage,
  emitRedirect,
  emitSignatureHashAlgorithms,
  emitSupportedAuthMethods,
  type HeaderFields,
  NOTIFY,
  notifyPayload,
  type Payload,
} from "../../src/wire/mod.ts";
import { messageJson } from "../../cli/decode/json.ts";
import { dissect, timeText } from "../../cli/decode/message.ts";
import { hex } from "../support/vectors.ts";

const fields: HeaderFields = {
  spiI: ikeSpi(0x0123456789abcdefn),
  spiR: ikeSpi(0n),
  exchange: 34,
  flags: { initiator: true, response: false, higherVersion: false },
  messageId: 7,
};

/** What a reader of the line sees. */
function jsonOf(octets: Uint8Array, found = {}): Record<string, unknown> {
  return JSON.parse(JSON.stringify(messageJson(dissect({ frame: 3, ...found }, octets, undefined))));
}

function payloadJson(payload: Payload): unknown {
  return (jsonOf(emitMessage(fields, [payload])).payloads as unknown[])[0];
}

Deno.test("JSON: a message has the fields of the contract, in their order", () => {
  const source = { address: parseAddress("192.0.2.1")!, port: 500 };
  const destination = { address: parseAddress("2001:db8::1")!, port: 4500 };
  const json = jsonOf(emitMessage(fields, []), { timeNs: 1_600_000_000_123_456_000n, source, destination });
  assert.deepEqual(json, {
    frame: 3,
    time: "2020-09-13T12:26:40.123456Z",
    src: "192.0.2.1:500",
    dst: "[2001:db8::1]:4500",
    ispi: "0123456789abcdef",
    rspi: "0000000000000000",
    next_payload: 0,
    major: 2,
    minor: 0,
    exchange: 34,
    message_id: 7,
    length: 28,
    flags: { initiator: true, response: false, higher_version: false },
    payloads: [],
  });
  assert.deepEqual(Object.keys(json).slice(0, 6), ["frame", "time", "src", "dst", "ispi", "rspi"]);
});

Deno.test("JSON: a bare message has no time and no ends; octets that are no header have an error alone", () => {
  const bare = jsonOf(emitMessage(fields, []));
  assert.deepEqual([bare.time, bare.src, bare.dst], [null, null, null]);
  assert.deepEqual(jsonOf(hex("00")), {
    frame: 3,
    time: null,
    src: null,
    dst: null,
    payloads: [],
    error: { octet: 0, message: "IKE header ends early: 28 octets needed, 1 left" },
  });
});

Deno.test("JSON: of a message that is cut off there is what was read, and where it ends", () => {
  const octets = emitMessage(fields, [emitCookie(hex("0a0b")), emitCookie(hex("0c"))]);
  const json = jsonOf(octets.subarray(0, octets.length - 1));
  assert.deepEqual((json.payloads as unknown[]).length, 1);
  assert.deepEqual(json.error, { octet: octets.length - 1, message: "Message of 47 octets, 46 came" });
});

const PAYLOADS: readonly (readonly [string, Payload, unknown])[] = [
  [
    "SA",
    {
      type: "SA",
      critical: true,
      proposals: [{
        number: 1,
        protocol: 3,
        spi: hex("c0ffee01"),
        transforms: [
          { type: 1, id: 20, attributes: [{ type: 14, value: 256 }] },
          { type: 5, id: 0, attributes: [] },
          { type: 99, id: 7, attributes: [{ type: 14, value: hex("0102") }, { type: 15, value: 3 }] },
        ],
      }],
    },
    {
      type: "SA",
      critical: true,
      proposals: [{
        number: 1,
        protocol: 3,
        spi: "c0ffee01",
        transforms: [
          { type: 1, id: 20, name: "ENCR_AES_GCM_16", key_length: 256 },
          { type: 5, id: 0, name: "No Extended Sequence Numbers" },
          {
            type: 99,
            id: 7,
            name: "transform 99/7",
            attributes: [{ type: 14, value: "0102" }, { type: 15, value: 3 }],
          },
        ],
      }],
    },
  ],
  [
    "KE",
    { type: "KE", critical: false, group: 31, data: hex("aabb") },
    { type: "KE", critical: false, group: 31, data: "aabb" },
  ],
  [
    "IDi",
    { type: "IDi", critical: false, idType: 2, data: new TextEncoder().encode('a"b') },
    { type: "IDi", critical: false, id_type: 2, data: "612262", text: "a\\x22b" },
  ],
  [
    "IDr",
    { type: "IDr", critical: false, idType: 5, data: hex("20010db8000000000000000000000001") },
    {
      type: "IDr",
      critical: false,
      id_type: 5,
      data: "20010db8000000000000000000000001",
      text: "2001:db8::1",
    },
  ],
  [
    "CERT",
    { type: "CERT", critical: false, encoding: 4, data: hex("30") },
    { type: "CERT", critical: false, encoding: 4, data: "30" },
  ],
  [
    "CERTREQ",
    { type: "CERTREQ", critical: false, encoding: 4, data: hex("") },
    { type: "CERTREQ", critical: false, encoding: 4, data: "" },
  ],
  [
    "AUTH",
    { type: "AUTH", critical: false, method: 14, data: hex("01") },
    { type: "AUTH", critical: false, method: 14, data: "01" },
  ],
  [
    "Nonce",
    { type: "Nonce", critical: false, data: new Uint8Array(16) },
    { type: "Nonce", critical: false, data: "00".repeat(16) },
  ],
  [
    "D",
    { type: "D", critical: false, protocol: 3, spis: [hex("00000001"), hex("ffffffff")] },
    { type: "D", critical: false, protocol: 3, spis: ["00000001", "ffffffff"] },
  ],
  ["V", { type: "V", critical: false, data: hex("41") }, { type: "V", critical: false, data: "41" }],
  [
    "TSi",
    {
      type: "TSi",
      critical: false,
      selectors: [
        { tsType: 7, protocol: 6, startPort: 23, endPort: 23, start: hex("0a010000"), end: hex("0a01ffff") },
        { tsType: 10, protocol: 0, data: hex("abcd") },
      ],
    },
    {
      type: "TSi",
      critical: false,
      selectors: [
        { ts_type: 7, protocol: 6, start_port: 23, end_port: 23, start: "0a010000", end: "0a01ffff" },
        { ts_type: 10, protocol: 0, data: "abcd" },
      ],
    },
  ],
  [
    "SK",
    { type: "SK", critical: false, firstPayload: 35, data: hex("0011") },
    { type: "SK", critical: false, data: "0011" },
  ],
  [
    "SKF",
    { type: "SKF", critical: false, firstPayload: 0, fragment: 2, total: 3, data: hex("0011") },
    { type: "SKF", critical: false, fragment: 2, total: 3, data: "0011" },
  ],
  [
    "CP",
    { type: "CP", critical: false, cfgType: 2, attributes: [{ type: 1, data: hex("c0000201") }] },
    {
      type: "CP",
      critical: false,
      cfg_type: 2,
      attributes: [{ type: 1, name: "INTERNAL_IP4_ADDRESS", data: "c0000201" }],
    },
  ],
  [
    "EAP",
    { type: "EAP", critical: false, data: hex("0105000501") },
    { type: "EAP", critical: false, code: 1, identifier: 5, method: 1, data: "0105000501" },
  ],
  [
    "a type that is unknown",
    { type: "unknown", critical: true, typeNumber: 200, data: hex("ff") },
    { type_number: 200, critical: true, data: "ff" },
  ],
];

for (const [name, payload, expected] of PAYLOADS) {
  Deno.test(`JSON: ${name} has the fields of the contract`, () =>
    assert.deepEqual(payloadJson(payload), expected));
}

Deno.test("JSON: a notify has its fields and those of its body; a body that is malformed has none", () => {
  const common = { type: "N", critical: false, protocol: 0, spi: "" };
  const cases: readonly [Payload, unknown][] = [
    [notifyPayload(NOTIFY.INITIAL_CONTACT), { notify_type: 16384, name: "INITIAL_CONTACT", data: "" }],
    [emitCookie(hex("0102")), { notify_type: 16390, name: "COOKIE", data: "0102", cookie: "0102" }],
    [emitInvalidKe(31), { notify_type: 17, name: "INVALID_KE_PAYLOAD", data: "001f", group: 31 }],
    [emitAuthLifetime(60), { notify_type: 16403, name: "AUTH_LIFETIME", data: "0000003c", lifetime: 60 }],
    [
      emitSignatureHashAlgorithms([2, 99]),
      { notify_type: 16431, name: "SIGNATURE_HASH_ALGORITHMS", data: "00020063", hashes: [2, 99] },
    ],
    [
      emitSupportedAuthMethods([{ method: 2 }, { method: 14, certLink: 0, algorithm: hex("30") }]),
      {
        notify_type: 16443,
        name: "SUPPORTED_AUTH_METHODS",
        data: "0202040e0030",
        methods: [{ method: 2 }, { method: 14, cert_link: 0, algorithm: "30" }],
      },
    ],
    [
      emitRedirect({ fqdn: "gw.example.com" }),
      {
        notify_type: 16407,
        name: "REDIRECT",
        data: "030e" + "67772e6578616d706c652e636f6d",
        gateway: "gw.example.com",
        nonce: "",
      },
    ],
    [
      notifyPayload(NOTIFY.IPSEC_REPLAY_COUNTER_SYNC, hex("ffffffffffffffff")),
      {
        notify_type: 16423,
        name: "IPSEC_REPLAY_COUNTER_SYNC",
        data: "ffffffffffffffff",
        delta: "ffffffffffffffff",
        esn: true,
      },
    ],
    [
      notifyPayload(NOTIFY.INVALID_KE_PAYLOAD, hex("00")),
      { notify_type: 17, name: "INVALID_KE_PAYLOAD", data: "00" },
    ],
    [notifyPayload(40000, hex("00")), { notify_type: 40000, name: "notify 40000", data: "00" }],
  ];
  for (const [payload, expected] of cases) {
    assert.deepEqual(payloadJson(payload), { ...common, ...expected as object });
  }
  const rekey = notifyPayload(NOTIFY.REKEY_SA, new Uint8Array(0), 3, hex("c0ffee01"));
  assert.deepEqual(payloadJson(rekey), {
    ...common,
    protocol: 3,
    spi: "c0ffee01",
    notify_type: 16393,
    name: "REKEY_SA",
    data: "",
  });
});

Deno.test("timeText: RFC 3339 in UTC, as exact as the capture, nothing outside of its years", () => {
  assert.equal(timeText(0n), "1970-01-01T00:00:00.000000Z");
  assert.equal(timeText(1n), "1970-01-01T00:00:00.000000001Z");
  assert.equal(timeText(-1_000n), "1969-12-31T23:59:59.999999Z");
  assert.equal(timeText(253_402_300_799_999_999_999n), "9999-12-31T23:59:59.999999999Z");
  assert.equal(timeText(253_402_300_800_000_000_000n), undefined);
  assert.equal(timeText(-62_167_219_200_000_000_001n), undefined);
  assert.equal(timeText(2n ** 200n), undefined);
});
