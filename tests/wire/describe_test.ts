import assert from "node:assert/strict";
import { ikeSpi } from "../../src/bytes/mod.ts";
import {
  describeInDetail,
  describeMessage,
  describeTransform,
  EXCHANGE,
  type Header,
  NOTIFY,
  notifyPayload,
  type Payload,
} from "../../src/wire/mod.ts";
import { hex } from "../support/vectors.ts";

const critical = false;
const secret = hex("5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2");
const header: Header = {
  spiI: ikeSpi(0x0102030405060708n),
  spiR: ikeSpi(0n),
  nextPayload: 33,
  majorVersion: 2,
  minorVersion: 0,
  exchange: EXCHANGE.IKE_SA_INIT,
  flags: { initiator: true, response: false, higherVersion: false },
  messageId: 0,
  length: 300,
};
const transforms = [
  { type: 1, id: 20, attributes: [{ type: 14, value: 256 }] },
  { type: 2, id: 5, attributes: [] },
  { type: 4, id: 31, attributes: [] },
];
const range4 = { tsType: 7, start: hex("0a010000"), end: hex("0a01ffff") } as const;

/** One of each kind, with what the detailed form says of it. */
const PAYLOADS: readonly (readonly [Payload, string])[] = [
  [
    { type: "SA", critical, proposals: [{ number: 1, protocol: 1, spi: hex(""), transforms }] },
    "  SA\n    proposal 1, IKE: ENCR_AES_GCM_16 (256 bits), PRF_HMAC_SHA2_256, Curve25519",
  ],
  [
    {
      type: "SA",
      critical,
      proposals: [{
        number: 2,
        protocol: 3,
        spi: hex("0a0b0c0d"),
        transforms: [{ type: 5, id: 1, attributes: [] }],
      }],
    },
    "  SA\n    proposal 2, ESP, SPI 0a0b0c0d: Extended Sequence Numbers",
  ],
  [{ type: "KE", critical, group: 31, data: secret }, "  KE Curve25519, 20 octets"],
  [{ type: "Nonce", critical, data: secret }, "  Nonce 20 octets"],
  [{ type: "IDi", critical, idType: 2, data: hex("612e6578616d706c65") }, '  IDi ID_FQDN "a.example"'],
  [{ type: "IDr", critical, idType: 1, data: hex("c0000201") }, '  IDr ID_IPV4_ADDR "192.0.2.1"'],
  [
    { type: "IDr", critical, idType: 5, data: hex("20010db8000000000000000000000001") },
    '  IDr ID_IPV6_ADDR "2001:db8::1"',
  ],
  [{ type: "IDi", critical, idType: 11, data: hex("beef") }, '  IDi ID_KEY_ID "beef"'],
  [{ type: "CERT", critical, encoding: 4, data: secret }, "  CERT X.509 Certificate - Signature, 20 octets"],
  [
    { type: "CERTREQ", critical, encoding: 4, data: secret },
    "  CERTREQ X.509 Certificate - Signature, 20 octets",
  ],
  [
    { type: "AUTH", critical, method: 2, data: secret },
    "  AUTH Shared Key Message Integrity Code, 20 octets",
  ],
  [notifyPayload(NOTIFY.COOKIE, secret), "  N COOKIE: 20 octets"],
  [notifyPayload(NOTIFY.INITIAL_CONTACT), "  N INITIAL_CONTACT"],
  [notifyPayload(NOTIFY.INVALID_KE_PAYLOAD, hex("000e")), "  N INVALID_KE_PAYLOAD: 2048-bit MODP Group"],
  [notifyPayload(NOTIFY.INVALID_KE_PAYLOAD, hex("00")), "  N INVALID_KE_PAYLOAD: 1 octets"],
  [
    notifyPayload(NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD, hex("c8")),
    "  N UNSUPPORTED_CRITICAL_PAYLOAD: payload 200",
  ],
  [notifyPayload(NOTIFY.INVALID_MESSAGE_ID, hex("00000007")), "  N INVALID_MESSAGE_ID: 7"],
  [notifyPayload(NOTIFY.SET_WINDOW_SIZE, hex("00000004")), "  N SET_WINDOW_SIZE: 4"],
  [notifyPayload(NOTIFY.AUTH_LIFETIME, hex("0000003c")), "  N AUTH_LIFETIME: 60 s"],
  [
    notifyPayload(NOTIFY.SIGNATURE_HASH_ALGORITHMS, hex("00020005")),
    "  N SIGNATURE_HASH_ALGORITHMS: SHA2-256, Identity",
  ],
  [
    notifyPayload(NOTIFY.SUPPORTED_AUTH_METHODS, hex("020d")),
    "  N SUPPORTED_AUTH_METHODS: NULL Authentication",
  ],
  [notifyPayload(NOTIFY.IPCOMP_SUPPORTED, hex("000302")), "  N IPCOMP_SUPPORTED: IPCOMP_DEFLATE, CPI 3"],
  [notifyPayload(NOTIFY.ADDITIONAL_IP4_ADDRESS, hex("c0000202")), "  N ADDITIONAL_IP4_ADDRESS: 192.0.2.2"],
  [
    notifyPayload(NOTIFY.NO_NATS_ALLOWED, hex("c0000201c633640701f401f4")),
    "  N NO_NATS_ALLOWED: 192.0.2.1:500 to 198.51.100.7:500",
  ],
  [notifyPayload(NOTIFY.REDIRECT, hex("0104c0000209")), "  N REDIRECT: 192.0.2.9"],
  [notifyPayload(NOTIFY.REKEY_SA, hex(""), 3, hex("01020304")), "  N REKEY_SA for ESP 01020304"],
  [notifyPayload(40000, hex("aa")), "  N notify 40000: 1 octets"],
  [
    { type: "D", critical, protocol: 3, spis: [hex("01020304"), hex("05060708")] },
    "  D ESP 01020304 05060708",
  ],
  [{ type: "D", critical, protocol: 1, spis: [] }, "  D IKE"],
  [{ type: "V", critical, data: hex("4f700a") }, '  V 4f700a "Op\\x0a"'],
  [
    { type: "TSi", critical, selectors: [{ ...range4, protocol: 6, startPort: 23, endPort: 23 }] },
    "  TSi\n    10.1.0.0/16, protocol 6, port 23",
  ],
  [
    {
      type: "TSr",
      critical,
      selectors: [
        { ...range4, protocol: 0, startPort: 0, endPort: 65535 },
        { ...range4, protocol: 17, startPort: 65535, endPort: 0 },
        { ...range4, protocol: 17, startPort: 1, endPort: 9 },
        { tsType: 10, protocol: 0, data: hex("0102") },
      ],
    },
    "  TSr\n    10.1.0.0/16, any protocol, any port\n    10.1.0.0/16, protocol 17, opaque ports\n" +
    "    10.1.0.0/16, protocol 17, ports 1-9\n    TS_SECLABEL 0102",
  ],
  [{ type: "SK", critical, firstPayload: 35, data: secret }, "  SK 20 octets"],
  [
    { type: "SKF", critical, firstPayload: 35, fragment: 1, total: 3, data: secret },
    "  SKF fragment 1 of 3, 20 octets",
  ],
  [
    {
      type: "CP",
      critical,
      cfgType: 1,
      attributes: [{ type: 1, data: hex("") }, { type: 3, data: hex("c0000235") }],
    },
    "  CP CFG_REQUEST\n    INTERNAL_IP4_ADDRESS\n    INTERNAL_IP4_DNS 192.0.2.53",
  ],
  [{ type: "EAP", critical, data: hex("010700051a") }, "  EAP Request 7, EAP-MSCHAPv2, 5 octets"],
  [{ type: "EAP", critical, data: hex("03070004") }, "  EAP Success 7, 4 octets"],
  [{ type: "unknown", critical: true, typeNumber: 200, data: secret }, "  payload 200 (critical) 20 octets"],
];

