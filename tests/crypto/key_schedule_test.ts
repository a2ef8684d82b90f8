import assert from "node:assert/strict";
import { ikeSpi, toHex } from "../../src/bytes/mod.ts";
import {
  type ChildSuite,
  createPortable,
  encrAlgorithms,
  encrChoice,
  type IkeSuite,
  integAlgorithms,
  prfAlgorithms,
  prfPlus,
  Skeyseed,
} from "../../src/crypto/mod.ts";
import { ENCR, INTEG, KE, PRF } from "../../src/wire/registry.ts";
import { hex, readVectors, vectorTest } from "../support/vectors.ts";

const provider = createPortable((length) => new Uint8Array(length).fill(7));

interface KdfGroup {
  prf: string;
  dkm_bits: number;
  child_dkm_bits: number;
  tests: {
    tcId: number;
    nInit: string;
    nResp: string;
    gir: string;
    girNew: string;
    spiInit: string;
    spiResp: string;
    sKeySeed: string;
    derivedKeyingMaterial: string;
    derivedKeyingMaterialChild: string;
    derivedKeyingMaterialDh: string;
    sKeySeedReKey: string;
  }[];
}

const prfByCavsName: Record<string, number> = {
  "HMAC-SHA-1": PRF.PRF_HMAC_SHA1,
  "HMAC-SHA-256": PRF.PRF_HMAC_SHA2_256,
  "HMAC-SHA-384": PRF.PRF_HMAC_SHA2_384,
  "HMAC-SHA-512": PRF.PRF_HMAC_SHA2_512,
};

/** The stretch of KEYMAT that a suite takes, in the order of RFC 7296 §2.14. */
function join(...parts: Uint8Array[]): string {
  return parts.map(toHex).join("");
}

vectorTest("SKEYSEED, SK_*, KEYMAT and rekeyed SKEYSEED are those of NIST's CAVS vectors", () => {
  const { testGroups } = readVectors<{ testGroups: KdfGroup[] }>("kdf-ikev2/ikev2-kdf.json");
  let count = 0;
  for (const group of testGroups) {
    const prf = prfByCavsName[group.prf];
    if (prf === undefined) continue;
    for (const test of group.tests) {
      const nonces = { nonceI: hex(test.nInit), nonceR: hex(test.nResp) };
      const spis = {
        spiI: ikeSpi(BigInt(`0x${test.spiInit}`)),
        spiR: ikeSpi(BigInt(`0x${test.spiResp}`)),
      };
      const name = `${group.prf} #${test.tcId}`;

      const suite: IkeSuite = {
        encr: { id: ENCR.ENCR_AES_CBC, keyBits: 128 },
        prf,
        integ: INTEG.AUTH_HMAC_SHA1_96,
        ke: KE.MODP_2048,
      };
      const keys = Skeyseed.initial(provider, prf, nonces, hex(test.gir)).expand(
        provider,
        suite,
        nonces,
        spis,
      );
      const seed = provider.prf(prf, hex(test.sKeySeed));
      const all = prfPlus(
        seed,
        hex(test.nInit + test.nResp + test.spiInit + test.spiResp),
        group.dkm_bits / 8,
      );
      assert.equal(toHex(all), test.derivedKeyingMaterial, name);
      const d = toHex(all).slice(0, seed.length * 2);
      const afterD = join(keys.ai, keys.ar, keys.ei, keys.er);
      const stretch = test.derivedKeyingMaterial.slice(d.length);
      const common = Math.min(stretch.length, afterD.length);
      assert.equal(afterD.slice(0, common), stretch.slice(0, common), name);

      const child: ChildSuite = {
        protocol: 3,
        encr: { id: ENCR.ENCR_AES_CBC, keyBits: 128 },
        integ: INTEG.AUTH_HMAC_SHA1_96,
        esn: false,
      };
      for (
        const [keymat, expected] of [
          [keys.d.keymat(child, nonces), test.derivedKeyingMaterialChild],
          [keys.d.keymat(child, nonces, hex(test.girNew)), test.derivedKeyingMaterialDh],
        ] as const
      ) {
        const got = join(keymat.encrI, keymat.integI, keymat.encrR, keymat.integR);
        const length = Math.min(got.length, expected.length);
        assert.ok(length >= 2 * 64, name);
        assert.equal(got.slice(0, length), expected.slice(0, length), name);
      }

      // prf(SK_d, g^ir | Ni | Nr) is SKEYSEED of the rekeyed SA, and what it expands to shows it
      const rekeyed = Skeyseed.rekeyed(keys.d, nonces, hex(test.girNew)).expand(
        provider,
        suite,
        nonces,
        spis,
      );
      const expectedSeed = provider.prf(prf, hex(test.sKeySeedReKey));
      const expected = prfPlus(expectedSeed, hex(test.nInit + test.nResp + test.spiInit + test.spiResp), 256);
      const p = seed.length;
      assert.equal(toHex(rekeyed.ai), toHex(expected.subarray(p, p + 20)), name);
      assert.equal(toHex(rekeyed.er), toHex(expected.subarray(p + 56, p + 72)), name);
      count++;
    }
  }
  assert.ok(count >= 150, `only ${count} vectors`);
});

vectorTest("prf and prf+ are those of the RFCs' vectors", () => {
  interface Vector {
    name?: string;
    n?: number;
    function: string;
    prf?: string;
    key: string;
    seed: string;
    output: string;
  }
  for (const file of ["ikev2-prf-and-prf-plus", "ikev2-kdf-aes-xcbc"]) {
    const { tests } = readVectors<{ tests: Vector[] }>(`rfc/${file}.json`);
    for (const test of tests) {
      const id = prfAlgorithms.find((entry) => entry.ianaName === (test.prf ?? "PRF_AES128_XCBC"))?.id;
      assert.ok(id !== undefined, test.prf);
      const keyed = provider.prf(id, hex(test.key));
      const output = test.function.startsWith("prf+")
        ? prfPlus(keyed, hex(test.seed), test.output.length / 2)
        : keyed.compute(hex(test.seed));
      assert.equal(toHex(output), test.output, `${file} ${test.name ?? test.n}`);
    }
  }
});

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
