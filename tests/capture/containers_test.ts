/** pcap and pcapng files of all forms. */
import assert from "node:assert/strict";
import { concat } from "../../src/bytes/mod.ts";
import { formatEndpoint } from "../../src/ip/mod.ts";
import {
  BIG,
  block,
  ethernet,
  ikeMessage,
  interfaceBlock,
  ipv4,
  ipv6,
  itemsOf,
  LITTLE,
  option,
  packetBlock,
  pcapHeader,
  pcapRecord,
  section,
  udp,
} from "./build.ts";

const message = ikeMessage();
const packet = ipv4(udp(500, 500, message));
const frame = ethernet(packet);
const RAW = 101, ETHERNET = 1;

/** Frame, time, ends and octets of each message, faults by their code. */
function summary(file: Uint8Array, piece?: number): unknown[] {
  return itemsOf(file, piece).map((item) => item.kind === "fault" ? item.code : [item.frame, item.timeNs]);
}

for (const [name, order] of [["little", LITTLE], ["big", BIG]] as const) {
  Deno.test(`pcap: ${name}-endian, microseconds and nanoseconds, in pieces of any size`, () => {
    for (const [magic, factor] of [[0xa1b2c3d4, 1000n], [0xa1b23c4d, 1n]] as const) {
      const file = concat(
        pcapHeader(order, ETHERNET, magic),
        pcapRecord(order, frame, 1600000000, 123456),
        pcapRecord(order, ethernet(ipv6(udp(500, 500, message))), 0xffffffff, 7),
      );
      const expected = [
        [1, 1600000000_000000000n + 123456n * factor],
        [2, 0xffffffffn * 1_000_000_000n + 7n * factor],
      ];
      for (const piece of [1, 7, 4096]) assert.deepEqual(summary(file, piece), expected);
      const [first, second] = itemsOf(file);
      assert.ok(first?.kind === "message" && second?.kind === "message");
      assert.deepEqual([formatEndpoint(first.source), formatEndpoint(first.destination)], [
        "192.0.2.1:500",
        "192.0.2.2:500",
      ]);
      assert.equal(formatEndpoint(second.source), "[2001:db8::1]:500");
      assert.deepEqual([first.octets, second.octets], [message, message]);
    }
  });

  Deno.test(`pcapng: ${name}-endian, resolutions and offsets of time by interface`, () => {
    const file = concat(
      section(order),
      interfaceBlock(order, RAW),
      interfaceBlock(order, ETHERNET, [
        option(order, 2, new TextEncoder().encode("eth0")),
        option(order, 9, Uint8Array.of(9)),
        option(order, 0, new Uint8Array(0)),
        option(order, 9, Uint8Array.of(0)),
      ]),
      interfaceBlock(order, RAW, [option(order, 9, Uint8Array.of(0x8a)), option(order, 14, order.i64(-5n))]),
      packetBlock(order, 0, 3_000_001n, packet),
      packetBlock(order, 1, 1n << 33n, frame),
      packetBlock(order, 2, 1024n + 512n, packet),
    );
    const expected = [[1, 3_000_001_000n], [2, 1n << 33n], [3, -3_500_000_000n]];
    for (const piece of [1, 5, 65536]) assert.deepEqual(summary(file, piece), expected);
  });
}

Deno.test("pcapng: sections of both byte orders follow each other; interfaces belong to their section", () => {
  const file = concat(
    section(LITTLE),
    interfaceBlock(LITTLE, ETHERNET),
    packetBlock(LITTLE, 0, 1n, frame),
    section(BIG),
    packetBlock(BIG, 0, 2n, frame),
    interfaceBlock(BIG, RAW),
    packetBlock(BIG, 0, 3n, packet),
    packetBlock(BIG, 1, 4n, packet),
  );
  assert.deepEqual(summary(file), [[1, 1000n], "unknown", [2, 3000n], "unknown"]);
});