for (const [payload, text] of PAYLOADS) {
  Deno.test(`describe: ${text.trim().replaceAll(/\s+/g, " ")}`, () => {
    const [, , ...lines] = describeInDetail({ header, payloads: [payload] }).split("\n");
    assert.equal(lines.join("\n"), text);
  });
}

Deno.test("describe: the header's fields are on two lines", () => {
  assert.equal(
    describeInDetail({ header, payloads: [] }),
    "IKE_SA_INIT request, message ID 0, 300 octets\n" +
      "  SPIi 0102030405060708, SPIr 0000000000000000, version 2.0, flags initiator",
  );
  const flags = { initiator: false, response: false, higherVersion: false };
  assert.match(describeInDetail({ header: { ...header, flags }, payloads: [] }), /flags none$/);
});

Deno.test("describe: one line has exchange, direction, message ID, SPIs and what tells payloads apart", () => {
  const text = describeMessage({
    header,
    payloads: [
      { type: "SA", critical: true, proposals: [] },
      { type: "KE", critical, group: 31, data: secret },
      { type: "Nonce", critical, data: secret },
      notifyPayload(NOTIFY.COOKIE, secret),
      { type: "D", critical, protocol: 3, spis: [] },
      { type: "CP", critical, cfgType: 2, attributes: [] },
      { type: "EAP", critical, data: hex("03070004") },
      { type: "unknown", critical, typeNumber: 200, data: secret },
      { type: "SKF", critical, firstPayload: 0, fragment: 2, total: 3, data: secret },
    ],
  });
  assert.equal(
    text,
    "IKE_SA_INIT request 0 spiI=0102030405060708 spiR=0000000000000000 " +
      "SA! KE(Curve25519) Nonce N(COOKIE) D(ESP) CP(CFG_REPLY) EAP(Success) payload 200 SKF(2/3)",
  );
});

