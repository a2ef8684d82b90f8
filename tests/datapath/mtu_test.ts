import assert from "node:assert/strict";
import fc from "fast-check";
import { DROP, packetBuffer } from "../../src/datapath/mod.ts";
import { checksum } from "../../src/datapath/esp/buffer.ts";
import { parseAddress } from "../../src/ip/mod.ts";
import { connected, endpoint, filler, GCM, ip, tcp, udp, upperSum, V4, V6 } from "./support.ts";

const FAR = parseAddress("192.0.2.2")!;
const CBC = { protocol: 3, encr: { id: 12, keyBits: 256 }, integ: 14, esn: false } as const;

Deno.test("inner MTU: the largest packet that is let through fills the path and never exceeds it", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1280, max: 9000 }),
      fc.constantFrom(GCM, CBC),
      fc.boolean(),
      fc.boolean(),
      (mtu, suite, udpEncap, six) => {
        const { here } = connected(suite, { udpEncap });
        if (six) {
          const end = endpoint("2001:db8::2");
          here.esp.move([1], end, end, udpEncap);
        }
        here.esp.pathMtu(six ? endpoint("2001:db8::2").address : FAR, mtu);
        const inner = here.esp.tables.byId(1)!.innerMtu;
        const outer = (packet: Uint8Array) =>
          here.inside(packet)[0]!.length + (six ? 40 : 20) + (udpEncap ? 8 : 0);
        const size = outer(udp(V4, filler(inner - 28)));
        assert.ok(size <= mtu && size > mtu - 16, `${size} of ${mtu}`);
        assert.deepEqual(here.inside(udp(V4, filler(inner - 27))), []);
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("a packet with DF that is too long is answered with ICMP, with the right MTU and checksums (RFC 1191)", () => {
  const { here } = connected(GCM);
  here.esp.pathMtu(FAR, 1300);
  const packet = udp(V4, filler(1300));
  assert.deepEqual(here.inside(packet), []);
  const icmp = here.delivered[0]!.slice(10);
  const view = new DataView(icmp.buffer);
  assert.deepEqual([...icmp.subarray(12, 22)], [10, 2, 0, 1, 10, 1, 0, 1, 3, 4]);
  assert.equal(view.getUint16(26), here.esp.tables.byId(1)!.innerMtu);
  assert.equal(icmp.length, view.getUint16(2));
  assert.ok(icmp.length <= 576);
  const buffer = packetBuffer(icmp.length);
  buffer.octets.set(icmp);
  assert.deepEqual([checksum(buffer, 0, 20, 0), checksum(buffer, 20, icmp.length - 20, 0)], [0xffff, 0xffff]);
  assert.deepEqual(icmp.subarray(28), packet.subarray(0, icmp.length - 28));
});

Deno.test("an IPv6 packet that is too long is answered with Packet Too Big (RFC 4443 §3.2)", () => {
  const { here } = connected(GCM);
  assert.deepEqual(here.inside(udp(V6, filler(1450))), []);
  const icmp = here.delivered[0]!.slice(10);
  assert.equal(icmp[6], 58);
  assert.equal(upperSum(icmp), 0xffff);
  assert.equal(new DataView(icmp.buffer).getUint32(44), here.esp.tables.byId(1)!.innerMtu);
  assert.equal(icmp[40], 2);
  assert.ok(icmp.length <= 1280);
});

Deno.test("super-packets: a segment that is too long brings one ICMP error", () => {
  const { here } = connected(GCM);
  const packet = tcp(V4, { sequence: 1, flags: 0x10 }, filler(5000));
  const header = Uint8Array.of(1, 1, 40, 0, 0xb4, 0x05, 20, 0, 16, 0);
  assert.deepEqual(here.inside(packet, header), []);
  assert.equal(here.delivered.length, 1);
  assert.equal(here.esp.drops.of(DROP.tooBig), 1);
});

Deno.test("without DF the outer packet is left to be fragmented; IPv6 gets its 1280 octets through any path", () => {
  const { here } = connected(GCM);
  here.esp.pathMtu(FAR, 1000);
  assert.equal(here.inside(udp({ ...V4, fragment: 0 }, filler(1300))).length, 1);
  assert.equal(here.inside(udp(V6, filler(1280 - 48))).length, 1);
  assert.deepEqual(here.sent.map(({ dontFragment }) => dontFragment), [false, false]);
  assert.deepEqual(here.inside(udp(V6, filler(1281 - 48))), []);
  assert.equal(new DataView(here.delivered[0]!.buffer).getUint32(10 + 44), 1280);
});

Deno.test("segments that have to be fragmented outside go one by one", () => {
  const { here } = connected(GCM);
  here.esp.pathMtu(FAR, 1000);
  const header = Uint8Array.of(1, 4, 60, 0, 0xb0, 0x04, 40, 0, 16, 0);
  assert.equal(here.inside(tcp(V6, { sequence: 1, flags: 0x10 }, filler(3600)), header).length, 3);
  assert.equal(here.sent.length, 3);
});

Deno.test("a learnt MTU is bounded below, and forgotten after ten minutes (RFC 1191 §6.3)", () => {
  const { here } = connected(GCM);
  const child = here.esp.tables.byId(1)!;
  const usual = child.innerMtu;
  here.esp.pathMtu(FAR, 68);
  assert.ok(child.innerMtu > 500 && child.innerMtu < 576);
  here.esp.at(599_999);
  here.esp.tick();
  assert.ok(child.innerMtu < 576);
  here.esp.at(600_000);
  here.esp.tick();
  assert.equal(child.innerMtu, usual);
});

Deno.test("leastMtu is what every pair takes: at once where it falls, with the next tick where it rises", () => {
  const { here } = connected(GCM);
  const { esp } = here;
  const usual = esp.tables.byId(1)!.innerMtu;
  assert.equal(esp.leastMtu, usual);
  esp.pathMtu(FAR, 1000);
  assert.equal(esp.leastMtu, esp.tables.byId(1)!.innerMtu);
  assert.ok(esp.leastMtu < 1000);
  esp.at(600_000);
  esp.tick();
  assert.equal(esp.leastMtu, usual);
  esp.remove([1]);
  esp.tick();
  assert.equal(esp.leastMtu, Infinity);
});

Deno.test("ICMP errors: none about ICMP errors or later fragments, at most a hundred a second", () => {
  const { here } = connected(GCM);
  here.inside(ip({ ...V4, protocol: 1 }, Uint8Array.of(3, 1, ...filler(1500))));
  here.inside(ip({ ...V6, protocol: 58 }, Uint8Array.of(1, 0, ...filler(1500))));
  here.inside(udp({ ...V4, fragment: 0x4001 }, filler(1500)));
  assert.equal(here.delivered.length, 0);
  here.inside(ip({ ...V4, protocol: 1 }, Uint8Array.of(8, 0, ...filler(1500))));
  assert.equal(here.delivered.length, 1);
  for (let n = 0; n < 300; n++) here.inside(udp(V4, filler(1500)));
  assert.equal(here.delivered.length, 100);
  here.esp.at(1000);
  here.inside(udp(V4, filler(1500)));
  assert.equal(here.delivered.length, 101);
});

Deno.test("DSCP and ECN go outside as they are inside (RFC 4301 §5.1.2, RFC 6040 §4.1)", () => {
  const { here } = connected(GCM);
  for (const fields of [V4, V6]) here.inside(udp({ ...fields, trafficClass: 0xbb }, filler(1)));
  assert.deepEqual(here.sent.map(({ trafficClass }) => trafficClass), [0xbb, 0xbb]);
});

Deno.test("ECN marks come inside as RFC 6040 figure 4 says, with right header checksums", () => {
  // Rows: inner Not-ECT, ECT(1), ECT(0), CE; columns: outer in that order. -1 is dropped.
  const figure = [[0, 0, 0, -1], [1, 1, 1, 3], [2, 1, 2, 3], [3, 3, 3, 3]];
  for (const fields of [V4, V6]) {
    for (let inner = 0; inner < 4; inner++) {
      for (let outer = 0; outer < 4; outer++) {
        const { here, there } = connected(GCM);
        const packet = udp({ ...fields, trafficClass: 0xb8 | inner }, filler(3));
        const [delivered] = there.outside(here.inside(packet), outer);
        const expected = figure[inner]![outer]!;
        if (expected < 0) {
          assert.equal(delivered, undefined);
          assert.equal(there.esp.drops.of(DROP.congestion), 1);
        } else {
          assert.deepEqual(delivered, udp({ ...fields, trafficClass: 0xb8 | expected }, filler(3)));
        }
      }
    }
  }
});
