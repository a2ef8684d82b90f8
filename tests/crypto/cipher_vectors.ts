/** Published vectors of ciphers: RFC 3602, 3686, 4106, 4309, 7634 layouts, and Wycheproof. */
import assert from "node:assert/strict";
import { concat, toHex } from "../../src/bytes/mod.ts";
import { type CryptoProvider, encrAlgorithm, encrAlgorithms, encrChoice } from "../../src/crypto/mod.ts";
import { ENCR } from "../../src/wire/registry.ts";
import { hex, readVectors, vectorTest } from "../support/vectors.ts";
import { open, pattern, seal } from "./packets.ts";

interface Vector {
  readonly key: string;
  readonly salt?: string;
  readonly nonce?: string;
  readonly iv: string;
  readonly aad?: string;
  readonly plaintext: string;
  readonly ciphertext: string;
  readonly icv?: string;
}

interface Wycheproof {
  readonly testGroups: readonly {
    readonly ivSize: number;
    readonly keySize: number;
    readonly tagSize: number;
    readonly tests: readonly {
      readonly tcId: number;
      readonly key: string;
      readonly iv: string;
      readonly aad: string;
      readonly msg: string;
      readonly ct: string;
      readonly tag: string;
      readonly result: "valid" | "invalid" | "acceptable";
    }[];
  }[];
}

/**
 * Ciphers that no file of vectors has. IV of zeros where one block is given: it is what the publication has for ECB.
 * FIPS 81, Table C-2; E. Young's set for Blowfish with keys of every length, the one of 160 bits; RFC 2144 §B.1.
 */
const legacy: readonly (readonly [id: number, key: string, iv: string, text: string, ciphertext: string])[] =
  [
    [
      ENCR.ENCR_DES,
      "0123456789abcdef",
      "1234567890abcdef",
      "4e6f77206973207468652074696d6520666f7220616c6c20",
      "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6",
    ],
    [
      ENCR.ENCR_BLOWFISH,
      "f0e1d2c3b4a5968778695a4b3c2d1e0f00112233",
      "0000000000000000",
      "fedcba9876543210",
      "10851c0e3858da9f",
    ],
    [
      ENCR.ENCR_CAST,
      "0123456712345678234567893456789a",
      "0000000000000000",
      "0123456789abcdef",
      "238b4fe5847e44b2",
    ],
  ];

/** [file, transforms that may carry the ICV's length, least number of cases] */
const layouts: readonly (readonly [string, readonly number[], number])[] = [
  ["rfc3602-aes-cbc", [ENCR.ENCR_AES_CBC], 6],
  ["rfc3686-aes-ctr", [ENCR.ENCR_AES_CTR], 9],
  ["aes-gcm-esp-layout", [ENCR.ENCR_AES_GCM_8, ENCR.ENCR_AES_GCM_12, ENCR.ENCR_AES_GCM_16], 20],
  ["aes-ccm-esp-layout", [ENCR.ENCR_AES_CCM_8, ENCR.ENCR_AES_CCM_12, ENCR.ENCR_AES_CCM_16], 16],
  ["rfc7634-chacha20-poly1305", [ENCR.ENCR_CHACHA20_POLY1305], 4],
];

