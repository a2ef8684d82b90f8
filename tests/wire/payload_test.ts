import assert from "node:assert/strict";
import { concat, sameOctets } from "../../src/bytes/mod.ts";
import {
  decodeMessage,
  emitMessage,
  firstUnsupportedCritical,
  type Header,
  idBody,
  type IdPayload,
  parseHeader,
  parseMessage,
  type Payload,
} from "../../src/wire/mod.ts";
import * as wire from "../../src/wire/mod.ts";
import { hex } from "../support/vectors.ts";
import { PAYLOAD_CASES } from "./payload_cases.ts";

const HEADER = hex("0102030405060708090a0b0c0d0e0f10" + "00202508" + "00000001" + "00000000");

function be(value: number, octets: 1 | 2 | 4): Uint8Array {
  return Uint8Array.from({ length: octets }, (_, i) => (value >>> (8 * (octets - 1 - i))) & 0xff);
}

/** A message of one payload; lengths are right unless they are given. */
function messageOf(
  number: number,
  body: Uint8Array,
  { next = 0, flags = 0, payloadLength = 4 + body.length } = {},
): Uint8Array {
  const message = concat(HEADER, Uint8Array.of(next, flags), be(payloadLength, 2), body);
  message[16] = number;
  message.set(be(message.length, 4), 24);
  return message;
}

function payloadOf(message: Uint8Array): Payload {
  const parsed = parseMessage(message);
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.error.message);
  assert.equal(parsed.value.payloads.length, 1);
  return parsed.value.payloads[0]!;
}

function headerOf(message: Uint8Array): Header {
  const header = parseHeader(message);
  assert.ok(header.ok);
  return header.value;
}

/** Refused with an octet that lies in the message and words that say what is wrong. */
function assertRefused(message: Uint8Array, what: string): void {
  const parsed = parseMessage(message);
  assert.ok(!parsed.ok, `${what} was taken`);
  assert.ok(parsed.error.octet >= 0 && parsed.error.octet <= message.length, what);
  assert.ok(parsed.error.message.length > 0, what);
}

Deno.test("payloads: there is a case for every payload that the codec knows", () => {
  const types = new Set(PAYLOAD_CASES.map(({ value }) => value.type));
  const known = Object.keys(wire.PAYLOAD).filter((name) =>
    !["NONE", "GSPM", "IDg", "GSA", "KD", "PS"].includes(name)
  );
  assert.deepEqual([...types].sort(), [...known, "unknown"].sort());
});

