import assert from "node:assert/strict";
import { Reader, ReadError } from "../../src/bytes/mod.ts";

const octets = Uint8Array.of(0x80, 0x01, 0x02, 0x03, 0xff, 0xfe, 0xfd, 0xfc, 0x42);

Deno.test("reader: integers are big-endian and unsigned", () => {
  assert.equal(new Reader(octets).u8(), 0x80);
  assert.equal(new Reader(octets).u16(), 0x8001);
  assert.equal(new Reader(octets).u32(), 0x80010203);
  assert.equal(new Reader(octets).u64(), 0x80010203fffefdfcn);
});

Deno.test("reader: it goes on where it was, and knows what is left", () => {
  const reader = new Reader(octets, 100);
  assert.equal(reader.u16(), 0x8001);
  assert.deepEqual([reader.octet, reader.remaining], [102, 7]);
  assert.deepEqual(reader.take(3), Uint8Array.of(0x02, 0x03, 0xff));
  assert.deepEqual(reader.rest(), Uint8Array.of(0xfe, 0xfd, 0xfc, 0x42));
  assert.deepEqual(reader.rest(), new Uint8Array(0));
});

Deno.test("reader: nothing is read past the end, and the error says where", () => {
  const reads: ((reader: Reader) => unknown)[] = [
    (reader) => reader.u8(),
    (reader) => reader.u16(),
    (reader) => reader.u32(),
    (reader) => reader.u64(),
    (reader) => reader.take(1),
    (reader) => reader.sub(1, "Part"),
  ];
  for (const read of reads) {
    const reader = new Reader(octets, 10, "Thing");
    reader.take(octets.length);
    assert.throws(() => read(reader), (error) => error instanceof ReadError && error.octet === 19);
    assert.throws(() => read(reader), /^ReadError: Thing ends early: \d+ octets needed, 0 left$/);
  }
});

Deno.test("reader: a read that fails moves nothing", () => {
  const reader = new Reader(octets.subarray(0, 3));
  assert.throws(() => reader.u32(), ReadError);
  assert.equal(reader.u8(), 0x80);
});

Deno.test("reader: a sub-reader ends with its part, and counts octets from the outermost start", () => {
  const reader = new Reader(octets, 50, "Whole");
  reader.u8();
  const part = reader.sub(4, "Part");
  assert.deepEqual([part.octet, part.remaining, part.what], [51, 4, "Part"]);
  assert.equal(part.u32(), 0x010203ff);
  assert.throws(() => part.u8(), (error) => error instanceof ReadError && error.octet === 55);
  assert.equal(reader.u8(), 0xfe);
});

Deno.test("reader: what it hands out are views, also of a view", () => {
  const whole = Uint8Array.of(9, 9, 1, 2, 3);
  const reader = new Reader(whole.subarray(2));
  const taken = reader.take(2);
  assert.equal(taken.buffer, whole.buffer);
  assert.deepEqual(taken, Uint8Array.of(1, 2));
});

Deno.test("reader: a negative length is refused, it never goes back", () => {
  const reader = new Reader(octets);
  reader.u32();
  assert.throws(() => reader.take(-1), ReadError);
  assert.throws(() => reader.sub(-4, "Part"), ReadError);
  assert.equal(reader.octet, 4);
});
