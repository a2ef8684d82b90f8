import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePrefix, rangeOfPrefix } from "../../src/ip/mod.ts";
import {
  covers,
  formatSelector,
  icmpPorts,
  intersect,
  matchesPacket,
  OPAQUE_PORTS,
  type PacketFields,
  sameSelector,
  selectorFromWire,
  selectorsFromWire,
  selectorToWire,
  type TrafficSelector,
} from "../../src/selector/mod.ts";
import { parseAddress } from "../../src/ip/mod.ts";

const ts = (net: string, protocol = 0, start = 0, end = 65535): TrafficSelector => ({
  addresses: rangeOfPrefix(parsePrefix(net)!),
  protocol,
  ports: { start, end },
});
const addr = (text: string) => parseAddress(text)!;

const arbitrarySelector: fc.Arbitrary<TrafficSelector> = fc.record({
  family: fc.constantFrom(4 as const, 6 as const),
  a: fc.integer({ min: 0, max: 30 }),
  b: fc.integer({ min: 0, max: 30 }),
  protocol: fc.constantFrom(0, 1, 6, 17),
  ports: fc.oneof(
    fc.constant({ start: 0, end: 65535 }),
    fc.constant(OPAQUE_PORTS),
    fc.tuple(fc.nat(20), fc.nat(20)).map(([x, y]) => ({ start: Math.min(x, y), end: Math.max(x, y) })),
  ),
}).map(({ family, a, b, protocol, ports }) => ({
  addresses: { family, start: BigInt(Math.min(a, b)), end: BigInt(Math.max(a, b)) },
  protocol,
  ports,
}));

Deno.test("a selector goes to the wire and comes back the same", () => {
  fc.assert(fc.property(arbitrarySelector, (selector) => {
    assert.deepEqual(selectorFromWire(selectorToWire(selector)), selector);
  }));
});

Deno.test("10.1.0.0/16 tcp port 23 stands on the wire as RFC 7296 §3.13.1 draws it", () => {
  assert.deepEqual(selectorToWire(ts("10.1.0.0/16", 6, 23, 23)), {
    tsType: 7,
    protocol: 6,
    startPort: 23,
    endPort: 23,
    start: Uint8Array.of(10, 1, 0, 0),
    end: Uint8Array.of(10, 1, 255, 255),
  });
});

Deno.test("wire selectors of unknown type or with bounds the wrong way round are left out", () => {
  const good = selectorToWire(ts("10.0.0.0/8"));
  const usable = selectorsFromWire([
    { tsType: 9, protocol: 0, data: new Uint8Array(12) },
    { ...good, start: Uint8Array.of(11, 0, 0, 0), end: Uint8Array.of(10, 0, 0, 0) },
    { ...good, startPort: 5, endPort: 4 },
    { ...good, tsType: 8 },
    { ...good, start: new Uint8Array(16) },
    { ...good, startPort: 65535, endPort: 0 },
    good,
  ]);
  assert.deepEqual(usable.map(formatSelector), ["10.0.0.0/8[any/OPAQUE]", "10.0.0.0/8"]);
});

Deno.test("the intersection is covered by both, is commutative, and is empty only if no packet is in both", () => {
  fc.assert(
    fc.property(arbitrarySelector, arbitrarySelector, (a, b) => {
      const both = intersect(a, b);
      const back = intersect(b, a);
      assert.equal(both === undefined, back === undefined);
      if (both === undefined || back === undefined) return;
      assert.ok(sameSelector(both, back));
      assert.ok(covers(a, both) && covers(b, both));
      assert.equal(covers(a, b), sameSelector(both, b));
    }),
    { numRuns: 500 },
  );
});

Deno.test("ANY has OPAQUE in it, a range of ports has not", () => {
  const any = ts("10.0.0.0/8", 17), range = ts("10.0.0.0/8", 17, 1, 65535);
  const opaque = { ...any, ports: OPAQUE_PORTS };
  assert.ok(covers(any, opaque));
  assert.ok(!covers(range, opaque) && !covers(opaque, range));
  assert.equal(intersect(range, opaque), undefined);
  assert.ok(sameSelector(intersect(any, opaque)!, opaque));
});

