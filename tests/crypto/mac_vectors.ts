/** Published vectors of MACs and PRFs: RFC 2202, 4231, 4868, 3566, 4434, 4493, 4494, 4615, and Wycheproof. */
import assert from "node:assert/strict";
import { toHex } from "../../src/bytes/mod.ts";
import type { CryptoProvider } from "../../src/crypto/mod.ts";
import { INTEG, PRF } from "../../src/wire/registry.ts";
import { hex, readVectors, vectorTest } from "../support/vectors.ts";

const byHash: Record<string, { readonly prf: number; readonly integ: number }> = {
  sha256: { prf: PRF.PRF_HMAC_SHA2_256, integ: INTEG.AUTH_HMAC_SHA2_256_128 },
  sha384: { prf: PRF.PRF_HMAC_SHA2_384, integ: INTEG.AUTH_HMAC_SHA2_384_192 },
  sha512: { prf: PRF.PRF_HMAC_SHA2_512, integ: INTEG.AUTH_HMAC_SHA2_512_256 },
};

const byUse: Record<string, { readonly prf?: number; readonly integ?: number }> = {
  "AES-XCBC-MAC-96": { integ: INTEG.AUTH_AES_XCBC_96 },
  "AES-XCBC-PRF-128": { prf: PRF.PRF_AES128_XCBC },
  "AES-CMAC-96": { integ: INTEG.AUTH_AES_CMAC_96 },
  "AES-CMAC-PRF-128": { prf: PRF.PRF_AES128_CMAC },
};

interface Vector {
  readonly case?: string;
  readonly name?: string;
  readonly use?: string;
  readonly hash?: string;
  readonly key: string;
  readonly message: string;
  readonly mac?: string;
  readonly output?: string;
}

interface Wycheproof {
  readonly testGroups: readonly {
    readonly keySize: number;
    readonly tests: readonly {
      readonly tcId: number;
      readonly key: string;
      readonly msg: string;
      readonly tag: string;
      readonly result: string;
    }[];
  }[];
}

function icvOf(provider: CryptoProvider, id: number, key: Uint8Array, message: Uint8Array): string {
  const mac = provider.mac(id, key);
  const buffer = new Uint8Array(message.length + mac.icvLength);
  buffer.set(message);
  mac.write(buffer, 0, message.length, message.length);
  const icv = buffer.subarray(message.length);
  assert.ok(mac.verify(buffer, 0, message.length, icv));
  mac.wipe();
  return toHex(icv);
}

/** Registers the vectors for one provider. */
export function macVectors(subject: string, provider: CryptoProvider): void {
  const vectors = (file: string) => readVectors<{ tests: Vector[] }>(`rfc/${file}.json`).tests;
  const prfOf = (id: number, key: string, message: string) => {
    const prf = provider.prf(id, hex(key));
    const output = toHex(prf.compute(hex(message)));
    prf.wipe();
    return output;
  };

  vectorTest(`${subject}: HMACs are those of RFC 2202 and RFC 4231`, () => {
    const files: [string, number][] = [
      ["rfc2202-hmac-md5", PRF.PRF_HMAC_MD5],
      ["rfc2202-hmac-sha1", PRF.PRF_HMAC_SHA1],
      ["rfc4231-hmac-sha256", PRF.PRF_HMAC_SHA2_256],
      ["rfc4231-hmac-sha384", PRF.PRF_HMAC_SHA2_384],
      ["rfc4231-hmac-sha512", PRF.PRF_HMAC_SHA2_512],
    ];
    let count = 0;
    for (const [file, id] of files) {
      for (const { key, message, mac } of vectors(file)) {
        assert.equal(prfOf(id, key, message), mac, file);
        count++;
      }
    }
    assert.ok(count >= 30, `only ${count} vectors`);
  });

  vectorTest(`${subject}: PRFs and truncated ICVs are those of RFC 4868`, () => {
    const counts = { prf: 0, integ: 0 };
    for (const vector of vectors("rfc4868-hmac-sha2")) {
      const { prf, integ } = byHash[vector.hash!]!;
      if (vector.use === "prf") {
        assert.equal(prfOf(prf, vector.key, vector.message), vector.output, vector.name);
        counts.prf++;
      } else {
        const icv = icvOf(provider, integ, hex(vector.key), hex(vector.message));
        assert.equal(icv, vector.output, vector.name);
        counts.integ++;
      }
    }
    assert.ok(counts.prf >= 9 && counts.integ >= 9, JSON.stringify(counts));
  });

  vectorTest(`${subject}: AES-XCBC and AES-CMAC are those of RFC 3566, 4434, 4494 and 4615`, () => {
    let count = 0;
    for (const file of ["rfc3566-rfc4434-aes-xcbc", "rfc4493-rfc4494-rfc4615-aes-cmac"]) {
      for (const vector of vectors(file)) {
        const { prf, integ } = byUse[vector.use!]!;
        const output = prf === undefined
          ? icvOf(provider, integ!, hex(vector.key), hex(vector.message))
          : prfOf(prf, vector.key, vector.message);
        assert.equal(output, vector.output, `${vector.case}`);
        count++;
      }
    }
    assert.ok(count >= 20, `only ${count} vectors`);
  });

  vectorTest(`${subject}: Wycheproof's HMACs and CMACs`, () => {
    const files: [string, number][] = [
      ["hmac_sha1", PRF.PRF_HMAC_SHA1],
      ["hmac_sha256", PRF.PRF_HMAC_SHA2_256],
      ["hmac_sha384", PRF.PRF_HMAC_SHA2_384],
      ["hmac_sha512", PRF.PRF_HMAC_SHA2_512],
      ["aes_cmac", PRF.PRF_AES128_CMAC],
    ];
    for (const [file, id] of files) {
      let count = 0;
      for (const group of readVectors<Wycheproof>(`wycheproof/${file}_test.json`).testGroups) {
        // As a PRF, AES-CMAC makes a key of 128 bits from any other: other sizes mean something else here
        if (file === "aes_cmac" && group.keySize !== 128) continue;
        for (const test of group.tests) {
          const output = prfOf(id, test.key, test.msg).slice(0, test.tag.length);
          assert.equal(output === test.tag, test.result === "valid", `${file} #${test.tcId}`);
          count++;
        }
      }
      assert.ok(count >= 20, `${file}: only ${count} vectors`);
    }
  });
}