for (
  const { name, number, body: bodyHex, value, next = 0, lengths = [], reserved = [], fixed } of PAYLOAD_CASES
) {
  const body = hex(bodyHex);
  const message = messageOf(number, body, { next });

  Deno.test(`payload ${name}: octets to value and back`, () => {
    assert.deepEqual(payloadOf(message), value);
    assert.deepEqual(emitMessage(headerOf(message), [value]), message);
  });

  Deno.test(`payload ${name}: the critical bit survives, the other seven are ignored`, () => {
    const marked = messageOf(number, body, { next, flags: 0x80 });
    assert.deepEqual(payloadOf(marked), { ...value, critical: true });
    assert.deepEqual(emitMessage(headerOf(marked), [payloadOf(marked)]), marked);
    assert.deepEqual(payloadOf(messageOf(number, body, { next, flags: 0x7f })), value);
    assert.equal(
      firstUnsupportedCritical([payloadOf(marked)]),
      value.type === "unknown" ? number : undefined,
    );
    assert.equal(firstUnsupportedCritical([value]), undefined);
  });

  Deno.test(`payload ${name}: a message that is cut off anywhere is refused`, () => {
    for (let length = 0; length < message.length; length++) {
      assertRefused(message.slice(0, length), `${length} octets`);
    }
  });

  Deno.test(`payload ${name}: a body that is cut off is refused, or only has less data at its end`, () => {
    let taken = 0;
    for (let length = 0; length < body.length; length++) {
      const cut = messageOf(number, body.slice(0, length), { next });
      if (length < fixed) assertRefused(cut, `${length} octets of body`);
      const parsed = parseMessage(cut);
      if (!parsed.ok) continue;
      taken++;
      assert.deepEqual(emitMessage(parsed.value.header, parsed.value.payloads), cut);
    }
    if (name === "CP") assert.equal(taken, 3);
    else assert.equal(taken, body.length - fixed);
  });

  Deno.test(`payload ${name}: every length and count that is one off is refused`, () => {
    for (const off of [-1, 1]) {
      assertRefused(
        messageOf(number, body, { next, payloadLength: 4 + body.length + off }),
        "payload length",
      );
      for (const { at, octets } of lengths) {
        const changed = body.slice();
        const view = new DataView(changed.buffer);
        const old = octets === 1 ? view.getUint8(at) : view.getUint16(at);
        changed.set(be((old + off) & (octets === 1 ? 0xff : 0xffff), octets), at);
        assertRefused(messageOf(number, changed, { next }), `length at octet ${at} of the body`);
      }
    }
    for (const payloadLength of [0, 1, 2, 3, 0xffff]) {
      assertRefused(messageOf(number, body, { next, payloadLength }), `payload length ${payloadLength}`);
    }
  });

  Deno.test(`payload ${name}: reserved bits are ignored and sent as zero`, () => {
    for (const [at, mask] of reserved) {
      const changed = body.slice();
      changed[at]! |= mask;
      assert.deepEqual(payloadOf(messageOf(number, changed, { next })), value, `octet ${at}`);
    }
    assert.deepEqual(emitMessage(headerOf(message), [payloadOf(message)]), message);
  });
}

function bodyOf(name: string): Uint8Array {
  return hex(PAYLOAD_CASES.find((one) => one.name === name)!.body);
}

function changed(name: string, at: number, ...octets: number[]): Uint8Array {
  const body = bodyOf(name);
  body.set(octets, at);
  return body;
}

function refusal(number: number, body: Uint8Array, next = 0): { code: string; octet: number } {
  const parsed = parseMessage(messageOf(number, body, { next }));
  assert.ok(!parsed.ok);
  const { code, octet } = parsed.error;
  return { code, octet };
}

const ESP2 = "SA, two ESP proposals with SPIs, unknown transforms and attributes";
const BODY_AT = 32;

Deno.test("SA: Last Substruc has to agree with what follows", () => {
  for (const wrong of [1, 2, 3, 255]) {
    assert.deepEqual(refusal(33, changed("SA, one IKE proposal with an AEAD", 0, wrong)), {
      code: "syntax",
      octet: BODY_AT,
    });
  }
  for (const wrong of [0, 1, 3]) assert.equal(refusal(33, changed(ESP2, 0, wrong)).code, "syntax");
  assert.deepEqual(refusal(33, changed(ESP2, 12, 2)), { code: "syntax", octet: BODY_AT + 12 });
  assert.deepEqual(refusal(33, changed(ESP2, 24, 3)), { code: "syntax", octet: BODY_AT + 24 });
});

Deno.test("SA: no proposal, and a proposal without transforms, are malformed", () => {
  assert.deepEqual(refusal(33, hex("")), { code: "syntax", octet: BODY_AT });
  assert.deepEqual(refusal(33, hex("0000000801010000")), { code: "syntax", octet: BODY_AT + 7 });
});

