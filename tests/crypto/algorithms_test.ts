import assert from "node:assert/strict";
import {
  encrAlgorithm,
  encrAlgorithms,
  encrChoice,
  integAlgorithms,
  keAlgorithm,
  keAlgorithms,
  prfAlgorithms,
} from "../../src/crypto/mod.ts";

const kinds = { encrAlgorithms, integAlgorithms, prfAlgorithms, keAlgorithms };

for (const [kind, entries] of Object.entries(kinds)) {
  Deno.test(`${kind}: every name of iked.conf(5) means one entry and can be typed`, () => {
    const seen = new Set<string>();
    for (const entry of entries) {
      assert.ok(entry.names.length > 0, entry.ianaName);
      assert.ok(entry.ike || entry.child, entry.ianaName);
      for (const name of entry.names) {
        assert.match(name, /^[a-z0-9][a-z0-9-]*$/);
        assert.ok(!seen.has(name), name);
        seen.add(name);
      }
    }
  });
}

Deno.test("the registry has every transform of the manual's tables, in both spellings of its groups", () => {
  const names = (entries: readonly { names: readonly string[] }[]) =>
    new Set(entries.flatMap((e) => e.names));
  const auth = ["hmac-md5", "hmac-sha1", "hmac-sha2-256", "hmac-sha2-384", "hmac-sha2-512"];
  for (const name of auth) {
    assert.ok(names(integAlgorithms).has(name), name);
    assert.ok(names(prfAlgorithms).has(name), name);
  }
  for (const name of ["3des", "3des-cbc", "aes-128", "aes-192", "aes-256"]) {
    const entry = encrAlgorithms.find((e) => e.names.includes(name));
    assert.ok(entry?.ike && entry.child, name);
  }
  for (const name of ["des", "aes-ctr", "blowfish", "cast", "null"]) {
    const entry = encrAlgorithms.find((e) => e.names.includes(name));
    assert.ok(entry && !entry.ike && entry.child, name);
  }
  const groups: [number, string[]][] = [
    [1, ["modp768"]],
    [2, ["modp1024"]],
    [3, ["ec155", "ec2n155"]],
    [4, ["ec185", "ec2n185"]],
    [5, ["modp1536"]],
    [14, ["modp2048"]],
    [15, ["modp3072"]],
    [16, ["modp4096"]],
    [17, ["modp6144"]],
    [18, ["modp8192"]],
    [19, ["ec256", "ecp256"]],
    [20, ["ec384", "ecp384"]],
    [21, ["ec521", "ecp521"]],
    [22, ["modp1024-160"]],
    [23, ["modp2048-224"]],
    [24, ["modp2048-256"]],
    [25, ["ec192", "ecp192"]],
    [26, ["ec224", "ecp224"]],
  ];
  for (const [id, spellings] of groups) {
    for (const name of [...spellings, `grp${id}`]) assert.ok(keAlgorithm(id)?.names.includes(name), name);
  }
});

Deno.test("the registry has what today's OpenIKED adds", () => {
  const encr = new Set(encrAlgorithms.flatMap((entry) => entry.names));
  for (const bits of [128, 192, 256]) {
    for (const mode of ["ctr", "gcm", "gmac"]) assert.ok(encr.has(`aes-${bits}-${mode}`));
  }
  for (const name of ["aes-128-gcm-12", "aes-256-gcm-12", "chacha20-poly1305"]) assert.ok(encr.has(name));
  const groups = new Set(keAlgorithms.flatMap((entry) => entry.names));
  for (const name of ["brainpool224", "brainpool512", "curve25519", "sntrup761x25519", "none"]) {
    assert.ok(groups.has(name), name);
  }
});

Deno.test("an encryption algorithm is found by id and Key Length together, and by nothing less", () => {
  for (const entry of encrAlgorithms) assert.equal(encrAlgorithm(encrChoice(entry)), entry);
  assert.equal(encrAlgorithm({ id: 12 }), undefined);
  assert.equal(encrAlgorithm({ id: 12, keyBits: 160 }), undefined);
  assert.equal(encrAlgorithm({ id: 3, keyBits: 192 }), undefined);
});

Deno.test("the manual's aes-ctr has 128 bits on the wire and 160 of key material", () => {
  const entry = encrAlgorithms.find((e) => e.names.includes("aes-ctr"));
  assert.equal(entry?.keyBits, 128);
  assert.equal((entry.keyLength + entry.saltLength) * 8, 160);
});

Deno.test("lengths agree with each other", () => {
  for (const entry of encrAlgorithms) {
    if (entry.keyBits !== undefined) assert.equal(entry.keyBits, entry.keyLength * 8, entry.ianaName);
    assert.equal(entry.aead, entry.icvLength > 0, entry.ianaName);
    assert.equal(entry.ivLength % entry.blockLength, 0, entry.ianaName);
  }
  for (const entry of integAlgorithms) assert.ok(entry.icvLength <= entry.outputLength, entry.ianaName);
  for (const entry of keAlgorithms) {
    if (entry.family === "modp") assert.equal(entry.publicLength, entry.bits / 8, entry.ianaName);
    if (entry.family === "ecp") {
      assert.equal(entry.publicLength, 2 * Math.ceil(entry.bits / 8), entry.ianaName);
    }
  }
});