Deno.test("describe: no form for logs has octets of KE, nonces, AUTH, EAP, cookies, tickets or tokens", () => {
  const payloads: Payload[] = [
    ...PAYLOADS.map(([payload]) => payload),
    notifyPayload(NOTIFY.TICKET_LT_OPAQUE, secret),
    notifyPayload(NOTIFY.QUICK_CRASH_DETECTION, secret),
    notifyPayload(NOTIFY.NO_PPK_AUTH, secret),
    { type: "EAP", critical, data: hex("020700181a5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75e") },
  ];
  const message = { header, payloads };
  assert.ok(!describeMessage(message).includes("5ec2e7"));
  assert.ok(!describeInDetail(message).includes("5ec2e7"));
  const asked = describeInDetail(message, { octets: true });
  const shown = asked.split("\n").filter((line) => line.includes("5ec2e7"));
  assert.equal(shown.length, 13);
});

Deno.test("describe: what a peer wrote cannot forge a line", () => {
  const evil = new TextEncoder().encode('x"\n iked: info: ike-up \u001b[31m\\');
  const payloads: Payload[] = [
    { type: "IDi", critical, idType: 2, data: evil },
    { type: "V", critical, data: evil },
  ];
  const lines = describeInDetail({ header, payloads }).split("\n");
  assert.equal(lines.length, 4);
  // deno-lint-ignore no-control-regex
  for (const line of lines) assert.doesNotMatch(line, /[\x00-\x1f\x7f-\xff]/);
});

Deno.test("describe: a malformed message shows what was read and where the fault is", () => {
  const error = { code: "length", octet: 30, message: "Payload is short" } as const;
  const payloads = [notifyPayload(NOTIFY.COOKIE, secret)];
  assert.match(
    describeMessage({ header, payloads, error }),
    /N\(COOKIE\) malformed at octet 30: Payload is short$/,
  );
  assert.match(
    describeInDetail({ header, payloads, error }),
    /\n {2}malformed at octet 30: Payload is short$/,
  );
  assert.equal(describeMessage({ payloads: [], error }), "malformed at octet 30: Payload is short");
});

Deno.test("describe: transform attributes that are not the key length are shown as they are", () => {
  const attributes = [{ type: 14, value: hex("0080") }, { type: 7, value: 3 }];
  assert.equal(
    describeTransform({ type: 1, id: 12, attributes }),
    "ENCR_AES_CBC (attribute 14: 0080, attribute 7: 3)",
  );
});
