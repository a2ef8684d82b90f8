import assert from "node:assert/strict";
import { inspect } from "node:util";
import * as bytes from "../../src/bytes/mod.ts";
import { hex } from "../support/vectors.ts";

Deno.test("hex: octets to digits and back", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const text = bytes.toHex(all);
  assert.match(text, /^000102.*fdfeff$/);
  assert.deepEqual(bytes.fromHex(text), { ok: true, value: all });
  assert.deepEqual(bytes.fromHex(text.toUpperCase()), { ok: true, value: all });
  assert.deepEqual(bytes.fromHex(""), { ok: true, value: new Uint8Array(0) });
});

Deno.test("hex: an odd number of digits and anything that is no digit are refused", () => {
  assert.deepEqual(bytes.fromHex("abc"), { ok: false, error: "Odd number of hex digits" });
  for (const text of ["0x", "g0", " 0", "0 ", "-1", "+1", "1.", "٠٠"]) {
    assert.deepEqual(bytes.fromHex(text), { ok: false, error: "Not a hex digit" }, text);
  }
});

Deno.test("hex: numbers are padded to their octets", () => {
  assert.equal(bytes.hexOf(0, 4), "00000000");
  assert.equal(bytes.hexOf(0xabcn, 8), "0000000000000abc");
});

Deno.test("octets: isLower goes octet by octet, and a beginning comes before the whole", () => {
  const ordered = ["", "00", "0001", "01", "01ff", "02", "7f", "80", "ff", "ff00"].map((text) => hex(text));
  for (const [i, a] of ordered.entries()) {
    for (const [j, b] of ordered.entries()) assert.equal(bytes.isLower(a, b), i < j, `${i} ${j}`);
  }
});

Deno.test("octets: concat copies its parts, one behind the other", () => {
  const part = Uint8Array.of(1, 2);
  const whole = bytes.concat(part, new Uint8Array(0), Uint8Array.of(3));
  part[0] = 9;
  assert.deepEqual(whole, Uint8Array.of(1, 2, 3));
  assert.deepEqual(bytes.concat(), new Uint8Array(0));
});

Deno.test("octets: both comparisons agree, for every single bit that differs", () => {
  const a = Uint8Array.from({ length: 16 }, (_, i) => i * 16);
  for (const same of [bytes.sameOctets, bytes.equalConstantTime]) {
    assert.ok(same(a, a.slice()));
    assert.ok(!same(a, a.subarray(1)));
    assert.ok(same(new Uint8Array(0), new Uint8Array(0)));
    for (let bit = 0; bit < 128; bit++) {
      const b = a.slice();
      b[bit >> 3]! ^= 1 << (bit & 7);
      assert.ok(!same(a, b), `bit ${bit}`);
    }
  }
});

Deno.test("octets: wipe leaves zeros and passes over what is not there", () => {
  const a = Uint8Array.of(1, 2), b = Uint8Array.of(3);
  bytes.wipe(a, undefined, b);
  assert.deepEqual([...a, ...b], [0, 0, 0]);
});

Deno.test("secret: no way of printing shows the octets", () => {
  const secret = new bytes.Secret(new TextEncoder().encode("correct horse"));
  const printed = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret, { showHidden: true, depth: 9 }),
    Deno.inspect({ secret }, { showHidden: true, depth: 9 }),
  ];
  for (const text of printed) {
    assert.match(text, /\[secret\]/);
    assert.doesNotMatch(text, /horse|99|0x63|111/);
  }
});

Deno.test("secret: wiping overwrites the memory itself", () => {
  const octets = Uint8Array.of(1, 2, 3);
  const secret = new bytes.Secret(octets);
  assert.equal(secret.expose(), octets);
  assert.equal(secret.length, 3);
  secret.wipe();
  assert.deepEqual(octets, new Uint8Array(3));
  assert.equal(secret.length, 0);
  assert.equal(secret.expose().length, 0);
});

Deno.test("brands: an SPI has to fit its octets", () => {
  assert.equal(bytes.ikeSpi((1n << 64n) - 1n), (1n << 64n) - 1n);
  assert.throws(() => bytes.ikeSpi(1n << 64n), RangeError);
  assert.throws(() => bytes.ikeSpi(-1n), RangeError);
  assert.equal(bytes.espSpi(0xffffffff), 0xffffffff);
  for (const wrong of [-1, 2 ** 32, 1.5, NaN]) assert.throws(() => bytes.espSpi(wrong), RangeError);
});
