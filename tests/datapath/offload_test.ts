import assert from "node:assert/strict";
import fc from "fast-check";
import { DROP, packetBuffer, packetsIn, VNET_HEADER } from "../../src/datapath/mod.ts";
import { checksum } from "../../src/datapath/esp/buffer.ts";
import { connected, filler, GCM, Host, ip, tcp, udp, upperSum, V4, V6 } from "./support.ts";

const ACK = 0x10, PSH = 0x08, FIN = 0x01, CWR = 0x80;

function vnet(flags: number, type: number, header: number, size: number, start: number, offset: number) {
  const octets = new Uint8Array(VNET_HEADER);
  const view = new DataView(octets.buffer);
  octets[0] = flags;
  octets[1] = type;
  [header, size, start, offset].forEach((value, at) => view.setUint16(2 + 2 * at, value, true));
  return octets;
}

/** A TCP super-packet and its device header. */
function superTcp(fields: typeof V4 | typeof V6, payload: Uint8Array, mss: number, flags = ACK) {
  const packet = tcp({ ...fields, id: 65_530 }, {
    sequence: 0xffff_ff00,
    flags,
    options: filler(12),
  }, payload);
  const start = fields.from.includes(":") ? 40 : 20;
  return { packet, header: vnet(1, start === 20 ? 1 : 4, start + 32, mss, start, 16), start };
}

Deno.test("checksum: sums any range, at any offset, as RFC 1071 adds octet pairs", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(9), fc.nat(0xffff), (data, at, initial) => {
    const buffer = packetBuffer(256);
    buffer.octets.fill(0xa5);
    buffer.octets.set(data, at);
    let plain = initial;
    for (let n = 0; n < data.length; n++) plain += n % 2 === 0 ? data[n]! << 8 : data[n]!;
    while (plain > 0xffff) plain = (plain & 0xffff) + (plain >>> 16);
    assert.equal(checksum(buffer, at, data.length, initial), plain);
  }));
});

