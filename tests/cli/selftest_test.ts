import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  type AlgorithmEntry,
  algorithmName,
  type CryptoProvider,
  everyAlgorithm,
  provides,
} from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { LIBCRYPTO_PATHS } from "../../ffi/libcrypto/library.ts";
import { selftest } from "../../cli/selftest.ts";
import { negotiate } from "../../cli/selftest/negotiation.ts";
import { entriesOf, type Suite, suitesOf, words } from "../../cli/selftest/suites.ts";
import { IKED, iked } from "./iked_process.ts";
import { changedCipher } from "../support/changed_cipher.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const portable = createPortable(random);

function exists(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}

const libcrypto = LIBCRYPTO_PATHS.find(exists);
const needsLibcrypto = libcrypto === undefined ? " [needs libcrypto.so.3]" : "";

const GROUPS = ["encryption", "integrity", "prf", "key exchange"];

/** What it prints, and what it complains about, for libcrypto at `path`. */
async function run(path: string | undefined): Promise<{ code: number; out: string; errors: string }> {
  const out: string[] = [], errors: string[] = [];
  const code = await selftest(path, (line) => void out.push(line), (line) => void errors.push(line));
  return { code, out: out.join("\n"), errors: errors.join("\n") };
}

Deno.test(`iked selftest: one line a group of both implementations, a last line, exit 0${needsLibcrypto}`, {
  ignore: libcrypto === undefined,
}, async () => {
  const { code, stdout, stderr } = await iked("selftest");
  assert.deepEqual([code, stderr], [0, ""]);
  for (const group of GROUPS) {
    assert.match(stdout, new RegExp(`^libcrypto 3\\.\\d+\\.\\d+: ${group}: [1-9]\\d* right`, "m"));
    assert.match(stdout, new RegExp(`^portable: ${group}: [1-9]\\d* right`, "m"));
  }
  assert.match(stdout, /^negotiation: libcrypto .* with portable: \d\d suites, \d\d algorithms: all agree/m);
  assert.match(stdout, /\nselftest: ok \(\d+\.\d s\)\n$/);
});

Deno.test(
  `iked selftest: without OpenSSL's legacy module its ciphers are not there, which is no fault${needsLibcrypto}`,
  {
    ignore: libcrypto === undefined,
  },
  async () => {
    const [command, ...args] = IKED;
    const env = { OPENSSL_MODULES: "/nonexistent" };
    const output = await new Deno.Command(command!, { args: [...args, "selftest"], env }).output();
    assert.equal(output.code, 0);
    assert.match(
      new TextDecoder().decode(output.stdout),
      /^libcrypto [^:]*: encryption: 31 right; not there: blowfish, cast$/m,
    );
  },
);

Deno.test("iked selftest: without libcrypto it checks the portable algorithms and says what is not there", async () => {
  const { code, out, errors } = await run(undefined);
  assert.deepEqual([code, errors], [0, ""]);
  assert.match(out, /^libcrypto: not found/m);
  assert.match(out, /^portable: encryption: 31 right; not there: blowfish, cast$/m);
  assert.match(out, /^negotiation: portable: \d\d suites/m);
});

Deno.test("iked selftest: a libcrypto that does not work is a fault: exit 1, and a line on stderr", async () => {
  const { code, out, errors } = await run("/dev/null");
  assert.equal(code, 1);
  assert.match(errors, /^selftest: libcrypto: \/dev\/null does not work: /);
  assert.match(errors, /\nselftest: failed: 1 wrong \(\d+\.\d s\)$/);
  assert.doesNotMatch(out, /selftest: ok/);
});

/** The first of SHA-256's round constants (FIPS 180-4 §4.2.2), as a table in the library has them. */
const SHA256_CONSTANTS = [0x98, 0x2f, 0x8a, 0x42, 0x91, 0x44, 0x37, 0x71];

/** Changes every such table in a file; how many there were. */
function damageSha256(file: string): number {
  const octets = Deno.readFileSync(file);
  let tables = 0;
  for (let at = octets.indexOf(0x98); at >= 0; at = octets.indexOf(0x98, at + 1)) {
    if (!SHA256_CONSTANTS.every((octet, index) => octets[at + index] === octet)) continue;
    octets[at]! ^= 1;
    tables++;
  }
  Deno.writeFileSync(file, octets);
  return tables;
}

