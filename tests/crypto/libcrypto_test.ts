import assert from "node:assert/strict";
import { toHex } from "../../src/bytes/mod.ts";
import {
  algorithmName,
  type CryptoProvider,
  encrAlgorithms,
  encrChoice,
  everyAlgorithm,
  integAlgorithms,
  keAlgorithms,
  prfAlgorithms,
  provides,
} from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { createLibcrypto, LIBCRYPTO_PATHS, openLibcrypto, opensslHas } from "../../ffi/libcrypto/mod.ts";
import { conformance, counted } from "./conformance.ts";
import { open, pattern, seal } from "./packets.ts";

const path = LIBCRYPTO_PATHS.find(exists);

function exists(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}

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

/** OpenSSL's module with DES, Blowfish and CAST; distributions may leave it out. */
const legacyPresent = path !== undefined &&
  exists(`${path.slice(0, path.lastIndexOf("/"))}/ossl-modules/legacy.so`);

/** What OpenSSL has no EVP_MAC or cipher for: it comes from the fallback. */
const notOwn = ["null", "aes-xcbc", "aes-xcbc", "aes-cmac", "sntrup761x25519"];

if (path === undefined) {
  Deno.test("libcrypto: conformance [needs libcrypto.so.3]", { ignore: true }, () => {});
} else {
  const lib = openLibcrypto(path);
  const make = (random = counted()) => createLibcrypto(lib, random, createPortable(random));
  const legacy = ["blowfish", "cast"];
  const lacks = [...(legacyPresent ? [] : legacy), "sntrup761x25519"];
  conformance({ name: "libcrypto", make, lacks });

  Deno.test("libcrypto: has its algorithms itself, without the fallback", () => {
    const alone = createLibcrypto(lib, counted(), nothing);
    const missing = everyAlgorithm.filter((entry) => !provides(alone, entry)).map(algorithmName);
    const withoutModule = legacyPresent ? [] : ["des", ...legacy];
    assert.deepEqual(missing, [...withoutModule, ...notOwn]);
    for (const entry of everyAlgorithm) {
      const where = opensslHas(entry);
      const has = where === "legacy module" ? legacyPresent : where !== undefined;
      assert.equal(provides(alone, entry), has, algorithmName(entry));
    }
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
