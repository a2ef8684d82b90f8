import assert from "node:assert/strict";
import { Reader, Writer } from "../../src/bytes/mod.ts";

Deno.test("writer: what it writes, the reader reads", () => {
  const writer = new Writer(1);
  writer.u8(0xff);
  writer.u16(0xfffe);
  writer.u32(0xfffefdfc);
  writer.u64(0xfedcba9876543210n);
  writer.octets(Uint8Array.of(1, 2, 3));
  writer.zeros(2);
  const octets = writer.finish();
  assert.equal(octets.length, writer.length);
  const reader = new Reader(octets);
  assert.deepEqual(
    [reader.u8(), reader.u16(), reader.u32(), reader.u64()],
    [0xff, 0xfffe, 0xfffefdfc, 0xfedcba9876543210n],
  );
  assert.deepEqual(reader.rest(), Uint8Array.of(1, 2, 3, 0, 0));
});

Deno.test("writer: it grows as far as needed, and the result has just the size of what was written", () => {
  const writer = new Writer(0);
  for (let i = 0; i < 1000; i++) writer.u16(i);
  const octets = writer.finish();
  assert.equal(octets.length, 2000);
  assert.equal(octets.buffer.byteLength, 2000);
  const reader = new Reader(octets);
  for (let i = 0; i < 1000; i++) assert.equal(reader.u16(), i);
});

Deno.test("writer: a value that does not fit its field throws", () => {
  const writer = new Writer();
  for (const value of [-1, 256, 0.5, NaN]) assert.throws(() => writer.u8(value), RangeError);
  for (const value of [-1, 65536, 1.5, Infinity]) assert.throws(() => writer.u16(value), RangeError);
  for (const value of [-1, 2 ** 32, NaN]) assert.throws(() => writer.u32(value), RangeError);
  assert.throws(() => writer.u64(-1n), RangeError);
  assert.throws(() => writer.u64(1n << 64n), RangeError);
});

Deno.test("writer: lengths are put in afterwards, but only where something was written", () => {
  const writer = new Writer();
  writer.zeros(6);
  writer.patchU16(0, 0x0102);
  writer.patchU32(2, 0x03040506);
  assert.deepEqual(writer.finish(), Uint8Array.of(1, 2, 3, 4, 5, 6));
  assert.throws(() => writer.patchU16(5, 0), RangeError);
  assert.throws(() => writer.patchU32(3, 0), RangeError);
  assert.throws(() => writer.patchU16(-1, 0), RangeError);
  assert.throws(() => writer.patchU16(0, 65536), RangeError);
});
