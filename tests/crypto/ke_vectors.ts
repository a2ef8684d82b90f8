/** Published vectors of key exchanges (RFC 3526 groups, 5114, 5903, 6932, 7748, Wycheproof), and hostile values (RFC 6989). */
import assert from "node:assert/strict";
import { concat, toHex } from "../../src/bytes/mod.ts";
import {
  type CryptoProvider,
  fromInteger,
  keAlgorithm,
  keAlgorithms,
  modpGroup,
  type Random,
} from "../../src/crypto/mod.ts";
import { KE } from "../../src/wire/registry.ts";
import { hex, readVectors, vectorTest } from "../support/vectors.ts";

type Make = (random: Random) => CryptoProvider;

/** A source that gives this private value, padded on the left to what is asked for; exponents may be longer. */
function fixed(privateValue: string): Random {
  const value = hex(privateValue.replace(/^(00)+/, ""));
  return (length) => {
    const octets = new Uint8Array(Math.max(length, value.length));
    octets.set(value, octets.length - value.length);
    return octets;
  };
}

interface Exchange {
  readonly group: number;
  readonly i: string;
  readonly r: string;
  readonly KEi: string;
  readonly KEr: string;
  readonly shared: string;
}

interface EcdhFile {
  readonly testGroups: readonly {
    readonly tests: readonly {
      readonly tcId: number;
      readonly public: string;
      readonly private: string;
      readonly shared: string;
      readonly result: "valid" | "invalid" | "acceptable";
    }[];
  }[];
}

