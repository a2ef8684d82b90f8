import assert from "node:assert/strict";
import {
  algorithmName,
  type CryptoProvider,
  everyAlgorithm,
  provides,
  type Random,
} from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { checkKnownAnswers } from "../../src/crypto/known_answers/mod.ts";
import { createLibcrypto, LIBCRYPTO_PATHS, openLibcrypto } from "../../ffi/libcrypto/mod.ts";
import { changedCipher } from "../support/changed_cipher.ts";

const path = LIBCRYPTO_PATHS.find((file) => {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
});
const lib = path === undefined ? undefined : openLibcrypto(path);
const fromLibcrypto = (random: Random) => createLibcrypto(lib!, random, createPortable(random));

/** Keywords with this outcome, and how many there are of the others. */
function of(make: (random: Random) => CryptoProvider, wanted: string): string[] {
  return checkKnownAnswers(make).filter(({ outcome }) => outcome === wanted).map(({ entry }) =>
    algorithmName(entry)
  );
}

for (
  const [name, make, present] of [["portable", createPortable, true], [
    "libcrypto",
    fromLibcrypto,
    lib !== undefined,
  ]] as const
) {
  const skipped = present ? "" : " [needs libcrypto.so.3]";
  Deno.test(`${name}: every algorithm gives its known answer, and none lacks one${skipped}`, {
    ignore: !present,
    // As in conformance.ts: functions of the library are bound at first use.
    sanitizeResources: false,
  }, () => {
    assert.deepEqual(of(make, "wrong"), []);
    assert.deepEqual(of(make, "unknown"), []);
    const provider = make((length) => new Uint8Array(length).fill(1));
    const present = everyAlgorithm.filter((entry) => provides(provider, entry)).map(algorithmName);
    assert.ok(present.length > 60);
    assert.deepEqual(of(make, "right"), present);
  });
}

/** A provider with one thing changed. */
function faulty(
  change: (right: CryptoProvider) => Partial<CryptoProvider>,
): (random: Random) => CryptoProvider {
  return (random) => {
    const right = createPortable(random);
    return { ...right, ...change(right) };
  };
}

Deno.test("known answers: an octet that is wrong in any kind of algorithm is found, and nothing else", () => {
  const ciphers = faulty((right) => ({
    cipher: (choice, key, direction) => {
      const cipher = right.cipher(choice, key, direction);
      if (choice.id !== 20) return cipher;
      return changedCipher(cipher, {
        seal(buffer, ivOffset, offset, length, aad) {
          cipher.seal(buffer, ivOffset, offset, length, aad);
          buffer[offset]! ^= 1;
        },
      });
    },
  }));
  assert.deepEqual(of(ciphers, "wrong"), ["aes-128-gcm", "aes-192-gcm", "aes-256-gcm"]);
  const prfs = faulty((right) => ({
    prf: (id, key) => right.prf(id, id === 5 ? key.map((octet) => octet ^ 1) : key),
  }));
  assert.ok(of(prfs, "wrong").includes("hmac-sha2-256"));
  const macs = faulty((right) => ({
    mac: (id, key) => right.mac(id, id === 2 ? key.map((octet) => octet ^ 1) : key),
  }));
  assert.deepEqual(of(macs, "wrong"), ["hmac-sha1"]);
  const exchanges = faulty((right) => ({
    keyExchange(id) {
      const exchange = right.keyExchange(id);
      return id === 31 ? { ...exchange, derive: () => new Uint8Array(32) } : exchange;
    },
  }));
  assert.deepEqual(of(exchanges, "wrong"), ["curve25519"]);
});

Deno.test("known answers: a cipher that opens what is forged, and one that throws, are wrong", () => {
  const trusting = faulty((right) => ({
    cipher: (choice, key, direction) => {
      const cipher = right.cipher(choice, key, direction);
      if (choice.id !== 28) return cipher;
      return changedCipher(cipher, {
        open: (...args) => {
          cipher.open(...args);
          return true;
        },
      });
    },
  }));
  assert.deepEqual(of(trusting, "wrong"), ["chacha20-poly1305"]);
  const broken = faulty((right) => ({
    mac: (id, key) => {
      if (id === 8) throw new Error("an example of a fault");
      return right.mac(id, key);
    },
  }));
  assert.deepEqual(of(broken, "wrong"), ["aes-cmac"]);
});
