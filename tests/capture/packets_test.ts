/** From a frame to the IKE message: link layers, IP headers, fragments, ports and the non-ESP marker. */
import assert from "node:assert/strict";
import { concat } from "../../src/bytes/mod.ts";
import type { CaptureItem } from "../../src/capture/mod.ts";
import { hex } from "../support/vectors.ts";
import { ethernet, fragmentHeader, ikeMessage, ipv4, ipv6, itemsOf, pcapFile, udp } from "./build.ts";

const RAW = 101;
const message = ikeMessage();
const datagram = udp(500, 500, message);
const packet = ipv4(datagram), packet6 = ipv6(datagram);

/** Frame numbers of the messages, all of which have to be `expected`. */
function framesOf(items: readonly CaptureItem[], expected = message): number[] {
  return items.map((item) => {
    assert.ok(item.kind === "message");
    assert.deepEqual(item.octets, expected);
    return item.frame;
  });
}

function found(linkType: number, ...frames: readonly Uint8Array[]): number[] {
  return framesOf(itemsOf(pcapFile(linkType, frames)));
}

Deno.test("link: Ethernet with padding, 802.1Q, QinQ and older double tags", () => {
  const frames = [
    ethernet(packet),
    concat(ethernet(packet), new Uint8Array(20)),
    ethernet(packet6, 0x8100),
    ethernet(packet, 0x88a8, 0x8100),
    ethernet(packet, 0x9100, 0x8100),
    ethernet(packet, 0x8100, 0x8100, 0x8100),
  ];
  assert.deepEqual(found(1, ...frames), [1, 2, 3, 4, 5, 6]);
});

Deno.test("link: ARP, cut headers and frames of other protocols have no message", () => {
  const arp = concat(new Uint8Array(12), hex("0806"), packet);
  const cuts = [0, 1, 13, 14, 15].map((length) => ethernet(packet).subarray(0, length));
  const tags = [14, 16, 17].map((length) => ethernet(packet, 0x8100).subarray(0, length));
  assert.deepEqual(found(1, arp, ...cuts, ...tags), []);
});

Deno.test("link: Linux cooked v1 and v2, also with a VLAN tag inside", () => {
  const v1 = (type: string) => concat(new Uint8Array(14), hex(type));
  assert.deepEqual(
    found(
      113,
      concat(v1("0800"), packet),
      concat(v1("86dd"), packet6),
      concat(v1("8100"), hex("00070800"), packet),
    ),
    [1, 2, 3],
  );
  const v2 = (type: string) => concat(hex(type), new Uint8Array(18));
  assert.deepEqual(found(276, concat(v2("0800"), packet), concat(v2("86dd"), packet6), v2("0800")), [1, 2]);
});

Deno.test("link: raw IP by all its numbers, loopback of either byte order", () => {
  for (const linkType of [12, 14, 101]) assert.deepEqual(found(linkType, packet, packet6), [1, 2]);
  assert.deepEqual(found(228, packet), [1]);
  assert.deepEqual(found(229, packet6), [1]);
  for (const linkType of [0, 108]) {
    const frames = [
      concat(hex("02000000"), packet),
      concat(hex("00000002"), packet),
      concat(hex("1e000000"), packet6),
    ];
    assert.deepEqual(found(linkType, ...frames, hex("0200")), [1, 2, 3]);
  }
});

Deno.test("IPv4: options are passed over; impossible headers have no message", () => {
  const options = ipv4(datagram, { options: new Uint8Array(40) });
  const shortHeader = packet.slice();
  shortHeader[0] = 0x44;
  const shortLength = packet.slice();
  shortLength.set([0, 19], 2);
  const version = packet.slice();
  version[0] = 0x55;
  assert.deepEqual(found(RAW, options, shortHeader, shortLength, version, ipv4(datagram, { protocol: 6 })), [
    1,
  ]);
});