Deno.test("pcapng: unknown blocks, those of names, statistics and secrets are passed over, however long", () => {
  const file = concat(
    section(LITTLE),
    ...[4, 5, 10, 0xbad, 0x40000bad].map((type) => block(LITTLE, type, new Uint8Array(300_001))),
    interfaceBlock(LITTLE, RAW, [option(LITTLE, 1, new Uint8Array(60_000))]),
    packetBlock(LITTLE, 0, 1n, packet),
  );
  assert.deepEqual(summary(file), [[1, 1000n]]);
});

Deno.test("pcapng: simple packets have no time and are cut at the snapshot length; the old packet block is read", () => {
  const file = concat(
    section(BIG),
    interfaceBlock(BIG, RAW, [], packet.length),
    block(BIG, 3, BIG.u32(9000), packet, new Uint8Array(8)),
    block(
      BIG,
      2,
      BIG.u16(0),
      BIG.u16(99),
      BIG.u32(0),
      BIG.u32(5),
      BIG.u32(packet.length),
      BIG.u32(packet.length),
      packet,
    ),
  );
  assert.deepEqual(summary(file), [[1, undefined], [2, 5000n]]);
});

Deno.test("pcapng: what cannot be is corrupt and ends the file", () => {
  const begin = concat(section(LITTLE), interfaceBlock(LITTLE, RAW));
  const cases: readonly [string, Uint8Array][] = [
    ["a block shorter than its frame", concat(begin, LITTLE.u32(6), LITTLE.u32(8), new Uint8Array(8))],
    ["a length that is no multiple of 4", concat(begin, LITTLE.u32(6), LITTLE.u32(33), new Uint8Array(40))],
    ["a section without byte order", block(LITTLE, 0x0a0d0d0a, new Uint8Array(16))],
    ["lengths that differ", concat(begin, LITTLE.u32(5), LITTLE.u32(16), new Uint8Array(8))],
  ];
  for (const [name, file] of cases) {
    assert.deepEqual(summary(concat(file, packetBlock(LITTLE, 0, 1n, packet))), ["corrupt"], name);
  }
});

Deno.test("pcapng: an interface too many, one that is described too short and packets too short are no end", () => {
  const file = concat(
    section(LITTLE),
    block(LITTLE, 1, new Uint8Array(0)),
    interfaceBlock(LITTLE, RAW),
    block(LITTLE, 6, new Uint8Array(16)),
    packetBlock(LITTLE, 0, 1n, packet),
  );
  assert.deepEqual(summary(file), ["unknown", [1, 1000n]]);
  const many = concat(
    section(LITTLE),
    ...new Array<Uint8Array>(1025).fill(interfaceBlock(LITTLE, RAW)),
    packetBlock(LITTLE, 1023, 1n, packet),
    packetBlock(LITTLE, 1024, 1n, packet),
  );
  assert.deepEqual(summary(many), ["unknown", [1, 1000n], "unknown"]);
});

Deno.test("capture: other files, empty ones too, are recognised by their first octets", () => {
  for (const text of ["hello, world", "x", "\x1f\x8b\x08\x00", "\x0a\x0d\x0d\x0b"]) {
    assert.deepEqual(summary(Uint8Array.from(text, (c) => c.charCodeAt(0))), ["not-a-capture"]);
  }
  assert.deepEqual(summary(new Uint8Array(0)), ["truncated"]);
});

Deno.test("capture: a link type that is unknown is told once, and reading goes on", () => {
  const file = concat(
    section(LITTLE),
    interfaceBlock(LITTLE, 147),
    interfaceBlock(LITTLE, RAW),
    packetBlock(LITTLE, 0, 1n, packet),
    packetBlock(LITTLE, 0, 2n, packet),
    packetBlock(LITTLE, 1, 3n, packet),
  );
  assert.deepEqual(summary(file), ["unknown", [3, 3000n]]);
});

Deno.test("capture: of a frame beyond all measure the front is read, what follows it is found", () => {
  const huge = concat(packet, new Uint8Array(1_000_000));
  const file = concat(pcapHeader(LITTLE, RAW), pcapRecord(LITTLE, huge), pcapRecord(LITTLE, packet));
  assert.deepEqual(summary(file), [[1, 0n], [2, 0n]]);
});
