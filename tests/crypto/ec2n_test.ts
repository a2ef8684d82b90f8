/** EC2N groups 3 and 4 of libcrypto against arithmetic of our own: no vectors are published, and no peer has them. */
import assert from "node:assert/strict";
import { concat, toHex } from "../../src/bytes/mod.ts";
import { fromInteger, keAlgorithm, type Random, toInteger } from "../../src/crypto/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { createLibcrypto, LIBCRYPTO_PATHS, openLibcrypto } from "../../ffi/libcrypto/mod.ts";
import { type BinaryCurve, isOnCurve, multiply, OAKLEY, orderTwo, type Point } from "./binary_curve.ts";
import { counted } from "./conformance.ts";
import { pattern } from "./packets.ts";

const path = LIBCRYPTO_PATHS.find((file) => {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
});

function encode(curve: BinaryCurve, point: Point): Uint8Array {
  assert.ok(point);
  const length = Math.ceil(curve.bits / 8);
  return concat(fromInteger(point.x, length), fromInteger(point.y, length));
}

function decode(octets: Uint8Array): { x: bigint; y: bigint } {
  const half = octets.length / 2;
  return { x: toInteger(octets.subarray(0, half)), y: toInteger(octets.subarray(half)) };
}

const lib = path === undefined ? undefined : openLibcrypto(path);

const skipped = path === undefined ? " [needs libcrypto.so.3]" : "";

for (const id of [3, 4] as const) {
  const curve = OAKLEY[id];
  const length = Math.ceil(curve.bits / 8);
  const start = (random: Random) => {
    return createLibcrypto(lib!, random, createPortable(random)).keyExchange(id);
  };
  // As in conformance.ts: functions of the library are bound at first use.
  const test = (name: string, run: () => void) =>
    Deno.test(
      `EC2N group ${id}: ${name}${skipped}`,
      { ignore: path === undefined, sanitizeResources: false },
      run,
    );

  Deno.test(`EC2N group ${id}: the constants are those of a curve with that many points`, () => {
    assert.ok(isOnCurve(curve, curve.base));
    assert.equal(multiply(curve, curve.base, curve.prime * curve.cofactor), undefined);
    assert.ok(multiply(curve, curve.base, curve.cofactor));
  });

  test("public values and secrets are those of plain arithmetic", () => {
    for (let n = 1; n <= 3; n++) {
      const secret = pattern(length - 2, n);
      const exchange = start((size) => concat(new Uint8Array(size - secret.length), secret));
      const k = toInteger(secret);
      assert.equal(toHex(exchange.publicValue), toHex(encode(curve, multiply(curve, curve.base, k))));
      assert.equal(exchange.publicValue.length, keAlgorithm(id)!.publicLength);
      const peer = multiply(curve, curve.base, toInteger(pattern(length - 3, n + 10)));
      const shared = exchange.derive(encode(curve, peer));
      assert.equal(toHex(shared!), toHex(fromInteger(multiply(curve, peer, k)!.x, length)));
      exchange.wipe();
    }
  });

  test("points that lead to a handful of secrets are refused", () => {
    const exchange = start(counted());
    const peer = start(counted(50));
    // What is left of any point once the prime is taken out: every order that divides the cofactor comes up
    const left = multiply(curve, decode(peer.publicValue), curve.prime);
    const small = [orderTwo(curve), left, multiply(curve, left, 2n), multiply(curve, left, 3n)];
    let count = 0;
    for (const point of small) {
      if (point === undefined) continue;
      assert.ok(isOnCurve(curve, point));
      assert.equal(exchange.derive(encode(curve, point)), undefined);
      count++;
    }
    assert.ok(count >= 1);
    assert.ok(exchange.derive(peer.publicValue));
    exchange.wipe();
    peer.wipe();
  });
}