Deno.test("IPv4, IPv6, UDP: a length of 0, as a card that cuts packets up leaves it, is the length that came", () => {
  const v4 = packet.slice();
  v4.fill(0, 2, 4);
  v4.fill(0, 24, 26);
  const v6 = packet6.slice();
  v6.fill(0, 4, 6);
  assert.deepEqual(found(RAW, v4, v6), [1, 2]);
});

Deno.test("IPv6: extension headers in any number, AH, a fragment that is the whole; cut ones have no message", () => {
  const extension = (next: number, units: number) => {
    const header = new Uint8Array((units + 1) * 8);
    header.set([next, units]);
    return header;
  };
  const ah = (next: number) => concat(Uint8Array.of(next, 4), new Uint8Array(22));
  const frames = [
    ipv6(concat(extension(17, 0), datagram), 0),
    ipv6(concat(extension(43, 1), extension(60, 0), extension(17, 31), datagram), 0),
    ipv6(concat(ah(17), datagram), 51),
    ipv6(concat(fragmentHeader(17, 1, 0, false), datagram), 44),
    ipv6(concat(fragmentHeader(60, 1, 0, false), extension(17, 0), datagram), 44),
    ipv6(extension(17, 5).subarray(0, 20), 60),
    ipv6(hex("11"), 44),
    packet6.subarray(0, 39),
  ];
  assert.deepEqual(found(RAW, ...frames), [1, 2, 3, 4, 5]);
});

const long = ikeMessage(new Uint8Array(3000).map((_, index) => index));
const longDatagram = udp(4500, 4500, concat(new Uint8Array(4), long));

/** A datagram in fragments of `size` octets, a multiple of 8. */
function fragments(version: 4 | 6, size: number, id: number, whole = longDatagram): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < whole.length; offset += size) {
    const part = whole.subarray(offset, offset + size), more = offset + size < whole.length;
    parts.push(
      version === 4
        ? ipv4(part, { id, offset, more })
        : ipv6(concat(fragmentHeader(17, id, offset, more), part), 44),
    );
  }
  return parts;
}

for (const version of [4, 6] as const) {
  Deno.test(`IPv${version} fragments: in order, in reverse, mixed with another datagram's, captured twice`, () => {
    const one = fragments(version, 1000, 7), other = fragments(version, 504, 8);
    const sequences: readonly (readonly Uint8Array[])[] = [
      one,
      one.toReversed(),
      [...one.slice(0, 2), ...other.slice(1), ...one.slice(2)],
      one.flatMap((fragment) => [fragment, fragment]).slice(0, -1),
    ];
    for (const frames of sequences) {
      const items = itemsOf(pcapFile(RAW, frames));
      const last = items.at(-1);
      assert.ok(last !== undefined);
      assert.deepEqual(framesOf([last], long), [frames.length]);
      assert.equal(items.length, 1);
    }
  });

  Deno.test(`IPv${version} fragments: an overlap refuses the datagram, its later fragments too`, () => {
    const [first, second, third, fourth] = fragments(version, 1000, 7) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const shifted = fragments(version, 1008, 7)[1]!;
    const forged = second.slice();
    forged[forged.length - 1]! ^= 1;
    for (const intruder of [shifted, forged]) {
      assert.deepEqual(itemsOf(pcapFile(RAW, [first, second, intruder, third, fourth])), []);
      assert.deepEqual(itemsOf(pcapFile(RAW, [second, intruder, first, third, fourth])), []);
    }
  });

  Deno.test(`IPv${version} fragments: what is there of a message whose rest does not come is shown at the end`, () => {
    const [first, second, third, fourth] = fragments(version, 1000, 7);
    const items = itemsOf(pcapFile(RAW, [third!, first!, second!, packet]));
    assert.deepEqual(
      items.map((item) => item.kind === "message" && [item.frame, item.octets.length]),
      [[4, 28], [2, 2988]],
    );
    assert.deepEqual(itemsOf(pcapFile(RAW, [second!, third!, fourth!])), []);
  });
}

