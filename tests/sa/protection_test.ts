import assert from "node:assert/strict";
import fc from "fast-check";
import { ikeSpi } from "../../src/bytes/mod.ts";
import { encrAlgorithm, integAlgorithm } from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import type { IkeSuite } from "../../src/crypto/suite.ts";
import { Protection } from "../../src/sa/mod.ts";
import {
  type EncryptedPayload,
  EXCHANGE,
  type HeaderFields,
  parseMessage,
  type Payload,
} from "../../src/wire/mod.ts";
import { createRng } from "../support/rng.ts";

const HEADER: HeaderFields = {
  spiI: ikeSpi(1n),
  spiR: ikeSpi(2n),
  exchange: EXCHANGE.INFORMATIONAL,
  flags: { initiator: true, response: false, higherVersion: false },
  messageId: 7,
};

const SUITES: Readonly<Record<string, IkeSuite>> = {
  "AES-GCM": { encr: { id: 20, keyBits: 256 }, prf: 5, ke: 31 },
  "ChaCha20-Poly1305": { encr: { id: 28 }, prf: 5, ke: 31 },
  "AES-CBC with HMAC-SHA2-256": { encr: { id: 12, keyBits: 128 }, prf: 5, integ: 12, ke: 31 },
  "3DES with HMAC-SHA1": { encr: { id: 3 }, prf: 2, integ: 2, ke: 2 },
  "AES-CTR with HMAC-SHA2-512": { encr: { id: 13, keyBits: 256 }, prf: 7, integ: 14, ke: 31 },
};

function ends(suite: IkeSuite) {
  const encr = encrAlgorithm(suite.encr)!;
  const keyLength = encr.keyLength + encr.saltLength;
  const macLength = suite.integ === undefined ? 0 : integAlgorithm(suite.integ)!.keyLength;
  const rng = createRng(1, "protection");
  const random = (length: number) => rng.octets(length);
  const sk = { ei: random(keyLength), er: random(keyLength), ai: random(macLength), ar: random(macLength) };
  const copy = () => ({ ei: sk.ei.slice(), er: sk.er.slice(), ai: sk.ai.slice(), ar: sk.ar.slice() });
  const crypto = createPortable(random);
  return {
    initiator: new Protection(crypto, random, suite, copy(), "initiator"),
    responder: new Protection(crypto, random, suite, copy(), "responder"),
  };
}

function skOf(octets: Uint8Array): EncryptedPayload {
  const parsed = parseMessage(octets);
  assert.ok(parsed.ok);
  const sk = parsed.value.payloads.at(-1);
  assert.ok(sk?.type === "SK");
  return sk;
}

const vendor = (length: number): Payload => ({
  type: "V",
  critical: false,
  data: new Uint8Array(length).fill(9),
});

for (const [name, suite] of Object.entries(SUITES)) {
  Deno.test(`Protection: ${name} opens what the other side sealed, of every length`, () => {
    const { initiator, responder } = ends(suite);
    for (let length = 0; length < 40; length++) {
      const octets = initiator.seal(HEADER, [vendor(length)]);
      const before = octets.slice();
      const opened = responder.open(octets, skOf(octets));
      assert.deepEqual(opened, { ok: true, value: [vendor(length)] });
      assert.deepEqual(octets, before, "the message is left as it came");
    }
    const back = responder.seal({ ...HEADER, flags: { ...HEADER.flags, initiator: false } }, []);
    assert.deepEqual(initiator.open(back, skOf(back)), { ok: true, value: [] });
  });

  Deno.test(`Protection: ${name} refuses every changed octet with one and the same failure`, () => {
    const { initiator, responder } = ends(suite);
    const octets = initiator.seal(HEADER, [vendor(5)]);
    const sk = skOf(octets);
    for (let at = 0; at < octets.length; at++) {
      const changed = octets.slice();
      changed[at]! ^= 0x80;
      const data = changed.subarray(octets.length - sk.data.length);
      const opened = responder.open(changed, { ...sk, data });
      assert.deepEqual(opened, { ok: false, error: { code: "not-authentic" } }, `octet ${at}`);
    }
  });

  Deno.test(`Protection: ${name} refuses every truncation`, () => {
    const { initiator, responder } = ends(suite);
    const octets = initiator.seal(HEADER, [vendor(5)]);
    const sk = skOf(octets);
    for (let length = 0; length < sk.data.length; length++) {
      const cut = octets.subarray(0, octets.length - sk.data.length + length);
      const opened = responder.open(cut, { ...sk, data: sk.data.subarray(0, length) });
      assert.deepEqual(opened, { ok: false, error: { code: "not-authentic" } }, `${length} octets`);
    }
  });

  Deno.test(`Protection: ${name} does not open its own messages, and no IV comes twice`, () => {
    const { initiator } = ends(suite);
    const ivLength = encrAlgorithm(suite.encr)!.ivLength;
    const seen = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const octets = initiator.seal(HEADER, [vendor(1)]);
      const sk = skOf(octets);
      seen.add(sk.data.subarray(0, ivLength).join());
      assert.equal(initiator.open(octets, sk).ok, false);
    }
    assert.equal(seen.size, 50);
  });
}

Deno.test("Protection: random octets never open and never throw", () => {
  const { responder } = ends(SUITES["AES-CBC with HMAC-SHA2-256"]!);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
    const sk: EncryptedPayload = { type: "SK", critical: false, firstPayload: 43, data };
    assert.equal(responder.open(data, sk).ok, false);
  }));
});

Deno.test("Protection: what is authentic but malformed says so", () => {
  const { initiator, responder } = ends(SUITES["AES-GCM"]!);
  const octets = initiator.seal(HEADER, [
    { type: "unknown", critical: false, typeNumber: 41, data: new Uint8Array([0]) },
  ]);
  const opened = responder.open(octets, skOf(octets));
  assert.ok(!opened.ok && opened.error.code === "malformed");
});

Deno.test("Protection: the IV of a CBC message is random, that of the others never comes twice", () => {
  for (const [name, suite] of Object.entries(SUITES)) {
    const { keyLength, saltLength, ivLength, blockLength } = encrAlgorithm(suite.encr)!;
    const macLength = suite.integ === undefined ? 0 : integAlgorithm(suite.integ)!.keyLength;
    const rng = createRng(2, "iv");
    const drawn = new Set<string>();
    const random = (length: number) => {
      const octets = rng.octets(length);
      drawn.add(octets.join());
      return octets;
    };
    const key = (length: number) => new Uint8Array(length).fill(7);
    const sk = { ei: key(keyLength + saltLength), er: key(keyLength + saltLength) };
    const macs = { ai: key(macLength), ar: key(macLength) };
    const sealer = new Protection(createPortable(rng.octets), random, suite, { ...sk, ...macs }, "initiator");
    const ivs = Array.from(
      { length: 20 },
      () => skOf(sealer.seal(HEADER, [])).data.slice(0, ivLength).join(),
    );
    assert.equal(new Set(ivs).size, ivs.length, name);
    if (blockLength > 1) {
      assert.ok(ivs.every((iv) => drawn.has(iv)), `${name}: not from the source of randomness`);
    }
  }
});
