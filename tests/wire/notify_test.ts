import assert from "node:assert/strict";
import { espSpi, type Result } from "../../src/bytes/mod.ts";
import { parseAddress } from "../../src/ip/mod.ts";
import * as wire from "../../src/wire/mod.ts";
import { type NotifyPayload, type WireError } from "../../src/wire/mod.ts";
import { hex } from "../support/vectors.ts";

const { NOTIFY } = wire;
const v4 = parseAddress("192.0.2.1")!;
const v4b = parseAddress("198.51.100.7")!;
const v6 = parseAddress("2001:db8::1")!;
const v6b = parseAddress("2001:db8::2")!;
const digest = hex("00112233445566778899aabbccddeeff01234567");
const token = hex("000102030405060708090a0b0c0d0e0f");

interface Case<T = unknown> {
  readonly type: number;
  /** The body as octets, after the picture in its RFC. */
  readonly data: string;
  readonly emitted: NotifyPayload;
  readonly parse: (payload: NotifyPayload) => Result<T, WireError>;
  readonly value: T;
  /** Lengths below the whole one that are legal too. */
  readonly alsoLegal?: readonly number[];
  /** The body has a part of free length at its end. */
  readonly open?: boolean;
}

const CASES: readonly Case[] = [
  {
    type: NOTIFY.COOKIE,
    data: "0a0b",
    emitted: wire.emitCookie(hex("0a0b")),
    parse: wire.parseCookie,
    value: hex("0a0b"),
    alsoLegal: [1],
    open: true,
  },
  {
    type: NOTIFY.COOKIE2,
    data: "0102030405060708",
    emitted: wire.emitCookie2(hex("0102030405060708")),
    parse: wire.parseCookie2,
    value: hex("0102030405060708"),
    open: true,
  },
  {
    type: NOTIFY.INVALID_KE_PAYLOAD,
    data: "0013",
    emitted: wire.emitInvalidKe(19),
    parse: wire.parseInvalidKe,
    value: 19,
  },
  {
    type: NOTIFY.NAT_DETECTION_SOURCE_IP,
    data: "00112233445566778899aabbccddeeff01234567",
    emitted: wire.emitNatDetection("source", digest),
    parse: wire.parseNatDetection,
    value: digest,
  },
  {
    type: NOTIFY.NAT_DETECTION_DESTINATION_IP,
    data: "00112233445566778899aabbccddeeff01234567",
    emitted: wire.emitNatDetection("destination", digest),
    parse: wire.parseNatDetection,
    value: digest,
  },
  {
    type: NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD,
    data: "c8",
    emitted: wire.emitUnsupportedCritical(200),
    parse: wire.parseUnsupportedCritical,
    value: 200,
  },
  {
    type: NOTIFY.INVALID_MESSAGE_ID,
    data: "80000001",
    emitted: wire.emitInvalidMessageId(0x80000001),
    parse: wire.parseInvalidMessageId,
    value: 0x80000001,
  },
  {
    type: NOTIFY.INVALID_SPI,
    data: "deadbeef",
    emitted: wire.emitInvalidSpi(espSpi(0xdeadbeef)),
    parse: wire.parseInvalidSpi,
    value: 0xdeadbeef,
  },
  {
    type: NOTIFY.SET_WINDOW_SIZE,
    data: "00000008",
    emitted: wire.emitWindowSize(8),
    parse: wire.parseWindowSize,
    value: 8,
  },
  {
    type: NOTIFY.IPCOMP_SUPPORTED,
    data: "abcd02",
    emitted: wire.emitIpcompSupported(0xabcd, wire.IPCOMP.IPCOMP_DEFLATE),
    parse: wire.parseIpcompSupported,
    value: { cpi: 0xabcd, transform: 2, attributes: new Uint8Array(0) },
    open: true,
  },
  {
    type: NOTIFY.SIGNATURE_HASH_ALGORITHMS,
    data: "0002000300040005ffff",
    emitted: wire.emitSignatureHashAlgorithms([2, 3, 4, 5, 0xffff]),
    parse: wire.parseSignatureHashAlgorithms,
    value: [2, 3, 4, 5, 0xffff],
    alsoLegal: [0, 2, 4, 6, 8],
  },
  {
    type: NOTIFY.REDIRECT,
    data: "0104c0000201aabb",
    emitted: wire.emitRedirect({ address: v4 }, hex("aabb")),
    parse: wire.parseRedirect,
    value: { gateway: { address: v4 }, nonce: hex("aabb") },
    alsoLegal: [6, 7],
    open: true,
  },
  {
    type: NOTIFY.REDIRECTED_FROM,
    data: "030b67772e6578616d706c652e",
    emitted: wire.emitRedirectedFrom({ fqdn: "gw.example." }),
    parse: wire.parseRedirectedFrom,
    value: { fqdn: "gw.example." },
  },
  {
    type: NOTIFY.REDIRECTED_FROM,
    data: "021020010db8000000000000000000000001",
    emitted: wire.emitRedirectedFrom({ address: v6 }),
    parse: wire.parseRedirectedFrom,
    value: { address: v6 },
  },
  {
    type: NOTIFY.TICKET_LT_OPAQUE,
    data: "00015180aabbcc",
    emitted: wire.emitTicketLifetimeOpaque(86400, hex("aabbcc")),
    parse: wire.parseTicketLifetimeOpaque,
    value: { lifetimeSeconds: 86400, ticket: hex("aabbcc") },
    alsoLegal: [4, 5, 6],
    open: true,
  },
  {
    type: NOTIFY.TICKET_OPAQUE,
    data: "aabb",
    emitted: wire.emitTicketOpaque(hex("aabb")),
    parse: wire.parseTicketOpaque,
    value: hex("aabb"),
    alsoLegal: [1],
    open: true,
  },
  {
    type: NOTIFY.AUTH_LIFETIME,
    data: "00000e10",
    emitted: wire.emitAuthLifetime(3600),
    parse: wire.parseAuthLifetime,
    value: 3600,
  },
  {
    type: NOTIFY.QUICK_CRASH_DETECTION,
    data: "000102030405060708090a0b0c0d0e0f",
    emitted: wire.emitQcdToken(token),
    parse: wire.parseQcdToken,
    value: token,
    open: true,
  },
  {
    type: NOTIFY.ADDITIONAL_IP4_ADDRESS,
    data: "c0000201",
    emitted: wire.emitAdditionalAddress(v4),
    parse: wire.parseAdditionalAddress,
    value: v4,
  },
  {
    type: NOTIFY.ADDITIONAL_IP6_ADDRESS,
    data: "20010db8000000000000000000000001",
    emitted: wire.emitAdditionalAddress(v6),
    parse: wire.parseAdditionalAddress,
    value: v6,
  },
  {
    type: NOTIFY.NO_NATS_ALLOWED,
    data: "c0000201c633640701f41194",
    emitted: wire.emitNoNatsAllowed({
      source: { address: v4, port: 500 },
      destination: { address: v4b, port: 4500 },
    }),
    parse: wire.parseNoNatsAllowed,
    value: { source: { address: v4, port: 500 }, destination: { address: v4b, port: 4500 } },
  },
  {
    type: NOTIFY.NO_NATS_ALLOWED,
    data: "20010db800000000000000000000000120010db800000000000000000000000201f411f4",
    emitted: wire.emitNoNatsAllowed({
      source: { address: v6, port: 500 },
      destination: { address: v6b, port: 4596 },
    }),
    parse: wire.parseNoNatsAllowed,
    value: { source: { address: v6, port: 500 }, destination: { address: v6b, port: 4596 } },
    // The IPv4 form.
    alsoLegal: [12],
  },
  {
    type: NOTIFY.IKEV2_MESSAGE_ID_SYNC,
    data: "01020304000000050000000a",
    emitted: wire.emitMessageIdSync({ nonce: 0x01020304, expectedSend: 5, expectedReceive: 10 }),
    parse: wire.parseMessageIdSync,
    value: { nonce: 0x01020304, expectedSend: 5, expectedReceive: 10 },
  },
  {
    type: NOTIFY.IPSEC_REPLAY_COUNTER_SYNC,
    data: "00010000",
    emitted: wire.emitReplayCounterSync({ delta: 65536n, esn: false }),
    parse: wire.parseReplayCounterSync,
    value: { delta: 65536n, esn: false },
  },
  {
    type: NOTIFY.IPSEC_REPLAY_COUNTER_SYNC,
    data: "0000000100000000",
    emitted: wire.emitReplayCounterSync({ delta: 1n << 32n, esn: true }),
    parse: wire.parseReplayCounterSync,
    value: { delta: 1n << 32n, esn: true },
    alsoLegal: [4],
  },
  {
    type: NOTIFY.PPK_IDENTITY,
    data: "0261626364",
    emitted: wire.emitPpkIdentity({ idType: wire.PPK_ID_FIXED, id: hex("61626364") }),
    parse: wire.parsePpkIdentity,
    value: { idType: 2, id: hex("61626364") },
    alsoLegal: [2, 3, 4],
    open: true,
  },
  {
    type: NOTIFY.PPK_IDENTITY_KEY,
    data: "0161620102030405060708",
    emitted: wire.emitPpkIdentityKey({
      idType: wire.PPK_ID_OPAQUE,
      id: hex("6162"),
      confirmation: hex("0102030405060708"),
    }),
    parse: wire.parsePpkIdentityKey,
    value: { idType: 1, id: hex("6162"), confirmation: hex("0102030405060708") },
    alsoLegal: [10],
    open: true,
  },
  {
    type: NOTIFY.SUPPORTED_AUTH_METHODS,
    data: "0202" + "030901" + "060e02300030",
    emitted: wire.emitSupportedAuthMethods([
      { method: 2 },
      { method: 9, certLink: 1 },
      { method: 14, certLink: 2, algorithm: hex("300030") },
    ]),
    parse: wire.parseSupportedAuthMethods,
    value: [{ method: 2 }, { method: 9, certLink: 1 }, { method: 14, certLink: 2, algorithm: hex("300030") }],
    alsoLegal: [0, 2, 5],
  },
  {
    type: NOTIFY.ADDITIONAL_KEY_EXCHANGE,
    data: "0102",
    emitted: wire.emitAdditionalKeyExchange(hex("0102")),
    parse: wire.parseAdditionalKeyExchange,
    value: hex("0102"),
    alsoLegal: [1],
    open: true,
  },
  {
    type: NOTIFY.PUZZLE,
    data: "000210",
    emitted: wire.emitPuzzle({ prf: wire.PRF.PRF_HMAC_SHA1, difficulty: 16 }),
    parse: wire.parsePuzzle,
    value: { prf: 2, difficulty: 16 },
  },
];