Deno.test("SA: an SPI has 0 or 8 octets for IKE, 4 for AH and ESP, any number for protocols that are unknown", () => {
  const proposal = (protocol: number, spi: number) =>
    hex(
      "0000" + (16 + spi).toString(16).padStart(4, "0") + "01" + protocol.toString(16).padStart(2, "0") +
        spi.toString(16).padStart(2, "0") + "01" + "aa".repeat(spi) + "0000000801000014",
    );
  const taken = (protocol: number) =>
    [0, 1, 3, 4, 5, 8, 16].filter((spi) => parseMessage(messageOf(33, proposal(protocol, spi))).ok);
  assert.deepEqual(taken(1), [0, 8]);
  assert.deepEqual(taken(2), [4]);
  assert.deepEqual(taken(3), [4]);
  assert.deepEqual(taken(200), [0, 1, 3, 4, 5, 8, 16]);
});

Deno.test("SA: proposals that are not numbered 1, 2, 3 … are parsed and reported", () => {
  const numbers = (...list: number[]) =>
    list.map((number) => ({ number, protocol: 3, spi: hex(""), transforms: [] }));
  assert.equal(wire.misnumberedProposal(numbers(1, 2, 3)), undefined);
  assert.equal(wire.misnumberedProposal(numbers(2)), 0);
  assert.equal(wire.misnumberedProposal(numbers(1, 1)), 1);
  assert.equal(wire.misnumberedProposal(numbers(1, 3)), 1);
  assert.ok(parseMessage(messageOf(33, changed(ESP2, 4, 9))).ok);
});

Deno.test("SA: a flood of transforms, attributes or proposals ends at a bound", () => {
  const transform = "0300000801000014", last = "0000000801000014";
  const proposal = (more: boolean) =>
    (more ? "02" : "00") + "00" + (12 + 255 * 8).toString(16).padStart(4, "0") + "010304ff" + "aaaaaaaa" +
    transform.repeat(254) + last;
  assert.ok(parseMessage(messageOf(33, hex(proposal(true).repeat(3) + proposal(false)))).ok);
  assert.equal(refusal(33, hex(proposal(true).repeat(4) + proposal(false))).code, "limit");
  const small = (more: boolean) => (more ? "02" : "00") + "000014" + "01030401" + "aaaaaaaa" + last;
  assert.ok(parseMessage(messageOf(33, hex(small(true).repeat(254) + small(false)))).ok);
  assert.equal(refusal(33, hex(small(true).repeat(255) + small(false))).code, "limit");
  const attributes = (count: number) =>
    "0000" + (16 + 4 * count).toString(16).padStart(4, "0") + "01010001" +
    "0000" + (8 + 4 * count).toString(16).padStart(4, "0") + "0100000c" + "800e0080".repeat(count);
  assert.ok(parseMessage(messageOf(33, hex(attributes(8)))).ok);
  assert.equal(refusal(33, hex(attributes(9))).code, "limit");
});

Deno.test("SA: errors name the octet of the field that is wrong", () => {
  const one = "SA, one IKE proposal with an AEAD";
  assert.deepEqual(refusal(33, changed(one, 2, 0, 7)), { code: "length", octet: BODY_AT + 2 });
  assert.deepEqual(refusal(33, changed(one, 6, 4)), { code: "syntax", octet: BODY_AT + 6 });
  assert.deepEqual(refusal(33, changed(one, 7, 0)), { code: "syntax", octet: BODY_AT + 7 });
  assert.deepEqual(refusal(33, changed(one, 7, 4)), { code: "syntax", octet: BODY_AT + 7 });
  assert.deepEqual(refusal(33, changed(one, 10, 0, 7)), { code: "length", octet: BODY_AT + 10 });
});

Deno.test("SA: 1024 transforms are taken, one more is refused where its proposal announces it", () => {
  const proposal = (count: number, more: boolean) =>
    (more ? "02" : "00") + "00" + (12 + 8 * count).toString(16).padStart(4, "0") + "010304" +
    count.toString(16).padStart(2, "0") + "aaaaaaaa" + "0300000801000014".repeat(count - 1) +
    "0000000801000014";
  const full = proposal(255, true).repeat(4);
  assert.ok(parseMessage(messageOf(33, hex(full + proposal(4, false)))).ok);
  assert.deepEqual(refusal(33, hex(full + proposal(5, false))), {
    code: "limit",
    octet: BODY_AT + full.length / 2 + 7,
  });
});