/** base^exponent mod modulus, by squaring: figures for the tests of groups. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let b = base % modulus, e = exponent; e > 0n; e >>= 1n, b = b * b % modulus) {
    if (e & 1n) result = result * b % modulus;
  }
  return result;
}

function bothWays(make: Make, vector: Exchange): void {
  const name = `group ${vector.group}`;
  const initiator = make(fixed(vector.i)).keyExchange(vector.group);
  const responder = make(fixed(vector.r)).keyExchange(vector.group);
  assert.equal(toHex(initiator.publicValue), vector.KEi, name);
  assert.equal(toHex(responder.publicValue), vector.KEr, name);
  assert.equal(toHex(initiator.derive(hex(vector.KEr))!), vector.shared, name);
  assert.equal(toHex(responder.derive(hex(vector.KEi))!), vector.shared, name);
}

/** Registers the vectors and hostile values for one provider. */
export function keVectors(subject: string, make: Make): void {
  const provider = make(fixed("0123456789abcdef"));
  const check = (vectors: readonly Exchange[], groups: readonly number[]) => {
    const done = vectors.filter((vector) => provider.hasKe(vector.group));
    for (const vector of done) bothWays(make, vector);
    for (const group of groups) assert.ok(done.some((vector) => vector.group === group), `group ${group}`);
  };

  vectorTest(`${subject}: MODP groups 1, 2, 5 and 14 to 18 give the vectors' values`, () => {
    type Row = {
      ike_group: number;
      exponent_i: string;
      exponent_r: string;
      KEi: string;
      KEr: string;
      shared: string;
    };
    const { tests } = readVectors<{ tests: Row[] }>("rfc/modp-groups-1-2-5-14-18.json");
    const vectors = tests.map((t) => ({ ...t, group: t.ike_group, i: t.exponent_i, r: t.exponent_r }));
    check(vectors, [1, 2, 5, 14, 15, 16, 17, 18]);
  });

  vectorTest(`${subject}: MODP groups 22 to 24 give the values of RFC 5114`, () => {
    type Row = { ike_group: number } & Record<"xA" | "yA" | "xB" | "yB" | "Z", string>;
    const { tests } = readVectors<{ tests: Row[] }>("rfc/rfc5114-modp-22-23-24.json");
    // The file has integers: without the zeros in front that a field of the wire has
    const vectors = tests.map(({ ike_group: group, xA, xB, yA, yB, Z }) => {
      const wide = (value: string) => value.padStart(2 * keAlgorithm(group)!.publicLength, "0");
      const [i, r] = [xA, xB].map((x) => x.padStart(64, "0")) as [string, string];
      return { group, i, r, KEi: wide(yA), KEr: wide(yB), shared: wide(Z) };
    });
    check(vectors, [22, 23, 24]);
  });

  vectorTest(`${subject}: ECP groups give the values of RFC 5903, RFC 5114 and RFC 6932`, () => {
    type Row5903 = { ike_group: number } & Record<"i" | "r" | "gix" | "giy" | "grx" | "gry" | "girx", string>;
    const rfc5903 = readVectors<{ tests: Row5903[] }>("rfc/rfc5903-ecp-19-20-21.json").tests;
    check(
      rfc5903.map((t) => ({
        group: t.ike_group,
        i: t.i,
        r: t.r,
        KEi: t.gix + t.giy,
        KEr: t.grx + t.gry,
        shared: t.girx,
      })),
      [19, 20, 21],
    );
    type Row = { ike_group: number } & Omit<Exchange, "group">;
    const files: [string, number[]][] = [
      ["rfc5114-ecp", [19, 20, 21, 25, 26]],
      ["rfc6932-rfc7027-brainpool", [27, 28, 29, 30]],
    ];
    for (const [file, groups] of files) {
      const { tests } = readVectors<{ tests: Row[] }>(`rfc/${file}.json`);
      check(tests.map((t) => ({ ...t, group: t.ike_group })), groups);
    }
  });

  vectorTest(`${subject}: Curve25519 and Curve448 give the values of RFC 7748 and RFC 8031`, () => {
    type Row = {
      group: number;
      private_i: string;
      private_r: string;
      KEi: string;
      KEr: string;
      shared: string;
    };
    const { tests } = readVectors<{ tests: Row[] }>("rfc/rfc7748-rfc8031-curve25519-448.json");
    check(tests.map((t) => ({ ...t, i: t.private_i, r: t.private_r })), [31, 32]);
  });

  vectorTest(`${subject}: X25519 and X448 multiply as RFC 7748 section 5.2 says`, () => {
    type Row = Record<"function" | "scalar" | "u" | "output", string>;
    const { tests } = readVectors<{ tests: Row[] }>("rfc/rfc7748-scalar-mult.json");
    for (const { function: name, scalar, u, output } of tests) {
      const exchange = make(fixed(scalar)).keyExchange(name === "X448" ? KE.CURVE448 : KE.CURVE25519);
      assert.equal(toHex(exchange.derive(hex(u))!), output, name);
    }
    assert.ok(tests.some((test) => test.function === "X448"));
  });

  for (
    const [curve, group, length] of [["secp256r1", 19, 32], ["secp384r1", 20, 48], [
      "secp521r1",
      21,
      66,
    ]] as const
  ) {
    vectorTest(`${subject}: Wycheproof ${curve} points: right ones agree, wrong ones are refused`, () => {
      const counts = { valid: 0, invalid: 0 };
      const file = readVectors<EcdhFile>(`wycheproof/ecdh_${curve}_ecpoint_test.json`);
      for (const test of file.testGroups.flatMap((group) => group.tests)) {
        // On the wire there is no other form than x | y
        if (!test.public.startsWith("04")) continue;
        const exchange = make(fixed(test.private)).keyExchange(group);
        const shared = exchange.derive(hex(test.public.slice(2)));
        const name = `#${test.tcId}`;
        if (test.result === "invalid") {
          assert.equal(shared, undefined, name);
          counts.invalid++;
        } else {
          assert.equal(toHex(shared!).padStart(2 * length, "0"), test.shared.padStart(2 * length, "0"), name);
          counts.valid++;
        }
      }
      assert.ok(counts.valid >= 50 && counts.invalid >= 2, JSON.stringify(counts));
    });
  }

  for (const [curve, id] of [["x25519", KE.CURVE25519], ["x448", KE.CURVE448]] as const) {
    vectorTest(
      `${subject}: Wycheproof ${curve} agrees on every point, and refuses those that lead to zero`,
      () => {
        const counts = { agreed: 0, refused: 0 };
        const file = readVectors<EcdhFile>(`wycheproof/${curve}_test.json`);
        for (const test of file.testGroups.flatMap((group) => group.tests)) {
          const shared = make(fixed(test.private)).keyExchange(id).derive(hex(test.public));
          const refused = /^0*$/.test(test.shared) || test.result === "invalid";
          assert.equal(shared && toHex(shared), refused ? undefined : test.shared, `#${test.tcId}`);
          counts[refused ? "refused" : "agreed"]++;
        }
        assert.ok(counts.agreed >= 200 && counts.refused >= 5, JSON.stringify(counts));
      },
    );
  }

  Deno.test(`${subject}: MODP values outside of 1 < y < p - 1 or of another length are refused (RFC 6989)`, () => {
    for (const { id, family, publicLength } of keAlgorithms) {
      const group = modpGroup(id);
      if (group === undefined || publicLength > 256) continue;
      const exchange = provider.keyExchange(id);
      const p = group.prime;
      for (const y of [0n, 1n, p - 1n, p, p + 1n, (1n << BigInt(8 * publicLength)) - 1n]) {
        assert.equal(exchange.derive(fromInteger(y, publicLength)), undefined, `${id}: ${y - p}`);
      }
      const inside = family === "modp" ? [2n, p - 2n] : [group.generator];
      for (const y of inside) assert.ok(exchange.derive(fromInteger(y, publicLength)), `${id}`);
      const own = exchange.publicValue;
      assert.equal(exchange.derive(concat(new Uint8Array(1), own)), undefined);
      assert.equal(exchange.derive(own.subarray(1)), undefined);
      exchange.wipe();
    }
  });

  Deno.test(`${subject}: MODP values outside of the subgroup are refused (RFC 6989 section 2.2)`, () => {
    let count = 0;
    for (const { id, family, publicLength } of keAlgorithms) {
      if (family !== "modp-subgroup") continue;
      const { prime, generator, order } = modpGroup(id)!;
      const exchange = provider.keyExchange(id);
      const q = BigInt(`0x${toHex(order!)}`);
      // Twice the subgroup's order; an order that divides the cofactor; one that is almost surely no divisor of q
      for (const y of [prime - generator, power(3n, q, prime), 2n]) {
        assert.equal(exchange.derive(fromInteger(y, publicLength)), undefined, `${id}`);
      }
      assert.ok(exchange.derive(fromInteger(power(generator, 5n, prime), publicLength)), `${id}`);
      exchange.wipe();
      count++;
    }
    assert.equal(count, 3);
  });

  Deno.test(`${subject}: ECP values that are no point of the curve are refused (RFC 6989)`, () => {
    for (
      const entry of keAlgorithms.filter((entry) =>
        ["ecp", "ec2n"].includes(entry.family) && provider.hasKe(entry.id)
      )
    ) {
      const exchange = provider.keyExchange(entry.id);
      const own = exchange.publicValue;
      const refused = (value: Uint8Array, what: string) =>
        assert.equal(exchange.derive(value), undefined, `${entry.ianaName}: ${what}`);
      refused(new Uint8Array(own.length), "zeros");
      refused(new Uint8Array(own.length).fill(0xff), "coordinates above p");
      const off = own.slice();
      off[off.length - 1]! ^= 1;
      refused(off, "a point off the curve");
      refused(own.subarray(0, own.length / 2), "x alone");
      refused(Uint8Array.of(4, ...own), "an encoded point");
      refused(new Uint8Array(0), "nothing");
      assert.ok(exchange.derive(own), entry.ianaName);
      exchange.wipe();
    }
  });

  Deno.test(`${subject}: X448 refuses points of small order and other lengths`, () => {
    const exchange = provider.keyExchange(KE.CURVE448);
    const minusOne = "fe".padEnd(56, "f") + "fe".padEnd(56, "f");
    for (const point of ["00".repeat(56), `01${"00".repeat(55)}`, minusOne]) {
      assert.equal(exchange.derive(hex(point)), undefined, point);
    }
    for (const length of [0, 55, 57]) {
      assert.equal(exchange.derive(new Uint8Array(length).fill(9)), undefined);
    }
    exchange.wipe();
  });

  Deno.test(`${subject}: X25519 refuses points of small order and other lengths`, () => {
    assert.ok(keAlgorithm(KE.CURVE25519));
    const exchange = provider.keyExchange(KE.CURVE25519);
    const order8 = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    for (const point of ["00".repeat(32), `01${"00".repeat(31)}`, order8]) {
      assert.equal(exchange.derive(hex(point)), undefined, point);
    }
    for (const length of [0, 31, 33]) {
      assert.equal(exchange.derive(new Uint8Array(length).fill(9)), undefined);
    }
    exchange.wipe();
  });
}