for (const { type, data, emitted, parse, value, alsoLegal = [], open = false } of CASES) {
  const name = wire.nameOf(NOTIFY, type);
  const octets = hex(data);
  const with_ = (body: Uint8Array): NotifyPayload => ({ ...emitted, data: body });

  Deno.test(`notify: ${name} (${octets.length} octets) is emitted and parsed as its RFC draws it`, () => {
    assert.equal(emitted.notifyType, type);
    assert.equal(emitted.critical, false);
    assert.deepEqual(emitted.data, octets);
    assert.deepEqual(parse(emitted), { ok: true, value });
  });

  Deno.test(`notify: ${name} (${octets.length} octets) that is too short or too long is refused`, () => {
    for (let length = 0; length < octets.length; length++) {
      const result = parse(with_(octets.slice(0, length)));
      assert.equal(result.ok, alsoLegal.includes(length), `${length} octets`);
      if (!result.ok) assert.ok(result.error.octet <= length && result.error.message !== "");
    }
    const longer = new Uint8Array(octets.length + 1);
    longer.set(octets);
    assert.equal(parse(with_(longer)).ok, open);
  });
}

Deno.test("notify: cookies and tokens beyond their greatest length are refused", () => {
  assert.ok(wire.parseCookie(wire.emitCookie(new Uint8Array(64))).ok);
  assert.ok(!wire.parseCookie(wire.emitCookie(new Uint8Array(65))).ok);
  assert.ok(!wire.parseCookie2(wire.emitCookie2(new Uint8Array(65))).ok);
  assert.ok(wire.parseQcdToken(wire.emitQcdToken(new Uint8Array(128))).ok);
  assert.ok(!wire.parseQcdToken(wire.emitQcdToken(new Uint8Array(129))).ok);
});