Deno.test("Nonce: 16 to 256 octets are taken, no more and no less", () => {
  for (const [length, ok] of [[0, false], [15, false], [16, true], [256, true], [257, false]] as const) {
    assert.equal(parseMessage(messageOf(40, new Uint8Array(length))).ok, ok, `${length} octets`);
  }
});

Deno.test("D: SPIs of the IKE SA, SPIs of no octets and other sizes than 4 for ESP are malformed", () => {
  assert.equal(refusal(42, hex("01080001" + "0102030405060708")).code, "syntax");
  assert.equal(refusal(42, hex("03000001")).code, "syntax");
  assert.equal(refusal(42, hex("02080001" + "0102030405060708")).code, "syntax");
  assert.equal(refusal(42, hex("c800ffff")).code, "syntax");
  assert.deepEqual(refusal(42, hex("0304000201020304")), { code: "length", octet: BODY_AT + 2 });
  assert.equal(refusal(42, hex("03041001" + "00".repeat(4 * 0x1001))).code, "limit");
  assert.ok(parseMessage(messageOf(42, hex("03041000" + "00".repeat(4 * 0x1000)))).ok);
  assert.ok(parseMessage(messageOf(42, hex("03000000"))).ok, "an empty list without a size");
  assert.ok(parseMessage(messageOf(42, hex("c8020001" + "0102"))).ok, "a protocol that is unknown");
});

Deno.test("TS: no selector, reversed ports and reversed addresses are malformed", () => {
  const ts = "TSi, IPv4 and a type that is unknown";
  assert.deepEqual(refusal(44, hex("00000000")), { code: "syntax", octet: BODY_AT });
  assert.deepEqual(refusal(44, changed(ts, 6, 0, 3)), { code: "length", octet: BODY_AT + 6 });
  assert.deepEqual(refusal(44, changed(ts, 6, 0, 24)), { code: "length", octet: BODY_AT + 6 });
  assert.deepEqual(refusal(44, changed(ts, 8, 0, 81, 0, 80)), { code: "syntax", octet: BODY_AT + 8 });
  assert.deepEqual(refusal(44, changed(ts, 12, 0x0a, 2)), { code: "syntax", octet: BODY_AT + 12 });
  assert.equal(refusal(44, changed(ts, 8, 0xff, 0xff, 0, 1)).code, "syntax");
  assert.ok(parseMessage(messageOf(44, changed(ts, 8, 0xff, 0xff, 0, 0))).ok, "OPAQUE");
  assert.ok(parseMessage(messageOf(44, changed(ts, 12, 0x0a, 1, 0xff, 0xff))).ok, "one address");
});

Deno.test("SKF: fragment 0, a total of 0 and a fragment behind the total are malformed", () => {
  for (const numbers of ["00000003", "00010000", "00000000", "00040003"]) {
    assert.deepEqual(refusal(53, hex(numbers + "00")), { code: "syntax", octet: BODY_AT });
  }
  assert.ok(parseMessage(messageOf(53, hex("ffffffff00"))).ok);
});

Deno.test("CP: a flood of empty attributes ends at a bound", () => {
  assert.ok(parseMessage(messageOf(47, hex("01000000" + "00010000".repeat(1024)))).ok);
  assert.equal(refusal(47, hex("01000000" + "00010000".repeat(1025))).code, "limit");
});

Deno.test("EAP: the message's own length has to be that of the payload", () => {
  assert.equal(refusal(48, hex("010700")).code, "truncated");
  assert.deepEqual(refusal(48, hex("01070006" + "1a")), { code: "length", octet: BODY_AT + 2 });
  const payload = payloadOf(messageOf(48, hex("030700041a".slice(0, 8))));
  assert.ok(payload.type === "EAP");
  assert.deepEqual(wire.eapHeader(payload), { code: 3, identifier: 7 });
  const request = payloadOf(messageOf(48, hex("010800051a")));
  assert.ok(request.type === "EAP");
  assert.deepEqual(wire.eapHeader(request), { code: 1, identifier: 8, method: 26 });
});