Deno.test("split, sealed, opened and joined again: a TCP super-packet comes out as it went in", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(V4, V6),
      fc.integer({ min: 1, max: 30_000 }),
      fc.integer({ min: 100, max: 1300 }),
      fc.constantFrom(ACK, ACK | PSH),
      (fields, length, mss, flags) => {
        const { here, there } = connected(GCM);
        const { packet, header, start } = superTcp(fields, filler(length), mss, flags);
        const sealed = here.inside(packet, header);
        assert.equal(sealed.length, Math.ceil(length / mss));
        // One message for up to 64 segments.
        assert.equal(here.sent.length, Math.ceil(sealed.length / 64));
        const frames = there.outsideRaw(sealed);
        assert.equal(frames.length, 1);
        const joined = frames[0]!.slice(VNET_HEADER);
        if (sealed.length > 1) {
          const view = new DataView(frames[0]!.buffer);
          assert.deepEqual([...frames[0]!.subarray(0, 2)], [1, start === 20 ? 1 : 4]);
          assert.equal(view.getUint16(4, true), mss);
          assert.equal(view.getUint16(6, true), start);
          // The device adds the rest of the checksum to the pseudo-header's.
          const sum = new DataView(joined.buffer).getUint16(start + 16);
          joined.set(packet.subarray(start + 16, start + 18), start + 16);
          assert.notEqual(sum, 0);
        }
        assert.deepEqual(joined, packet);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("a frame for the device says how many packets it is", () => {
  const { here, there } = connected(GCM);
  const count = (frame: Uint8Array) => {
    const buffer = packetBuffer(frame.length);
    buffer.octets.set(frame);
    return packetsIn(buffer, 0, frame.length);
  };
  const { packet, header } = superTcp(V4, filler(2_900), 1_000);
  const [joined, ...more] = there.outsideRaw(here.inside(packet, header));
  assert.deepEqual([count(joined!), more.length], [3, 0]);
  const [plain] = there.outsideRaw(here.inside(udp(V4, filler(100))));
  assert.equal(count(plain!), 1);
});

Deno.test("split: segments have their own sequence, id, flags and right checksums", () => {
  const { here, there } = connected(GCM);
  const { packet, header } = superTcp(V4, filler(2500), 1000, ACK | PSH | FIN | CWR);
  const segments = here.inside(packet, header).flatMap((sealed) => there.outside([sealed]));
  const read = segments.map((segment) => {
    const view = new DataView(segment.buffer);
    assert.equal(upperSum(segment), 0xffff);
    return [view.getUint16(2), view.getUint16(4), view.getUint32(24), segment[33]];
  });
  assert.deepEqual(read, [
    [1052, 65_530, 0xffff_ff00, ACK | CWR],
    [1052, 65_531, 0x2e8, ACK],
    [552, 65_532, 0x6d0, ACK | PSH | FIN],
  ]);
});

Deno.test("split and joined again: UDP super-packets, both families", () => {
  for (const [fields, start] of [[V4, 20], [V6, 40]] as const) {
    const { here, there } = connected(GCM);
    const packet = udp(fields, filler(3300));
    const sealed = here.inside(packet, vnet(1, 5, start + 8, 1000, start, 6));
    assert.equal(sealed.length, 4);
    const joined = there.outside(sealed);
    assert.equal(joined.length, 1);
    assert.deepEqual(joined[0]!.subarray(start + 8), packet.subarray(start + 8));
    assert.equal(new DataView(joined[0]!.buffer).getUint16(start + 4), 3308);
  }
});

Deno.test("checksums that the device left to us are completed, a zero one of UDP becomes 0xffff", () => {
  const { here, there } = connected(GCM);
  for (const fields of [V4, V6]) {
    const start = fields === V4 ? 20 : 40;
    for (let seed = 0; seed < 50; seed++) {
      const whole = udp(fields, filler(40 + seed % 2, seed));
      const partial = whole.slice();
      new DataView(partial.buffer).setUint16(start + 6, 0);
      // The field begins as the pseudo-header's sum: what the rest lacks to the right one.
      new DataView(partial.buffer).setUint16(start + 6, pseudo(partial, start));
      assert.deepEqual(there.outside(here.inside(partial, vnet(1, 0, 0, 0, start, 6))), [whole]);
    }
  }
});

function pseudo(packet: Uint8Array, start: number): number {
  const buffer = packetBuffer(packet.length);
  buffer.octets.set(packet);
  return checksum(buffer, start === 20 ? 12 : 8, start === 20 ? 8 : 32, 17 + packet.length - start);
}

Deno.test("device headers that contradict the packet are dropped and counted", () => {
  const { packet } = superTcp(V4, filler(2000), 1000);
  const datagram = udp(V4, filler(2000));
  const cases: [Uint8Array, Uint8Array][] = [
    [packet, vnet(1, 1, 52, 0, 20, 16)],
    [packet, vnet(0, 1, 52, 1000, 20, 16)],
    [packet, vnet(1, 4, 52, 1000, 20, 16)],
    [packet, vnet(1, 5, 52, 1000, 20, 16)],
    [packet, vnet(1, 1, 52, 1000, 21, 16)],
    [packet, vnet(1, 77, 52, 1000, 20, 16)],
    [datagram, vnet(1, 1, 52, 1000, 20, 16)],
    [datagram, vnet(1, 3, 28, 1000, 20, 6)],
    [datagram, vnet(1, 0, 0, 0, 2022, 6)],
    [datagram, vnet(1, 0, 0, 0, 10, 6)],
    [datagram, vnet(1, 0, 0, 0, 20, 65_535)],
    [udp(V4, filler(0)), vnet(1, 5, 28, 1000, 20, 6)],
    [ip({ ...V4, protocol: 6 }, filler(19)), vnet(1, 1, 40, 10, 20, 16)],
  ];
  const { here } = connected(GCM);
  for (const [octets, header] of cases) {
    const before = here.esp.drops.of(DROP.badOffload);
    assert.deepEqual(here.inside(octets, header), []);
    assert.equal(here.esp.drops.of(DROP.badOffload), before + 1, `${header}`);
  }
  assert.deepEqual(here.inside(packet.subarray(0, 30), vnet(1, 1, 52, 1000, 20, 16)), []);
  assert.equal(here.esp.drops.of(DROP.malformedOutbound), 1);
});

/** What a device makes of frames: the segments that leave it, in order. */
function throughDevice(frames: readonly Uint8Array[]): Uint8Array[] {
  const { here, there } = connected({ ...GCM }, {});
  return frames.flatMap((frame) =>
    here.inside(frame.slice(VNET_HEADER), frame.slice(0, VNET_HEADER)).flatMap((sealed) =>
      there.outside([sealed])
    )
  );
}

Deno.test("joining loses, adds and reorders nothing, whatever comes: flows mixed, gaps, flags, bad checksums", () => {
  // Mostly what can be joined with the one before, so that each difference shows by itself.
  const rarely = <T>(usual: T, ...others: T[]) =>
    fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, {
      weight: 1,
      arbitrary: fc.constantFrom(...others),
    });
  const segment = fc.record({
    kind: rarely("tcp", "udp"),
    flow: rarely(0, 1),
    otherFamily: rarely(false, true),
    length: rarely(100, 0, 1, 99, 101),
    gap: rarely(0, 1),
    flags: rarely(ACK, ACK | PSH, ACK | FIN, 0x02),
    acknowledged: rarely(7, 8),
    window: rarely(500, 501),
    broken: rarely(false, true),
    trafficClass: rarely(0, 2),
    otherDf: rarely(false, true),
    skippedIds: rarely(0, 1),
    stamp: rarely(1, 2),
  });
  fc.assert(
    fc.property(
      fc.array(segment, { maxLength: 25 }),
      fc.boolean(),
      fc.boolean(),
      (segments, mostlySix, mostlyDf) => {
        const { here, there } = connected(GCM);
        const sequences = [0, 0, 0, 0];
        let id = 0;
        const packets = segments.map((changes, n) => {
          const { kind, flow, length, gap, broken, trafficClass, stamp } = changes;
          const six = changes.otherFamily !== mostlySix;
          const fragment = changes.otherDf !== mostlyDf ? 0x4000 : 0;
          id += 1 + changes.skippedIds;
          const fields = { ...(six ? V6 : V4), trafficClass, fragment, id };
          const which = flow + (six ? 2 : 0);
          const sequence = sequences[which]! + gap;
          sequences[which] = sequence + length;
          const packet = kind === "tcp"
            ? tcp(
              fields,
              { ...changes, sequence, source: 1000 + flow, options: filler(8, stamp) },
              filler(length, n),
            )
            : udp(fields, filler(length, n), 1000 + flow);
          if (broken) packet[six ? 40 + 7 : 20 + 7]! ^= 0x11;
          return packet;
        });
        const frames = there.outsideRaw(packets.flatMap((packet) => here.inside(packet)));
        // Ids of packets with DF are the only thing that joining may change (RFC 6864 §4.1).
        const anonymous = (packet: Uint8Array) => {
          const copy = packet.slice();
          if (copy[0]! >>> 4 === 4 && (copy[6]! & 0x40) !== 0) copy.fill(0, 4, 6), copy.fill(0, 10, 12);
          return copy;
        };
        assert.deepEqual(throughDevice(frames).map(anonymous), packets.map(anonymous));
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("packets of one SA and size leave as one message; another size, class or SA begins the next", () => {
  const { here } = connected(GCM);
  const host = here as Host;
  const push = (packet: Uint8Array) => {
    const buffer = packetBuffer(4000);
    buffer.octets.set(packet, VNET_HEADER);
    host.esp.fromInside(buffer, 0, VNET_HEADER + packet.length);
  };
  for (let n = 0; n < 70; n++) push(udp(V4, filler(100)));
  push(udp(V4, filler(40)));
  push(udp(V4, filler(100)));
  push(udp({ ...V4, trafficClass: 0xb8 }, filler(100)));
  push(udp({ ...V4, fragment: 0 }, filler(100)));
  push(udp(V4, filler(300)));
  host.esp.flush();
  assert.deepEqual(host.sent.map(({ packets }) => packets.length), [64, 7, 1, 1, 1, 1]);
  assert.deepEqual(host.sent.map(({ trafficClass }) => trafficClass), [0, 0, 0, 0xb8, 0, 0]);
  assert.deepEqual(host.sent.map(({ dontFragment }) => dontFragment), [true, true, true, true, false, true]);
});

Deno.test("raw ESP leaves packet by packet: its sockets have no UDP_SEGMENT", () => {
  const { here, there } = connected(GCM, { udpEncap: false });
  const { packet, header } = superTcp(V4, filler(3000), 1000);
  const sealed = here.inside(packet, header);
  assert.equal(here.sent.length, 3);
  assert.equal(there.outside(sealed).length, 1);
});
