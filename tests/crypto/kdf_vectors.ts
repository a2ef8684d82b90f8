/** Published vectors of the key schedule: NIST's CAVS for SP 800-135, prf and prf+ cases of RFC 4868 and RFC 4434. */
import assert from "node:assert/strict";
import { ikeSpi, toHex } from "../../src/bytes/mod.ts";
import {
  type ChildSuite,
  type CryptoProvider,
  type IkeSuite,
  prfAlgorithms,
  prfPlus,
  Skeyseed,
} from "../../src/crypto/mod.ts";
import { ENCR, INTEG, KE, PRF } from "../../src/wire/registry.ts";
import { hex, readVectors, vectorTest } from "../support/vectors.ts";

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

/** Registers the vectors for one provider. */
export function kdfVectors(subject: string, provider: CryptoProvider): void {
  vectorTest(
    `${subject}: SKEYSEED, SK_*, KEYMAT and rekeyed SKEYSEED are those of NIST's CAVS vectors`,
    () => {
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
          const expected = prfPlus(
            expectedSeed,
            hex(test.nInit + test.nResp + test.spiInit + test.spiResp),
            256,
          );
          const p = seed.length;
          assert.equal(toHex(rekeyed.ai), toHex(expected.subarray(p, p + 20)), name);
          assert.equal(toHex(rekeyed.er), toHex(expected.subarray(p + 56, p + 72)), name);
          count++;
        }
      }
      assert.ok(count >= 150, `only ${count} vectors`);
    },
  );

  vectorTest(`${subject}: prf and prf+ are those of the RFCs' vectors`, () => {
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
}
