import assert from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter, REQUEST_LIMIT } from "../../src/control/mod.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

Deno.test("LineSplitter: however a stream is cut, the lines are the same", () => {
  fc.assert(fc.property(
    fc.array(fc.string({ maxLength: 3000 }).map((text) => text.replaceAll("\n", ""))),
    fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1 }),
    (texts, cuts) => {
      const stream = encoder.encode(texts.map((text) => `${text}\n`).join(""));
      const splitter = new LineSplitter(), lines: string[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const end = at + cuts[turn % cuts.length]!;
        for (const line of splitter.push(stream.subarray(at, end))!) lines.push(decoder.decode(line));
        at = end;
      }
      assert.deepEqual(lines, texts.map((text) => decoder.decode(encoder.encode(text))));
      assert.equal(splitter.held, 0);
    },
  ));
});

Deno.test("LineSplitter: a line of exactly the limit passes, one octet more does not, finished or not", () => {
  const line = new Uint8Array(REQUEST_LIMIT).fill(65);
  const fits = new LineSplitter();
  assert.deepEqual(fits.push(line), []);
  assert.equal(fits.push(new Uint8Array([10]))![0]!.length, REQUEST_LIMIT);
  const unfinished = new LineSplitter();
  assert.deepEqual(unfinished.push(line), []);
  assert.equal(unfinished.push(new Uint8Array([65])), undefined);
  assert.equal(new LineSplitter(3).push(encoder.encode("abcd\n")), undefined);
});

Deno.test("LineSplitter: a limit of 1 MiB reached octet by octet costs one buffer", () => {
  const splitter = new LineSplitter();
  const octet = new Uint8Array([123]);
  for (let i = 0; i < REQUEST_LIMIT; i++) splitter.push(octet);
  assert.equal(splitter.held, REQUEST_LIMIT);
  assert.equal(splitter.push(octet), undefined);
});
