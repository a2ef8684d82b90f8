/** Captures that are cut off, damaged or endless: nothing throws, and what is held stays within bounds. */
import assert from "node:assert/strict";
import { concat } from "../../src/bytes/mod.ts";
import { IkeCapture, MAX_FRAME_LENGTH, type Source } from "../../src/capture/mod.ts";
import { mutate } from "../support/mutate.ts";
import { createRng } from "../support/rng.ts";
import { readVectorOctets, vectorTest } from "../support/vectors.ts";
import {
  BIG,
  ethernet,
  fragmentHeader,
  ikeMessage,
  interfaceBlock,
  ipv4,
  ipv6,
  itemsOf,
  LITTLE,
  option,
  packetBlock,
  pcapFile,
  pcapHeader,
  pcapRecord,
  section,
  sourceOf,
  udp,
} from "./build.ts";

/** Buffer for the longest block, and all fragments that may be waiting. */
const BOUND = MAX_FRAME_LENGTH + 64 + 262_144;

const message = ikeMessage(new Uint8Array(40));
const parts = [
  ipv4(udp(500, 500, message)),
  ipv6(udp(4500, 4500, concat(new Uint8Array(4), message))),
  ipv4(udp(500, 500, message).subarray(0, 40), { id: 9, more: true }),
  ipv4(udp(500, 500, message).subarray(40), { id: 9, offset: 40 }),
  ipv6(concat(fragmentHeader(17, 5, 0, true), udp(500, 500, message).subarray(0, 16)), 44),
];

const SMALL: Readonly<Record<string, Uint8Array>> = {
  "pcap": pcapFile(1, parts.map((packet) => ethernet(packet, 0x8100))),
  "pcapng": concat(
    section(BIG),
    interfaceBlock(BIG, 101, [option(BIG, 9, Uint8Array.of(9))]),
    ...parts.map((packet, index) => packetBlock(BIG, 0, BigInt(index), packet)),
    section(LITTLE),
    interfaceBlock(LITTLE, 1),
    packetBlock(LITTLE, 0, 1n, ethernet(parts[0]!)),
  ),
};

for (const [name, file] of Object.entries(SMALL)) {
  Deno.test(`${name}: cut off at every octet, it gives what is in front and says where it ends`, () => {
    const whole = itemsOf(file);
    assert.ok(whole.length >= 4 && whole.every((item) => item.kind === "message"));
    let clean = 0;
    for (let length = 0; length < file.length; length++) {
      const items = itemsOf(file.subarray(0, length));
      const faults = items.filter((item) => item.kind === "fault");
      assert.ok(faults.length <= 1);
      const [fault] = faults;
      if (fault === undefined) clean++;
      else assert.deepEqual([fault.code, fault.octet], ["truncated", length]);
    }
    // Between two frames or blocks a file ends as well as any.
    assert.equal(clean, name === "pcap" ? parts.length : 2 + parts.length + 2);
  });

  Deno.test(`${name}: mutated at random, it never throws and never holds more than its bound`, () => {
    const rng = createRng(7383, name);
    let messages = 0, faults = 0;
    for (let run = 0; run < 4000; run++) {
      const capture = new IkeCapture(sourceOf(mutate(file, rng), 1 + rng.below(5000)));
      for (const item of capture.items()) {
        if (item.kind === "message") messages++;
        else faults++;
        assert.ok(capture.heldOctets <= BOUND);
      }
      assert.ok(capture.heldOctets <= BOUND);
    }
    assert.ok(messages > 4000 && faults > 500, `${messages} messages, ${faults} faults`);
  });
}

for (const path of ["scapy/ikev2_nat_t.pcapng", "tcpdump/isakmp4500.pcap", "zeek-plugin-ikev2/ikev2.pcap"]) {
  vectorTest(`${path}: mutated at random, it never throws and never holds more than its bound`, () => {
    const file = readVectorOctets(`pcap/${path}`), rng = createRng(4500, path);
    for (let run = 0; run < 500; run++) {
      const capture = new IkeCapture(sourceOf(mutate(file, rng)));
      for (const _ of capture.items()) assert.ok(capture.heldOctets <= BOUND);
    }
  });
}

