import assert from "node:assert/strict";
import { ikeSpi, toHex } from "../../src/bytes/mod.ts";
import {
  encrAlgorithms,
  encrChoice,
  type IkeSuite,
  integAlgorithms,
  prfAlgorithms,
  prfPlus,
  Skeyseed,
} from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { ENCR, KE, PRF } from "../../src/wire/registry.ts";

const provider = createPortable((length) => new Uint8Array(length).fill(7));

Deno.test("of PRFs with keys of one length, 8 octets of each nonce make the key, and all of them the seed", () => {
  const gIr = new Uint8Array(32).fill(1);
  const spis = { spiI: ikeSpi(1n), spiR: ikeSpi(2n) };
  for (const entry of prfAlgorithms) {
    const suite: IkeSuite = {
      encr: { id: ENCR.ENCR_AES_GCM_16, keyBits: 256 },
      prf: entry.id,
      ke: KE.CURVE25519,
    };
    const nonces = { nonceI: new Uint8Array(32).fill(3), nonceR: new Uint8Array(32).fill(4) };
    const tail = { ...nonces, nonceI: nonces.nonceI.slice() };
    tail.nonceI[20] = 99;
    const seedOf = (n: typeof nonces) => Skeyseed.initial(provider, entry.id, n, gIr);
    const same = toHex(seedOf(nonces).expand(provider, suite, nonces, spis).ei) ===
      toHex(seedOf(tail).expand(provider, suite, nonces, spis).ei);
    assert.equal(same, entry.fixedKey, entry.ianaName);
    const differs = toHex(seedOf(nonces).expand(provider, suite, nonces, spis).ei) !==
      toHex(seedOf(nonces).expand(provider, suite, tail, spis).ei);
    assert.ok(differs, entry.ianaName);
  }
});

Deno.test("prf+ ends at 255 times its PRF's output", () => {
  const keyed = provider.prf(PRF.PRF_HMAC_SHA2_256, new Uint8Array(32));
  const seed = new Uint8Array(4);
  const longest = prfPlus(keyed, seed, 255 * 32);
  assert.equal(longest.length, 255 * 32);
  assert.deepEqual(prfPlus(keyed, seed, 40), longest.slice(0, 40));
  assert.throws(() => prfPlus(keyed, seed, 255 * 32 + 1), RangeError);
});

Deno.test("every suite gets keys of its registry's lengths, for the IKE SA and for the Child SA", () => {
  const nonces = { nonceI: new Uint8Array(32).fill(1), nonceR: new Uint8Array(32).fill(2) };
  const spis = { spiI: ikeSpi(1n), spiR: ikeSpi(2n) };
  for (const encr of encrAlgorithms) {
    for (const integ of encr.aead ? [undefined] : integAlgorithms) {
      const part = { encr: encrChoice(encr), ...(integ && { integ: integ.id }) };
      const seed = Skeyseed.initial(provider, PRF.PRF_HMAC_SHA1, nonces, new Uint8Array(32));
      const keys = seed.expand(provider, { ...part, prf: PRF.PRF_HMAC_SHA1, ke: KE.MODP_2048 }, nonces, spis);
      for (const key of [keys.ei, keys.er]) assert.equal(key.length, encr.keyLength + encr.saltLength);
      for (const key of [keys.ai, keys.ar]) assert.equal(key.length, integ?.keyLength ?? 0);
      const keymat = keys.d.keymat({ protocol: 3, ...part, esn: true }, nonces);
      assert.equal(keymat.encrI.length, encr.keyLength + encr.saltLength);
      assert.equal(keymat.encrR.length, encr.keyLength + encr.saltLength);
      assert.equal(keymat.integI.length, integ?.keyLength ?? 0);
      assert.equal(keymat.integR.length, integ?.keyLength ?? 0);
    }
  }
});
