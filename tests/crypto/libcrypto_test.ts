import assert from "node:assert/strict";
import { toHex } from "../../src/bytes/mod.ts";
import {
  createPortable,
  type CryptoProvider,
  encrAlgorithms,
  encrChoice,
  integAlgorithms,
  keAlgorithms,
  prfAlgorithms,
} from "../../src/crypto/mod.ts";
import { createLibcrypto, LIBCRYPTO_PATHS, openLibcrypto } from "../../ffi/libcrypto/mod.ts";
import { conformance, counted } from "./conformance.ts";
import { open, pattern, seal } from "./packets.ts";

const path = LIBCRYPTO_PATHS.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** A provider that has nothing: what libcrypto does by itself shows. */
const nothing: CryptoProvider = {
  name: "portable",
  hasEncr: () => false,
  hasInteg: () => false,
  hasPrf: () => false,
  hasKe: () => false,
  cipher: () => assert.fail("no such cipher"),
  mac: () => assert.fail("no such MAC"),
  prf: () => assert.fail("no such PRF"),
  keyExchange: () => assert.fail("no such key exchange"),
};

const own = [
  "ENCR_AES_CBC",
  "ENCR_AES_CTR",
  "ENCR_AES_GCM_8",
  "ENCR_AES_GCM_12",
  "ENCR_AES_GCM_16",
  "ENCR_NULL_AUTH_AES_GMAC",
  "ENCR_AES_CCM_8",
  "ENCR_AES_CCM_12",
  "ENCR_AES_CCM_16",
  "ENCR_CHACHA20_POLY1305",
  "ENCR_3DES",
  "AUTH_HMAC_MD5_96",
  "AUTH_HMAC_SHA1_96",
  "AUTH_HMAC_SHA2_256_128",
  "AUTH_HMAC_SHA2_384_192",
  "AUTH_HMAC_SHA2_512_256",
  "AUTH_AES_CMAC_96",
  "PRF_HMAC_MD5",
  "PRF_HMAC_SHA1",
  "PRF_HMAC_SHA2_256",
  "PRF_HMAC_SHA2_384",
  "PRF_HMAC_SHA2_512",
  ...[768, 1024, 1536, 2048, 3072, 4096, 6144, 8192].map((bits) => `${bits}-bit MODP Group`),
  ...[256, 384, 521].map((bits) => `${bits}-bit random ECP group`),
  "brainpoolP256r1",
  "Curve25519",
];

if (path === undefined) {
  Deno.test("libcrypto: conformance [needs libcrypto.so.3]", { ignore: true }, () => {});
} else {
  const lib = openLibcrypto(path);
  const make = (random = counted()) => createLibcrypto(lib, random, createPortable(random));
  conformance({ name: "libcrypto", make, has: [...own, "ENCR_NULL", "AUTH_AES_XCBC_96", "PRF_AES128_XCBC"] });

  Deno.test("libcrypto: has its algorithms itself, without the fallback", () => {
    const alone = createLibcrypto(lib, counted(), nothing);
    const present = new Set([
      ...encrAlgorithms.filter((entry) => alone.hasEncr(encrChoice(entry))),
      ...integAlgorithms.filter((entry) => alone.hasInteg(entry.id)),
      ...prfAlgorithms.filter((entry) => alone.hasPrf(entry.id)),
      ...keAlgorithms.filter((entry) => alone.hasKe(entry.id)),
    ].map((entry) => entry.ianaName));
    for (const name of own) assert.ok(present.has(name), name);
    assert.ok(!present.has("AUTH_AES_XCBC_96"));
  });

  const [a, b] = [make(counted(100)), createPortable(counted(200))];

  Deno.test("libcrypto and portable: what one seals the other opens", () => {
    for (const entry of encrAlgorithms.filter((e) => a.hasEncr(encrChoice(e)) && b.hasEncr(encrChoice(e)))) {
      for (let n = 0; n < 6; n++) {
        const key = pattern(entry.keyLength + entry.saltLength, n);
        const iv = pattern(entry.ivLength, n + 10);
        const aad = pattern(n * 5, n + 20);
        const text = pattern(n * 16 * 11, n + 30);
        const name = `${entry.ianaName} ${entry.keyBits} ${text.length}`;
        const [x, y] = [a, b].map((p) => seal(p, encrChoice(entry), key, iv, aad, text)) as [
          Uint8Array,
          Uint8Array,
        ];
        assert.equal(toHex(x), toHex(y), name);
        assert.deepEqual(open(b, encrChoice(entry), key, aad, x), text, name);
        assert.deepEqual(open(a, encrChoice(entry), key, aad, y), text, name);
      }
    }
  });

  Deno.test("libcrypto and portable: the same ICVs and PRFs", () => {
    for (const { id, keyLength, ianaName } of integAlgorithms) {
      const buffer = new Uint8Array(600);
      for (const length of [0, 1, 63, 64, 65, 128, 500]) {
        buffer.set(pattern(length, length));
        const key = pattern(keyLength, 5);
        const [x, y] = [a.mac(id, key), b.mac(id, key)];
        x.write(buffer, 0, length, 560);
        assert.ok(
          y.verify(buffer, 0, length, buffer.subarray(560, 560 + y.icvLength)),
          `${ianaName} ${length}`,
        );
        x.wipe();
        y.wipe();
      }
    }
    for (const { id, ianaName } of prfAlgorithms) {
      for (const keyLength of [0, 1, 16, 40, 64, 128, 200]) {
        const [x, y] = [a, b].map((p) => p.prf(id, pattern(keyLength, 6)).compute(pattern(90, 7)));
        assert.equal(toHex(x!), toHex(y!), `${ianaName} ${keyLength}`);
      }
    }
  });

  Deno.test("libcrypto and portable: the same secret by every method that both have", () => {
    for (const { id, ianaName } of keAlgorithms.filter((e) => a.hasKe(e.id) && b.hasKe(e.id))) {
      const [x, y] = [a.keyExchange(id), b.keyExchange(id)];
      assert.equal(toHex(x.derive(y.publicValue)!), toHex(y.derive(x.publicValue)!), ianaName);
      x.wipe();
      y.wipe();
    }
  });

  Deno.test("libcrypto: a buffer that is too small is an error of ours before C sees it", () => {
    const aead = a.cipher({ id: 20, keyBits: 256 }, pattern(36, 1), "seal");
    assert.throws(() => aead.seal(new Uint8Array(40), 0, 8, 24, new Uint8Array(8)), RangeError);
    aead.wipe();
    const cbc = a.cipher({ id: 12, keyBits: 128 }, pattern(16, 1), "seal");
    assert.throws(() => cbc.seal(new Uint8Array(40), 0, 16, 32, new Uint8Array(0)), RangeError);
    cbc.wipe();
  });

  Deno.test("libcrypto: states its version, and a path that is no libcrypto is an error", () => {
    assert.match(lib.version, /^3\.\d+\.\d+$/);
    assert.throws(() => openLibcrypto("/nonexistent/libcrypto.so.3"));
  });
}
