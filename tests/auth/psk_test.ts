import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { ascii, concat, ikeSpi, Secret, toHex } from "../../src/bytes/mod.ts";
import { Skeyseed } from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { pskAuth, pskVerify, signedOctets } from "../../src/auth/mod.ts";
import { ENCR, KE, PRF } from "../../src/wire/registry.ts";

const provider = createPortable((length) => new Uint8Array(length).fill(9));
const sha256 = (key: Uint8Array, ...parts: Uint8Array[]) =>
  Uint8Array.from(createHmac("sha256", key).update(concat(...parts)).digest());

Deno.test("AUTH by PSK is prf(prf(secret, key pad), octets), computed here by another hand", () => {
  const psk = ascii("an example of a shared secret");
  const signed = ascii("signed octets");
  const expected = sha256(sha256(psk, ascii("Key Pad for IKEv2")), signed);
  const auth = pskAuth(provider, PRF.PRF_HMAC_SHA2_256, new Secret(psk.slice()), signed);
  assert.equal(toHex(auth), toHex(expected));
});

Deno.test("AUTH verifies only where every octet and the length are right", () => {
  const psk = new Secret(ascii("example"));
  const signed = ascii("signed octets");
  const verify = (data: Uint8Array) => pskVerify(provider, PRF.PRF_HMAC_SHA2_256, psk, signed, data);
  const auth = pskAuth(provider, PRF.PRF_HMAC_SHA2_256, psk, signed);
  assert.ok(verify(auth));
  for (let i = 0; i < auth.length; i++) {
    const altered = auth.slice();
    altered[i]! ^= 1;
    assert.ok(!verify(altered), `octet ${i}`);
  }
  assert.ok(!verify(auth.slice(0, 16)));
  assert.ok(!verify(concat(auth, Uint8Array.of(0))));
  assert.ok(!verify(new Uint8Array(0)));
});

Deno.test("signed octets are the message, the other's nonce and the MAC of the ID under the signer's SK_p", () => {
  const nonces = { nonceI: new Uint8Array(16).fill(1), nonceR: new Uint8Array(16).fill(2) };
  const suite = {
    encr: { id: ENCR.ENCR_AES_GCM_16, keyBits: 128 },
    prf: PRF.PRF_HMAC_SHA2_256,
    ke: KE.CURVE25519,
  };
  const gIr = new Uint8Array(32).fill(3);
  const spis = { spiI: ikeSpi(0x0102030405060708n), spiR: ikeSpi(0x1112131415161718n) };
  const keys = Skeyseed.initial(provider, suite.prf, nonces, gIr).expand(provider, suite, nonces, spis);

  const skeyseed = sha256(concat(nonces.nonceI, nonces.nonceR), gIr);
  const spiOctets = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18);
  const seed = concat(nonces.nonceI, nonces.nonceR, spiOctets);
  let stream = new Uint8Array(0);
  let block = new Uint8Array(0);
  for (let n = 1; n <= 5; n++) {
    block = sha256(skeyseed, block, seed, Uint8Array.of(n));
    stream = concat(stream, block) as Uint8Array<ArrayBuffer>;
  }
  // SK_d 32, no SK_a, SK_e 20 each, SK_pi, SK_pr
  const [pi, pr] = [stream.subarray(72, 104), stream.subarray(104, 136)];
  assert.equal(toHex(keys.ei), toHex(stream.subarray(32, 52)));

  const octets = { message: ascii("message"), nonce: ascii("nonce"), id: Uint8Array.of(2, 0, 0, 0, 65) };
  const plain = concat(octets.message, octets.nonce);
  assert.equal(toHex(signedOctets(keys.pi, octets)), toHex(concat(plain, sha256(pi, octets.id))));
  assert.equal(toHex(signedOctets(keys.pr, octets)), toHex(concat(plain, sha256(pr, octets.id))));
});