Deno.test(`iked selftest: a libcrypto that computes SHA-256 wrongly is found out, exit 1${needsLibcrypto}`, {
  ignore: libcrypto === undefined,
  // The library stays open, as it does in the process that ends with the test of it.
  sanitizeResources: false,
}, async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    const copy = `${folder}/libcrypto.so.3`;
    await Deno.copyFile(libcrypto!, copy);
    // Builds for other machines compute from other tables, or without one.
    const tables = damageSha256(copy);
    await t.step({
      name: "damaged",
      ignore: tables === 0,
      fn: async () => {
        const { code, errors } = await run(copy);
        assert.equal(code, 1);
        assert.deepEqual(
          errors.split("\n").filter((line) => line.includes("known answer")).map((line) =>
            line.replace(/^selftest: libcrypto [\d.]+: /, "")
          ),
          ["integrity", "prf"].map((kind) => `${kind} hmac-sha2-256 does not give its known answer`),
        );
        assert.match(errors, /\nselftest: failed: \d+ wrong \(\d+\.\d s\)$/);
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("iked selftest: the suites use every algorithm, each where iked.conf allows it", () => {
  const all = (entry: AlgorithmEntry) => algorithmName(entry) !== "sntrup761x25519";
  const suites = suitesOf(all);
  const used = new Set(suites.flatMap(entriesOf));
  assert.deepEqual(everyAlgorithm.filter((entry) => all(entry) && !used.has(entry)), []);
  for (const suite of suites) {
    for (const entry of [suite.ikeEncr, suite.ikeInteg, suite.prf, suite.ke]) assert.ok(entry?.ike ?? true);
    for (const entry of [suite.espEncr, suite.espInteg, suite.pfs]) assert.ok(entry?.child ?? true);
  }
  const ikeIntegs = new Set(suites.map((suite) => suite.ikeInteg).filter(Boolean));
  assert.equal(ikeIntegs.size, everyAlgorithm.filter((entry) => entry.kind === "integ" && entry.ike).length);
});

/** The first suite that fits. */
function suiteWith(fits: (suite: Suite) => boolean): Suite {
  const suite = suitesOf((entry) => provides(portable, entry)).find(fits);
  assert.ok(suite);
  return suite;
}

const plain = suiteWith((suite) => suite.ikeInteg !== undefined && suite.espInteg !== undefined);
const aead = suiteWith((suite) => suite.espEncr.id === 20);

Deno.test("iked selftest: a negotiation between right implementations has nothing to say", async () => {
  for (const suite of [plain, aead]) {
    assert.equal(await negotiate(suite, portable, portable, random), undefined, words(suite).childsa);
  }
});

/** The portable implementation with one thing changed. */
const faults:
  readonly (readonly [name: string, suite: Suite, change: Partial<CryptoProvider>, found: RegExp])[] = [
    [
      "a PRF of another kind",
      plain,
      { prf: (id, key) => portable.prf(id, key.map((octet) => octet ^ 1)) },
      /./,
    ],
    [
      "a key exchange that gives the peer another secret",
      aead,
      {
        keyExchange(id) {
          const exchange = portable.keyExchange(id);
          return { ...exchange, derive: (peer) => exchange.derive(peer)?.map((octet) => octet ^ 1) };
        },
      },
      /./,
    ],
    [
      "a MAC that ends differently",
      plain,
      {
        mac(id, key) {
          const mac = portable.mac(id, key);
          return {
            ...mac,
            write(buffer, offset, length, icvOffset) {
              mac.write(buffer, offset, length, icvOffset);
              buffer[icvOffset]! ^= 1;
            },
          };
        },
      },
      /not opened/,
    ],
    [
      "a cipher that opens anything",
      aead,
      {
        cipher(choice, key, direction) {
          const cipher = portable.cipher(choice, key, direction);
          return changedCipher(cipher, { open: (...args) => (cipher.open(...args), true) });
        },
      },
      /opened/,
    ],
    ["a cipher that is not there", aead, { hasEncr: () => false }, /datapath|refused-child/],
  ];

for (const [name, suite, change, found] of faults) {
  for (const side of ["left", "right"] as const) {
    Deno.test(`iked selftest: ${name} on the ${side} is found`, async () => {
      const faulty = { ...portable, ...change };
      const [left, right] = side === "left" ? [faulty, portable] : [portable, faulty];
      const fault = await negotiate(suite, left, right, random);
      assert.match(fault ?? "nothing was found", found);
    });
  }
}