Deno.test("fragments: one that goes beyond 65,535 octets, an empty one and a second last one refuse the datagram", () => {
  const first = ipv4(longDatagram.subarray(0, 1000), { more: true });
  const cases = [
    ipv4(new Uint8Array(1000), { offset: 65_528 }),
    ipv4(new Uint8Array(0), { offset: 2000 }),
    ipv4(new Uint8Array(1001), { offset: 2000, more: true }),
  ];
  for (const bad of cases) {
    const rest = fragments(4, 1000, 1).slice(1);
    assert.deepEqual(itemsOf(pcapFile(RAW, [first, bad, ...rest])), []);
  }
  const twoEnds = [ipv4(new Uint8Array(8), { offset: 5000 }), ...fragments(4, 1000, 1)];
  assert.deepEqual(itemsOf(pcapFile(RAW, twoEnds)), []);
  const behindEnd = [
    ...fragments(4, 1000, 1).slice(1),
    ipv4(new Uint8Array(8), { offset: 5000, more: true }),
  ];
  assert.deepEqual(itemsOf(pcapFile(RAW, [...behindEnd, first])), []);
});

Deno.test("fragments: an identification that comes again after a minute is another datagram", () => {
  const parts = fragments(4, 1000, 7);
  const late = [...new Array<Uint8Array>(62).fill(packet)];
  const items = itemsOf(pcapFile(RAW, [parts[1]!, ...late, ...parts]));
  assert.deepEqual(framesOf(items.slice(-1), long), [67]);
  assert.equal(items.length, 63);
});

Deno.test("fragments: the extension headers behind a fragment header are those of the first fragment", () => {
  const options = Uint8Array.of(17, 0, 0, 0, 0, 0, 0, 0);
  const whole = concat(options, longDatagram);
  const first = ipv6(concat(fragmentHeader(60, 3, 0, true), whole.subarray(0, 1000)), 44);
  const second = ipv6(concat(fragmentHeader(17, 3, 1000, false), whole.subarray(1000)), 44);
  for (const frames of [[first, second], [second, first]]) {
    assert.deepEqual(framesOf(itemsOf(pcapFile(RAW, frames)), long), [2]);
  }
});

Deno.test("UDP: ports 500 and 4500 on either side, with and without non-ESP marker; ESP and keepalives are none", () => {
  const marked = concat(new Uint8Array(4), message);
  const esp = concat(hex("c0ffee0100000001"), new Uint8Array(60));
  const frames = [
    udp(500, 40000, message),
    udp(40000, 500, message),
    udp(4500, 40000, marked),
    udp(40000, 4500, marked),
    udp(4500, 4500, message),
    udp(500, 500, marked),
    udp(4500, 4500, esp),
    udp(4500, 4500, Uint8Array.of(0xff)),
    udp(500, 500, Uint8Array.of(0xff)),
    udp(500, 500, new Uint8Array(0)),
    udp(40000, 40000, message),
    udp(500, 500, message).subarray(0, 7),
    concat(hex("01f401f400070000"), message),
  ];
  assert.deepEqual(found(RAW, ...frames.map((frame) => ipv4(frame))), [1, 2, 3, 4, 5, 6]);
});

Deno.test("UDP: an SPI that begins with zeros is no marker on port 500, and is one on 4500 unless it fits", () => {
  const zeros = ikeMessage(undefined, 0x55667788n);
  assert.deepEqual(framesOf(itemsOf(pcapFile(RAW, [ipv4(udp(500, 500, zeros))])), zeros), [1]);
  assert.deepEqual(framesOf(itemsOf(pcapFile(RAW, [ipv4(udp(4500, 4500, zeros))])), zeros), [1]);
  const garbage = concat(new Uint8Array(4), hex("0102030405"));
  assert.deepEqual(framesOf(itemsOf(pcapFile(RAW, [ipv4(udp(4500, 4500, garbage))])), hex("0102030405")), [
    1,
  ]);
  assert.deepEqual(framesOf(itemsOf(pcapFile(RAW, [ipv4(udp(500, 500, garbage))])), garbage), [1]);
});