/** A source that makes a file as it is read, and counts its octets. */
class Endless implements Source {
  given = 0;
  #rest: Uint8Array;

  constructor(front: Uint8Array, readonly total: number, readonly next: (count: number) => Uint8Array) {
    this.#rest = front;
  }

  #count = 0;

  read(into: Uint8Array): number {
    if (this.#rest.length === 0 && this.given < this.total) this.#rest = this.next(this.#count++);
    const length = Math.min(into.length, this.#rest.length);
    into.set(this.#rest.subarray(0, length));
    this.#rest = this.#rest.subarray(length);
    this.given += length;
    return length;
  }
}

Deno.test("stream: 200 MB of frames of 1,400 octets are read with a buffer of 64 KiB", () => {
  const record = pcapRecord(LITTLE, ethernet(ipv4(udp(500, 500, ikeMessage(new Uint8Array(1330))))));
  const chunk = concat(...new Array<Uint8Array>(64).fill(record));
  const source = new Endless(pcapHeader(LITTLE, 1), 200_000_000, () => chunk);
  const capture = new IkeCapture(source);
  let messages = 0, most = 0;
  for (const item of capture.items()) {
    assert.ok(item.kind === "message" && item.octets.length === 1358);
    messages++;
    most = Math.max(most, capture.heldOctets);
  }
  assert.ok(source.given >= 200_000_000);
  assert.equal(messages, (source.given - 24) / record.length);
  assert.equal(most, 65_536);
});

Deno.test("stream: a block of 1 GB that is unknown is passed over with a buffer of 64 KiB", () => {
  const length = 1_000_000_000;
  const body = new Uint8Array(1_000_000);
  const front = concat(section(LITTLE), LITTLE.u32(0xbad), LITTLE.u32(length));
  const blocks = (length - 12) / 4 * 4;
  let left = blocks;
  const source = new Endless(front, front.length + blocks + 4, () => {
    if (left === 0) return LITTLE.u32(length);
    const part = body.subarray(0, Math.min(left, body.length));
    left -= part.length;
    return part;
  });
  const capture = new IkeCapture(source);
  assert.deepEqual([...capture.items()], []);
  assert.equal(source.given, front.length + blocks + 4);
  assert.equal(capture.heldOctets, 65_536);
});

Deno.test("stream: 50 MB of fragments that never complete are held within the bound", () => {
  const payload = udp(500, 500, new Uint8Array(1392));
  const source = new Endless(
    pcapHeader(LITTLE, 101),
    50_000_000,
    (count) =>
      concat(
        ...Array.from({ length: 45 }, (_, index) =>
          pcapRecord(LITTLE, ipv4(payload, { id: count & 0xffff, offset: index * 1400, more: true }))),
      ),
  );
  const capture = new IkeCapture(source);
  let fronts = 0, most = 0;
  for (const item of capture.items()) {
    assert.ok(item.kind === "message" && item.octets.length <= 65_535);
    fronts++;
    most = Math.max(most, capture.heldOctets);
  }
  assert.ok(fronts > 500);
  assert.ok(most > 200_000 && most <= 65_536 + 262_144, `${most} octets`);
});

Deno.test("stream: a flood of tiny fragments, of many datagrams or of one, ends at a bound", () => {
  const tiny = (id: number, offset: number) =>
    pcapRecord(LITTLE, ipv4(udp(500, 500, new Uint8Array(0)), { id, offset, more: true }));
  const many = new Endless(pcapHeader(LITTLE, 101), 5_000_000, (count) => tiny(count & 0xffff, 0));
  const capture = new IkeCapture(many);
  for (const _ of capture.items()) assert.ok(capture.heldOctets <= 65_536 + 64 * 8);
  const one = new Endless(pcapHeader(LITTLE, 101), 500_000, (count) => tiny(1, 8 * (count % 8000)));
  const single = new IkeCapture(one);
  assert.deepEqual([...single.items()], []);
  assert.ok(single.heldOctets <= 65_536 + 256 * 8);
});