Deno.test("notify: REKEY_SA has protocol and SPI in the payload's own fields", () => {
  const payload = wire.emitRekeySa({ protocol: 3, spi: espSpi(0x01020304) });
  assert.equal(payload.protocol, 3);
  assert.deepEqual(payload.spi, hex("01020304"));
  assert.equal(payload.data.length, 0);
  assert.deepEqual(wire.parseRekeySa(payload), { ok: true, value: { protocol: 3, spi: 0x01020304 } });
  for (
    const wrong of [{ protocol: 1 }, { protocol: 0 }, { spi: hex("010203") }, { spi: new Uint8Array(8) }]
  ) {
    const result = wire.parseRekeySa({ ...payload, ...wrong });
    assert.ok(!result.ok && result.error.code === "syntax");
  }
});

Deno.test("notify: a QCD token is about the IKE SA", () => {
  assert.equal(wire.emitQcdToken(token).protocol, wire.PROTOCOL.IKE);
});

Deno.test("notify: an announcement that is shorter than its method is refused where it begins", () => {
  for (const data of ["00", "01", "020200", "020201"]) {
    const payload = wire.notifyPayload(NOTIFY.SUPPORTED_AUTH_METHODS, hex(data));
    const result = wire.parseSupportedAuthMethods(payload);
    assert.ok(!result.ok && result.error.code === "length", data);
    assert.equal(result.error.octet, data.length / 2 - 1);
  }
});