/** Registers the vectors for one provider. */
export function cipherVectors(subject: string, provider: CryptoProvider): void {
  for (const [file, ids, least] of layouts) {
    vectorTest(`${subject}: ${file} vectors seal and open`, () => {
      let count = 0;
      for (const vector of readVectors<{ tests: Vector[] }>(`rfc/${file}.json`).tests) {
        const keyLength = vector.key.length / 2;
        const icvLength = (vector.icv?.length ?? 0) / 2;
        const entry = encrAlgorithms.find((entry) =>
          ids.includes(entry.id) && entry.keyLength === keyLength && entry.icvLength === icvLength
        );
        assert.ok(entry, `${file}: key of ${keyLength} octets, ICV of ${icvLength}`);
        const key = concat(hex(vector.key), hex(vector.salt ?? vector.nonce ?? ""));
        const aad = hex(vector.aad ?? "");
        const packet = concat(hex(vector.iv), hex(vector.ciphertext), hex(vector.icv ?? ""));
        const sealed = seal(provider, encrChoice(entry), key, hex(vector.iv), aad, hex(vector.plaintext));
        assert.equal(toHex(sealed), toHex(packet));
        const opened = open(provider, encrChoice(entry), key, aad, packet);
        assert.ok(opened);
        assert.equal(toHex(opened), vector.plaintext);
        count++;
      }
      assert.ok(count >= least, `only ${count} vectors`);
    });
  }

  for (const [id, key, iv, text, ciphertext] of legacy) {
    const entry = encrAlgorithms.find((entry) => entry.id === id)!;
    if (!provider.hasEncr(encrChoice(entry))) continue;
    const empty = new Uint8Array(0);
    Deno.test(`${subject}: ${entry.ianaName} encrypts as published, and chains its blocks`, () => {
      const sealed = seal(provider, encrChoice(entry), hex(key), hex(iv), empty, hex(text));
      assert.equal(toHex(sealed), iv + ciphertext);
      // CBC (RFC 2451 §2): the second of two blocks is the first of a packet whose IV is the block before
      const [two, last] = [hex(text).slice(0, 8), hex("8899aabbccddeeff")];
      const whole = seal(provider, encrChoice(entry), hex(key), hex(iv), empty, concat(two, last));
      const second = seal(provider, encrChoice(entry), hex(key), whole.slice(8, 16), empty, last);
      assert.equal(toHex(whole.slice(16)), toHex(second.slice(8)));
      assert.equal(
        toHex(open(provider, encrChoice(entry), hex(key), empty, whole)!),
        toHex(concat(two, last)),
      );
    });
  }

  Deno.test(`${subject}: AES-GMAC is GCM of nothing over AAD, IV and text (RFC 4543 section 3.3)`, () => {
    for (const keyBits of [128, 192, 256]) {
      const key = pattern(keyBits / 8 + 4, 1), iv = pattern(8, 2);
      for (const [aadLength, length] of [[8, 0], [8, 64], [12, 21]] as const) {
        const aad = pattern(aadLength, 3), text = pattern(length, 4);
        const gmac = { id: ENCR.ENCR_NULL_AUTH_AES_GMAC, keyBits };
        const gcm = { id: ENCR.ENCR_AES_GCM_16, keyBits };
        const icv = seal(provider, gcm, key, iv, concat(aad, iv, text), new Uint8Array(0)).slice(8);
        assert.equal(
          toHex(seal(provider, gmac, key, iv, aad, text)),
          toHex(concat(iv, text, icv)),
          `${keyBits} ${length}`,
        );
      }
    }
  });

  wycheproof(
    subject,
    provider,
    "aes_gcm",
    4,
    { valid: 15, invalid: 8 },
    (icv) => icv === 16 ? ENCR.ENCR_AES_GCM_16 : undefined,
  );
  wycheproof(
    subject,
    provider,
    "aes_ccm",
    3,
    { valid: 9, invalid: 0 },
    (icv) => icv === 16 ? ENCR.ENCR_AES_CCM_16 : icv === 12 ? ENCR.ENCR_AES_CCM_12 : ENCR.ENCR_AES_CCM_8,
  );
  wycheproof(
    subject,
    provider,
    "chacha20_poly1305",
    4,
    { valid: 15, invalid: 8 },
    () => ENCR.ENCR_CHACHA20_POLY1305,
  );

  vectorTest(`${subject}: Wycheproof AES-CBC encrypts and decrypts whole blocks`, () => {
    let count = 0;
    for (const group of readVectors<Wycheproof>("wycheproof/aes_cbc_pkcs5_test.json").testGroups) {
      const choice = { id: ENCR.ENCR_AES_CBC, keyBits: group.keySize };
      for (const test of group.tests.filter((test) => test.result === "valid")) {
        // The vectors pad as PKCS #5 does; IKE and ESP pad by their own rules before the cipher
        const pad = 16 - (test.msg.length / 2) % 16;
        const text = concat(hex(test.msg), new Uint8Array(pad).fill(pad));
        const empty = new Uint8Array(0);
        const sealed = seal(provider, choice, hex(test.key), hex(test.iv), empty, text);
        assert.equal(toHex(sealed), test.iv + test.ct, `#${test.tcId}`);
        assert.deepEqual(open(provider, choice, hex(test.key), empty, sealed), text);
        count++;
      }
    }
    assert.ok(count >= 10, `only ${count} vectors`);
  });
}

/** The groups whose nonce and ICV IPsec uses; the first octets of the nonce are the salt. */
function wycheproof(
  subject: string,
  provider: CryptoProvider,
  file: string,
  saltLength: number,
  least: { readonly valid: number; readonly invalid: number },
  transform: (icvLength: number) => number | undefined,
): void {
  vectorTest(`${subject}: Wycheproof ${file} seals and opens what is valid and refuses what is not`, () => {
    let [valid, invalid] = [0, 0];
    for (const group of readVectors<Wycheproof>(`wycheproof/${file}_test.json`).testGroups) {
      const id = transform(group.tagSize / 8);
      if (id === undefined || group.ivSize !== (saltLength + 8) * 8) continue;
      const choice = id === ENCR.ENCR_CHACHA20_POLY1305 ? { id } : { id, keyBits: group.keySize };
      if (encrAlgorithm(choice) === undefined) continue;
      for (const test of group.tests) {
        const nonce = hex(test.iv);
        const key = concat(hex(test.key), nonce.subarray(0, saltLength));
        const iv = nonce.subarray(saltLength);
        const packet = concat(iv, hex(test.ct), hex(test.tag));
        const opened = open(provider, choice, key, hex(test.aad), packet);
        const name = `#${test.tcId}`;
        if (test.result === "invalid") {
          assert.equal(opened, undefined, name);
          invalid++;
          continue;
        }
        assert.ok(opened, name);
        assert.equal(toHex(opened), test.msg, name);
        const sealed = seal(provider, choice, key, iv, hex(test.aad), hex(test.msg));
        assert.equal(toHex(sealed), toHex(packet), name);
        valid++;
      }
    }
    assert.ok(valid >= least.valid && invalid >= least.invalid, `${valid} valid, ${invalid} invalid`);
  });
}