Deno.test("ID: AUTH covers the body as it came, reserved bits and all", () => {
  for (const body of ["02000000612e6578616d706c65", "01a0b0c0c0000201", "0b000000"]) {
    assert.deepEqual(idBody(payloadOf(messageOf(35, hex(body))) as IdPayload), hex(body));
  }
});

Deno.test("CERTREQ: the authorities are hashes of 20 octets each", () => {
  const payload = { type: "CERTREQ", critical: false, encoding: 4 } as const;
  assert.deepEqual(wire.authorityHashes({ ...payload, data: new Uint8Array(0) }), []);
  const hashes = wire.authorityHashes({ ...payload, data: Uint8Array.from({ length: 40 }, (_, i) => i) });
  assert.deepEqual(hashes?.map((hash) => [hash.length, hash[0]]), [[20, 0], [20, 20]]);
  assert.equal(wire.authorityHashes({ ...payload, data: new Uint8Array(39) }), undefined);
});

Deno.test("payloads: all in one message keep their order and their octets", () => {
  const payloads = PAYLOAD_CASES.map(({ value }) => value).filter(({ type }) =>
    type !== "SK" && type !== "SKF"
  );
  const octets = emitMessage(headerOf(messageOf(40, new Uint8Array(16))), payloads);
  const decoded = decodeMessage(octets);
  assert.equal(decoded.error, undefined);
  assert.deepEqual(decoded.payloads, payloads);
  assert.ok(sameOctets(emitMessage(decoded.header!, decoded.payloads), octets));
});

Deno.test("payloads: values that no message can carry are bugs and throw", () => {
  const header = headerOf(messageOf(40, new Uint8Array(16)));
  const emit = (...payloads: Payload[]) => () => emitMessage(header, payloads);
  const critical = false;
  const sk: Payload = { type: "SK", critical, firstPayload: 0, data: hex("00") };
  assert.throws(emit(sk, sk), RangeError);
  assert.throws(emit({ type: "V", critical, data: new Uint8Array(65532) }), RangeError);
  assert.throws(emit({ type: "Nonce", critical, data: new Uint8Array(15) }), RangeError);
  assert.throws(emit({ type: "Nonce", critical, data: new Uint8Array(257) }), RangeError);
  assert.doesNotThrow(emit({ type: "Nonce", critical, data: new Uint8Array(256) }));
  assert.throws(emit({ type: "KE", critical, group: 65536, data: hex("") }), RangeError);
  assert.throws(emit({ type: "D", critical, protocol: 3, spis: [hex("01"), hex("0102")] }), RangeError);
  assert.throws(
    emit({ type: "CP", critical, cfgType: 1, attributes: [{ type: 0x8000, data: hex("") }] }),
    RangeError,
  );
  const range = {
    tsType: 7,
    protocol: 0,
    startPort: 0,
    endPort: 0,
    start: hex("00"),
    end: hex("00"),
  } as const;
  assert.throws(emit({ type: "TSi", critical, selectors: [range] }), RangeError);
  assert.throws(emit({ type: "TSi", critical, selectors: [{ ...range, end: hex("c0000201") }] }), RangeError);
  assert.throws(
    emit({ type: "TSi", critical, selectors: [{ ...range, start: hex("c0000201") }] }),
    RangeError,
  );
  const attributes = [{ type: 0x8000, value: 1 }];
  const transforms = [{ type: 1, id: 1, attributes }];
  const proposals = [{ number: 1, protocol: 1, spi: hex(""), transforms }];
  assert.throws(emit({ type: "SA", critical, proposals }), RangeError);
});
