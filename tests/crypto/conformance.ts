/**
 * What every provider has to do, in one suite: the registry's lengths, round trips and refusals for all that it has,
 * then published vectors.
 */
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
  type Random,
} from "../../src/crypto/mod.ts";
import { cipherVectors } from "./cipher_vectors.ts";
import { kdfVectors } from "./kdf_vectors.ts";
import { keVectors } from "./ke_vectors.ts";
import { macVectors } from "./mac_vectors.ts";
import { open, pattern, seal } from "./packets.ts";

/** A provider under test; `make` gives it a source of private values. */
export interface Subject {
  readonly name: string;
  readonly make: (random: Random) => CryptoProvider;
  /** What of the registry it does not have, by the name in iked.conf(5): all else it must have. */
  readonly lacks: readonly string[];
}

/** A source that is the same in every run. */
export function counted(seed = 1): Random {
  let calls = seed;
  return (length) => pattern(length, calls++);
}

/** Registers the suite for one provider. */
export function conformance(subject: Subject): void {
  const provider = subject.make(counted());
  const encrs = encrAlgorithms.filter((entry) => provider.hasEncr(encrChoice(entry)));
  const integs = integAlgorithms.filter((entry) => provider.hasInteg(entry.id));
  const prfs = prfAlgorithms.filter((entry) => provider.hasPrf(entry.id));
  const kes = keAlgorithms.filter((entry) => provider.hasKe(entry.id));
  // Functions of a library are bound at first use; Deno 2.5.7 takes that for a library that was left open.
  const test = (name: string, run: () => void) =>
    Deno.test(`${subject.name}: ${name}`, { sanitizeResources: false }, run);

  test("has every algorithm of the registry but those that it is known to lack", () => {
    const missing = everyAlgorithm.filter((entry) => !provides(provider, entry)).map(algorithmName);
    assert.deepEqual(missing, subject.lacks);
  });

  test("has nothing for numbers that the registry does not know", () => {
    assert.ok(!provider.hasEncr({ id: 12 }));
    assert.ok(!provider.hasEncr({ id: 12, keyBits: 64 }));
    assert.ok(!provider.hasEncr({ id: 65535 }));
    for (const id of [0, 99, 65535]) {
      assert.ok(!provider.hasInteg(id) && !provider.hasPrf(id) && !provider.hasKe(id), `${id}`);
    }
    assert.throws(() => provider.cipher({ id: 65535 }, new Uint8Array(16), "seal"));
    assert.throws(() => provider.mac(99, new Uint8Array(16)));
    assert.throws(() => provider.prf(99, new Uint8Array(16)));
    assert.throws(() => provider.keyExchange(99));
  });

  test("ciphers have the registry's lengths and take keys of theirs only", () => {
    for (const entry of encrs) {
      const keyLength = entry.keyLength + entry.saltLength;
      for (const direction of ["seal", "open"] as const) {
        const cipher = provider.cipher(encrChoice(entry), pattern(keyLength, 1), direction);
        assert.equal(cipher.ivLength, entry.ivLength, entry.ianaName);
        assert.equal(cipher.icvLength, entry.icvLength, entry.ianaName);
        assert.equal(cipher.blockLength, entry.blockLength, entry.ianaName);
        cipher.wipe();
        if (entry.keyLength === 0) continue;
        for (const length of [0, keyLength - 1, keyLength + 1]) {
          assert.throws(
            () => provider.cipher(encrChoice(entry), new Uint8Array(length), direction),
            RangeError,
          );
        }
      }
    }
  });

  test("what a cipher seals it opens, in place, and touches nothing beside", () => {
    for (const entry of encrs) {
      const key = pattern(entry.keyLength + entry.saltLength, 2);
      for (const blocks of [0, 1, 2, 5, 90]) {
        const text = pattern(blocks * Math.max(entry.blockLength, 7), blocks + 3);
        const aad = pattern(blocks === 1 ? 0 : 8 + blocks, 4);
        const iv = pattern(entry.ivLength, 5);
        const packet = seal(
          provider,
          encrChoice(entry),
          key,
          iv,
          aad,
          text.subarray(
            0,
            text.length - text.length % entry.blockLength,
          ),
        );
        const back = open(provider, encrChoice(entry), key, aad, packet);
        assert.ok(back, `${entry.ianaName} ${entry.keyBits} ${blocks}`);
        assert.equal(toHex(back), toHex(text.subarray(0, back.length)), entry.ianaName);
      }
    }
  });

  test("one cipher object serves packet after packet", () => {
    for (const entry of encrs) {
      const key = pattern(entry.keyLength + entry.saltLength, 2);
      const sealer = provider.cipher(encrChoice(entry), key, "seal");
      const opener = provider.cipher(encrChoice(entry), key, "open");
      const aad = pattern(8, 1);
      for (let n = 0; n < 5; n++) {
        const length = 48 + 16 * n;
        const at = entry.ivLength;
        const buffer = new Uint8Array(at + length + entry.icvLength);
        buffer.set(pattern(entry.ivLength, n));
        const text = pattern(length, n + 9);
        buffer.set(text, at);
        sealer.seal(buffer, 0, at, length, aad);
        if (entry.icvLength > 0) {
          const altered = buffer.slice();
          altered[altered.length - 1]! ^= 1;
          assert.equal(opener.open(altered, 0, at, length, aad), false, entry.ianaName);
        }
        assert.equal(opener.open(buffer, 0, at, length, aad), true, entry.ianaName);
        assert.equal(toHex(buffer.subarray(at, at + length)), toHex(text), entry.ianaName);
      }
      sealer.wipe();
      opener.wipe();
    }
  });

  test("an AEAD refuses a packet with any octet altered, cut short or with other AAD", () => {
    for (const entry of encrs.filter((entry) => entry.aead)) {
      const choice = encrChoice(entry);
      const key = pattern(entry.keyLength + entry.saltLength, 2);
      const aad = pattern(12, 4);
      const packet = seal(provider, choice, key, pattern(entry.ivLength, 5), aad, pattern(21, 6));
      assert.ok(open(provider, choice, key, aad, packet));
      for (let i = 0; i < packet.length; i++) {
        const altered = packet.slice();
        altered[i]! ^= 0x80;
        assert.equal(open(provider, choice, key, aad, altered), undefined, `${entry.ianaName} octet ${i}`);
      }
      for (let i = 0; i < packet.length; i++) {
        assert.equal(open(provider, choice, key, aad, packet.subarray(0, i)), undefined, `cut at ${i}`);
      }
      for (let i = 0; i < aad.length; i++) {
        const other = aad.slice();
        other[i]! ^= 1;
        assert.equal(open(provider, choice, key, other, packet), undefined, `AAD octet ${i}`);
      }
      assert.equal(open(provider, choice, key, aad.subarray(1), packet), undefined);
    }
  });

  test("a cipher of blocks refuses parts of blocks: from a peer with false, from us with an error", () => {
    for (const entry of encrs.filter((entry) => entry.blockLength > 1)) {
      const key = pattern(entry.keyLength, 2);
      const buffer = new Uint8Array(64);
      const opener = provider.cipher(encrChoice(entry), key, "open");
      const sealer = provider.cipher(encrChoice(entry), key, "seal");
      for (const length of [1, entry.blockLength - 1, entry.blockLength + 1]) {
        assert.equal(opener.open(buffer, 0, entry.ivLength, length, buffer), false);
        assert.throws(() => sealer.seal(buffer, 0, entry.ivLength, length, buffer), RangeError);
      }
      assert.equal(opener.open(buffer, 0, entry.ivLength, 64, buffer), false, "text past the buffer");
      opener.wipe();
      sealer.wipe();
    }
  });

  test("a wiped key cannot be used again", () => {
    const buffer = new Uint8Array(128);
    for (const entry of encrs) {
      const key = pattern(entry.keyLength + entry.saltLength, 2);
      const cipher = provider.cipher(encrChoice(entry), key, "seal");
      cipher.wipe();
      cipher.wipe();
      assert.throws(() => cipher.seal(buffer, 0, 16, 32, buffer.subarray(0, 8)), /wiped/, entry.ianaName);
    }
    for (const entry of integs) {
      const mac = provider.mac(entry.id, pattern(entry.keyLength, 1));
      mac.wipe();
      assert.throws(() => mac.write(buffer, 0, 8, 16), /wiped/, entry.ianaName);
    }
    for (const entry of prfs) {
      const prf = provider.prf(entry.id, pattern(entry.keyLength, 1));
      prf.wipe();
      assert.throws(() => prf.compute(buffer), /wiped/, entry.ianaName);
    }
    for (const entry of kes.filter((entry) => entry.bits <= 2048)) {
      const exchange = provider.keyExchange(entry.id);
      const peer = exchange.publicValue.slice();
      exchange.wipe();
      assert.throws(() => exchange.derive(peer), /wiped/, entry.ianaName);
    }
  });

  test("a key handed over may be overwritten at once", () => {
    for (const entry of encrs) {
      const key = pattern(entry.keyLength + entry.saltLength, 2);
      const handed = key.slice();
      const cipher = provider.cipher(encrChoice(entry), handed, "seal");
      handed.fill(0);
      const buffer = new Uint8Array(entry.ivLength + 48 + entry.icvLength);
      cipher.seal(buffer, 0, entry.ivLength, 48, buffer.slice(0, 8));
      const expected = seal(
        provider,
        encrChoice(entry),
        key,
        new Uint8Array(entry.ivLength),
        new Uint8Array(8),
        new Uint8Array(48),
      );
      assert.equal(toHex(buffer), toHex(expected), entry.ianaName);
      cipher.wipe();
    }
    for (const entry of integs) {
      const key = pattern(entry.keyLength, 2);
      const kept = provider.mac(entry.id, key.slice());
      const handed = provider.mac(entry.id, key);
      key.fill(0);
      const buffer = new Uint8Array(96);
      handed.write(buffer, 0, 40, 40);
      assert.ok(kept.verify(buffer, 0, 40, buffer.subarray(40, 40 + entry.icvLength)), entry.ianaName);
    }
  });

  test("integrity transforms have the registry's lengths and refuse every altered octet", () => {
    for (const entry of integs) {
      for (const length of [0, entry.keyLength - 1, entry.keyLength + 1]) {
        assert.throws(() => provider.mac(entry.id, new Uint8Array(length)), RangeError);
      }
      const mac = provider.mac(entry.id, pattern(entry.keyLength, 1));
      assert.equal(mac.icvLength, entry.icvLength, entry.ianaName);
      const message = pattern(53, 2);
      const buffer = new Uint8Array(2 + 53 + entry.icvLength + 2);
      buffer.set(message, 2);
      mac.write(buffer, 2, 53, 55);
      assert.equal(buffer[55 + entry.icvLength], 0, "writes no more than the ICV");
      const icv = buffer.slice(55, 55 + entry.icvLength);
      assert.ok(mac.verify(buffer, 2, 53, icv), entry.ianaName);
      for (let i = 2; i < 55; i++) {
        const altered = buffer.slice();
        altered[i]! ^= 1;
        assert.ok(!mac.verify(altered, 2, 53, icv), `${entry.ianaName} octet ${i}`);
      }
      for (let i = 0; i < icv.length; i++) {
        const altered = icv.slice();
        altered[i]! ^= 1;
        assert.ok(!mac.verify(buffer, 2, 53, altered), `${entry.ianaName} ICV octet ${i}`);
      }
      assert.ok(!mac.verify(buffer, 2, 53, icv.subarray(1)));
      mac.wipe();
    }
  });

  test("MACs and PRFs of different keys do not mix, whatever the order of use and of wiping", () => {
    const message = pattern(70, 1);
    for (const entry of prfs) {
      const [a, b] = [provider.prf(entry.id, pattern(20, 1)), provider.prf(entry.id, pattern(20, 2))];
      const [x, y] = [toHex(a.compute(message)), toHex(b.compute(message))];
      assert.notEqual(x, y, entry.ianaName);
      assert.equal(toHex(a.compute(message)), x, entry.ianaName);
      b.wipe();
      assert.equal(toHex(a.compute(message)), x, entry.ianaName);
      a.wipe();
    }
    for (const entry of integs) {
      const [a, b] = [1, 2].map((seed) => provider.mac(entry.id, pattern(entry.keyLength, seed)));
      const buffer = new Uint8Array(200);
      a!.write(buffer, 0, 70, 100);
      b!.write(buffer, 0, 70, 150);
      const [x, y] = [100, 150].map((at) => buffer.slice(at, at + entry.icvLength));
      assert.ok(a!.verify(buffer, 0, 70, x!) && b!.verify(buffer, 0, 70, y!), entry.ianaName);
      assert.ok(!a!.verify(buffer, 0, 70, y!), entry.ianaName);
      b!.wipe();
      assert.ok(a!.verify(buffer, 0, 70, x!), entry.ianaName);
      a!.wipe();
    }
  });

  test("PRFs give the registry's length, over parts as over the whole, under keys of any length", () => {
    for (const entry of prfs) {
      for (const keyLength of [0, 1, 15, 16, 17, 63, 64, 65, 128, 129, 300]) {
        const prf = provider.prf(entry.id, pattern(keyLength, 3));
        assert.equal(prf.length, entry.outputLength, entry.ianaName);
        const message = pattern(100, 4);
        const whole = toHex(prf.compute(message));
        assert.equal(whole.length, 2 * entry.outputLength);
        const parts = [message.subarray(0, 0), message.subarray(0, 33), message.subarray(33)];
        assert.equal(toHex(prf.compute(...parts)), whole, `${entry.ianaName} ${keyLength}`);
        assert.notEqual(toHex(prf.compute(message.subarray(1))), whole);
        prf.wipe();
      }
    }
  });

  test("key exchanges have the registry's lengths, agree, and differ from time to time", () => {
    for (const entry of kes) {
      const [a, b] = [provider.keyExchange(entry.id), provider.keyExchange(entry.id)];
      assert.equal(a.publicValue.length, entry.publicLength, entry.ianaName);
      assert.notEqual(toHex(a.publicValue), toHex(b.publicValue), entry.ianaName);
      const shared = a.derive(b.publicValue);
      assert.ok(shared, entry.ianaName);
      assert.equal(shared.length, entry.sharedLength, entry.ianaName);
      assert.equal(toHex(shared), toHex(b.derive(a.publicValue)!), entry.ianaName);
      a.wipe();
      b.wipe();
    }
  });

  cipherVectors(subject.name, provider);
  macVectors(subject.name, provider);
  kdfVectors(subject.name, provider);
  keVectors(subject.name, subject.make);
}