Deno.test("a packet matches by address, protocol and port of each end", () => {
  const source = ts("10.1.0.0/16", 6), destination = ts("10.2.0.0/16", 6, 23, 25);
  const packet = (over: Partial<PacketFields>): PacketFields => ({
    source: addr("10.1.2.3"),
    destination: addr("10.2.0.1"),
    protocol: 6,
    sourcePort: 4711,
    destinationPort: 24,
    ...over,
  });
  assert.ok(matchesPacket(source, destination, packet({})));
  assert.ok(!matchesPacket(source, destination, packet({ destinationPort: 26 })));
  assert.ok(!matchesPacket(source, destination, packet({ destinationPort: 22 })));
  assert.ok(!matchesPacket(source, destination, packet({ protocol: 17 })));
  assert.ok(!matchesPacket(source, destination, packet({ source: addr("10.3.0.0") })));
  assert.ok(!matchesPacket(source, destination, packet({ destination: addr("10.1.255.255") })));
  assert.ok(!matchesPacket(ts("::/0"), destination, packet({})));
});

Deno.test("a fragment without ports matches ANY and OPAQUE, never a range of ports", () => {
  const fragment: PacketFields = { source: addr("192.0.2.1"), destination: addr("192.0.2.2"), protocol: 17 };
  const any = ts("0.0.0.0/0", 17), opaque = { ...any, ports: OPAQUE_PORTS };
  assert.ok(matchesPacket(any, opaque, fragment));
  assert.ok(!matchesPacket(ts("0.0.0.0/0", 17, 0, 65534), any, fragment));
  assert.ok(!matchesPacket(opaque, any, { ...fragment, sourcePort: 53, destinationPort: 53 }));
});

Deno.test("ICMP type and code are those of the sending side's selector (RFC 4301 §4.4.1.3)", () => {
  const echo = { ...ts("192.0.2.0/24", 1), ports: icmpPorts(8) };
  const opaque = { ...ts("198.51.100.0/24", 1), ports: OPAQUE_PORTS };
  const packet: PacketFields = {
    source: addr("192.0.2.1"),
    destination: addr("198.51.100.1"),
    protocol: 1,
    sourcePort: icmpPorts(8, 0).start,
  };
  assert.ok(matchesPacket(echo, opaque, packet));
  assert.ok(!matchesPacket(echo, opaque, { ...packet, sourcePort: icmpPorts(0, 0).start }));
});

Deno.test("selectors print as contracts.md has them", () => {
  const cases: [TrafficSelector, string][] = [
    [ts("10.1.0.0/16"), "10.1.0.0/16"],
    [ts("10.1.0.0/16", 6, 23, 23), "10.1.0.0/16[tcp/23]"],
    [ts("2001:db8::/32", 17, 1000, 2000), "2001:db8::/32[udp/1000-2000]"],
    [ts("192.0.2.1", 47), "192.0.2.1[gre]"],
    [{ ...ts("192.0.2.1", 6), ports: OPAQUE_PORTS }, "192.0.2.1[tcp/OPAQUE]"],
    [{ ...ts("192.0.2.1", 1), ports: icmpPorts(8) }, "192.0.2.1[icmp/8]"],
    [{ ...ts("192.0.2.1", 1), ports: icmpPorts(3, 4) }, "192.0.2.1[icmp/3/4]"],
    [{ ...ts("::1", 58), ports: { start: 0x8000, end: 0x81ff } }, "::1[ipv6-icmp/128-129]"],
    [{ ...ts("192.0.2.1", 200) }, "192.0.2.1[200]"],
    [{ ...ts("0.0.0.0/0", 6), addresses: { family: 4, start: 1n, end: 6n } }, "0.0.0.1-0.0.0.6[tcp]"],
  ];
  for (const [selector, text] of cases) assert.equal(formatSelector(selector), text);
});
