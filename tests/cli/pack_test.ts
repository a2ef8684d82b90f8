import assert from "node:assert/strict";
import fc from "fast-check";
import { Packer, Unpacker } from "../../cli/daemon/pack.ts";

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(undefined, null, true, false, -0, NaN, Infinity, 255, 256, -1, 2 ** 31, -(2 ** 31)),
    fc.integer(),
    fc.double(),
    fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "binary" }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value")),
    fc.dictionary(fc.string({ unit: "grapheme" }).filter((name) => name !== "__proto__"), tie("value"), {
      noNullPrototype: true,
    }),
  ),
})).value;

/** Both directions' ends, as a port joins them. */
function pipe() {
  const packer = new Packer(), unpacker = new Unpacker();
  return (one: unknown) => {
    const octets = packer.pack(one);
    assert.ok(octets !== undefined);
    return unpacker.unpack(octets);
  };
}

Deno.test("pack: what structured clone makes of plain values, message after message", () => {
  fc.assert(fc.property(fc.array(value, { maxLength: 8 }), (values) => {
    const through = pipe();
    for (const one of values) assert.deepEqual(through(one), structuredClone(one));
  }));
});

Deno.test("pack: the names of a shape travel once", () => {
  const packer = new Packer();
  const length = () => packer.pack({ local: 1, remote: 2 })!.length;
  const first = length(), second = length();
  assert.ok(second < first - "localremote".length, `${first}, then ${second} octets`);
});

Deno.test("pack: the octets that come out are their own, and none of the message are left", () => {
  const packer = new Packer(), unpacker = new Unpacker();
  const message = packer.pack([new Uint8Array([1, 2, 3]), new Uint8Array([4])])!;
  const [a, b] = unpacker.unpack(message) as [Uint8Array, Uint8Array];
  assert.deepEqual([...message], new Array(message.length).fill(0));
  assert.deepEqual([[...a], [...b]], [[1, 2, 3], [4]]);
  assert.notEqual(a.buffer, b.buffer);
});

Deno.test("pack: what only structured clone can judge is left to it, and the next message is as good as ever", () => {
  const itself: Record<string, unknown> = {};
  itself.again = itself;
  const odd = [() => 1, Symbol("a"), new Map(), new Date(0), -1n, 1n << 128n, new Uint16Array(1), itself];
  for (const one of odd) {
    const packer = new Packer(), unpacker = new Unpacker();
    assert.equal(packer.pack({ before: 1, one }), undefined);
    // The shape of it was not told with the message that did not go
    assert.deepEqual(unpacker.unpack(packer.pack({ before: 1, one: 2 })!), { before: 1, one: 2 });
    assert.deepEqual(unpacker.unpack(packer.pack([{ before: 3, one: 4 }])!), [{ before: 3, one: 4 }]);
  }
  assert.equal(new Packer().pack(JSON.parse('{"__proto__": 1}')), undefined);
});

Deno.test("pack: ever new names do not fill the memory: they are left to structured clone", () => {
  const packer = new Packer(), unpacker = new Unpacker();
  let left = 0;
  for (let i = 0; i < 10_000; i++) {
    const octets = packer.pack({ [`name ${i}`]: i });
    if (octets === undefined) left++;
    else assert.deepEqual(unpacker.unpack(octets), { [`name ${i}`]: i });
  }
  assert.ok(left > 7_000);
  assert.deepEqual(unpacker.unpack(packer.pack({ "name 0": 5 })!), { "name 0": 5 });
});

Deno.test("pack: a message of 3 MB, and a small one behind it", () => {
  const through = pipe();
  const big = { data: new Uint8Array(3_000_000).fill(7), text: "é".repeat(1000) + "日" };
  const { data, text } = through(big) as typeof big;
  assert.ok(data.length === big.data.length && data.every((octet) => octet === 7));
  assert.equal(text, big.text);
  assert.deepEqual(through([1]), [1]);
});
