import assert from "node:assert/strict";
import fc from "fast-check";
import { sameValue, textOf } from "../../src/engine/same.ts";

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(undefined, null, true, 0, 1, "", "a", "0", "1n", 1n, -1n),
    fc.uint8Array({ maxLength: 3 }),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "where", "0", "length"), tie("any"), { noNullPrototype: true }),
  ),
})).any;

Deno.test("sameValue: a copy says the same, whatever its places in the file", () => {
  fc.assert(fc.property(value, (one) => {
    const copy = structuredClone(one);
    assert.ok(sameValue(one, copy) && sameValue(copy, one));
    assert.equal(textOf(one), textOf(copy));
  }));
  assert.ok(sameValue({ a: [{ where: 1, b: 2n }] }, { a: [{ b: 2n, where: 7 }] }));
});

Deno.test("sameValue: says the same in both directions, and what has the same text says the same", () => {
  fc.assert(
    fc.property(value, value, (a, b) => {
      assert.equal(sameValue(a, b), sameValue(b, a));
      if (textOf(a) === textOf(b)) assert.ok(sameValue(a, b), textOf(a));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("sameValue: kinds that look alike are told apart, and what is undefined is not there", () => {
  const alike: readonly unknown[] = [
    1,
    1n,
    "1",
    [1],
    Uint8Array.of(1),
    { 0: 1 },
    { 0: 1, length: 1 },
    true,
    "1n",
    null,
  ];
  for (const a of alike) {
    for (const b of alike) {
      assert.equal(sameValue(a, b), a === b, `${textOf(a)} and ${textOf(b)}`);
      assert.equal(textOf(a) === textOf(b), a === b);
    }
  }
  assert.ok(sameValue({ a: undefined }, {}) && sameValue({}, { a: undefined }));
  assert.ok(!sameValue({ a: undefined, b: 1 }, { a: 1, b: 1 }));
  assert.ok(!sameValue([1], [1, undefined]));
});
