import assert from "node:assert/strict";
import { espSpi, ikeSpi } from "../../src/bytes/mod.ts";
import type { Random } from "../../src/crypto/provider.ts";
import { InboundSpis, SpiTable } from "../../src/sa/mod.ts";

/** Gives these octets one after the other. */
function scripted(...answers: readonly (readonly number[])[]): Random {
  const rest = [...answers];
  return (length) => {
    const next = rest.shift();
    assert.ok(next !== undefined && next.length === length, "asked for more than the test has");
    return new Uint8Array(next);
  };
}

Deno.test("SpiTable: an SPI is never 0 and never one in use", () => {
  const table = new SpiTable<string>();
  const one = [0, 0, 0, 0, 0, 0, 0, 1], two = [0, 0, 0, 0, 0, 0, 0, 2], zero = new Array<number>(8).fill(0);
  const random = scripted(zero, one, one, two, one);
  assert.equal(table.choose(random, "first"), ikeSpi(1n));
  assert.equal(table.choose(random, "second"), ikeSpi(2n));
  table.release(ikeSpi(1n));
  assert.equal(table.find(ikeSpi(1n)), undefined);
  assert.equal(table.choose(random, "third"), ikeSpi(1n));
  assert.equal(table.size, 2);
});

Deno.test("SpiTable: only an SPI that was chosen can get another entry", () => {
  const table = new SpiTable<string>();
  assert.throws(() => table.assign(ikeSpi(5n), "never chosen"));
});

Deno.test("InboundSpis: an SPI is above 255 and not in use", () => {
  const spis = new InboundSpis();
  const random = scripted([0, 0, 0, 0], [0, 0, 0, 255], [0, 0, 1, 0], [0, 0, 1, 0], [0xff, 0xff, 0xff, 0xff]);
  assert.equal(spis.choose(random), espSpi(256));
  assert.equal(spis.choose(random), espSpi(0xffff_ffff));
  assert.equal(spis.size, 2);
  spis.release(espSpi(256));
  assert.equal(spis.size, 1);
});

Deno.test("InboundSpis: a CPI is one of those that are agreed on (RFC 3173 §3.3), not in use, and free with its SPI", () => {
  const spis = new InboundSpis();
  const spi = spis.choose(scripted([1, 0, 0, 1])), other = spis.choose(scripted([1, 0, 0, 2]));
  const edges = scripted([0, 0], [0, 255], [0xf0, 0x00], [0xff, 0xff], [0xef, 0xff], [0xef, 0xff], [1, 0]);
  assert.deepEqual([spis.chooseCpi(edges, spi), spis.chooseCpi(edges, other)], [61_439, 256]);
  spis.release(spi);
  const again = spis.choose(scripted([1, 0, 0, 1]));
  assert.equal(spis.chooseCpi(scripted([1, 0], [0xef, 0xff]), again), 61_439);
});

Deno.test("InboundSpis: with very many CPIs in use there is none more, and no endless search", () => {
  const spis = new InboundSpis();
  let next = 256;
  const counting = (length: number) => {
    const octets = new Uint8Array(length);
    const view = new DataView(octets.buffer);
    if (length === 2) view.setUint16(0, next++);
    else view.setUint32(0, next);
    return octets;
  };
  let made = 0;
  while (spis.chooseCpi(counting, spis.choose(counting)) !== undefined) made++;
  assert.equal(made, 30_000);
});
