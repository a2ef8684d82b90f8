import assert from "node:assert/strict";
import fc from "fast-check";
import { type PacketBuffer, packetBuffer, PacketMemory } from "../../src/datapath/mod.ts";
import { checksum, copySummed } from "../../src/datapath/esp/buffer.ts";

const LENGTH = 65_536;

const memory = PacketMemory.open(4 * LENGTH)!;
const [summed, copied] = [packetBuffer(LENGTH, memory), packetBuffer(LENGTH, memory)];
const [plain, plainCopied] = [packetBuffer(LENGTH), packetBuffer(LENGTH)];

/** The same octets in both kinds of memory. */
function fill(seed: number): void {
  for (let at = 0; at < LENGTH; at++) {
    summed.octets[at] = plain.octets[at] = (Math.imul(at + seed, 0x9e37_79b1) >>> 24) | (seed & 0xc0);
  }
}

const place = fc.record({ seed: fc.nat(1000), at: fc.nat(40), length: fc.nat(5000) });

Deno.test("packet memory: sums are those of any other memory, at every offset and length", () => {
  assert.equal(summed.memory, memory);
  fc.assert(fc.property(place, fc.nat(0xffff), ({ seed, at, length }, initial) => {
    fill(seed);
    assert.equal(checksum(summed, at, length, initial), checksum(plain, at, length, initial));
  }));
});

Deno.test("packet memory: the longest sum of the greatest octets does not overflow", () => {
  for (const buffer of [summed, plain]) {
    buffer.octets.fill(0xff);
    assert.equal(checksum(buffer, 0, LENGTH, 0xffff), 0xffff);
    assert.equal(checksum(buffer, 2, LENGTH - 2, 0), 0xffff);
  }
});

Deno.test("packet memory: octets are copied and summed, and none beside them is touched", () => {
  const kinds: readonly (readonly [PacketBuffer, PacketBuffer])[] = [
    [summed, copied],
    [plain, plainCopied],
    [plain, copied],
    [summed, plainCopied],
  ];
  fc.assert(fc.property(place, fc.nat(40), ({ seed, at, length }, half) => {
    fill(seed);
    for (const [from, to] of kinds) {
      to.octets.fill(0xa5, 0, length + 200);
      const begin = 2 * half;
      const sum = copySummed(from, at, to, begin, length);
      assert.equal(sum, checksum(plain, at, length, 0));
      assert.deepEqual(to.octets.subarray(begin, begin + length), plain.octets.subarray(at, at + length));
      assert.ok(to.octets.subarray(0, begin).every((octet) => octet === 0xa5));
      assert.ok(to.octets.subarray(begin + length, length + 200).every((octet) => octet === 0xa5));
    }
  }));
});

Deno.test("packet memory: parts do not overlap, and once it is used up there is other memory", () => {
  const small = PacketMemory.open(1)!;
  const parts = [13, 40_000, 20_000, 10_000, 5000].map((length) => packetBuffer(length, small));
  parts.forEach(({ octets }, number) => octets.fill(number + 1));
  parts.forEach(({ octets }, number) => assert.ok(octets.every((octet) => octet === number + 1)));
  assert.deepEqual(parts.map((part) => part.memory === small), [true, true, true, false, true]);
});