Deno.test("notify: a ticket may fill the payload", () => {
  const ticket = new Uint8Array(65_527);
  assert.deepEqual(wire.parseTicketOpaque(wire.emitTicketOpaque(ticket)), { ok: true, value: ticket });
});

Deno.test("notify: values that RFCs forbid are refused", () => {
  assert.ok(!wire.parseWindowSize(wire.emitWindowSize(0)).ok);
  const redirect = (data: string) =>
    wire.parseRedirectedFrom(wire.notifyPayload(NOTIFY.REDIRECTED_FROM, hex(data)));
  assert.ok(!redirect("0204c0000201").ok, "IPv4 octets under the type of IPv6");
  assert.ok(!redirect("0404c0000201").ok, "an identity type that nobody knows");
  assert.ok(!redirect("0300").ok, "an empty name");
  assert.ok(!redirect("03026780").ok, "a name that is not ASCII");
  assert.ok(!redirect("03020a0a").ok, "control characters");
});

Deno.test("notify: a value that does not fit its field is a bug and throws", () => {
  assert.throws(() => wire.emitInvalidKe(65536), RangeError);
  assert.throws(() => wire.emitAuthLifetime(-1), RangeError);
  assert.throws(
    () => wire.emitPpkIdentityKey({ idType: 1, id: token, confirmation: token }),
    RangeError,
  );
  assert.throws(
    () => wire.emitNoNatsAllowed({ source: { address: v4, port: 1 }, destination: { address: v6, port: 1 } }),
    RangeError,
  );
});
