import assert from "node:assert/strict";
import fc from "fast-check";
import { DROP, packetBuffer } from "../../src/datapath/mod.ts";
import { addressOf, InnerPacket, OPAQUE, parseInner } from "../../src/datapath/esp/packet.ts";
import { compileSelectors, matches } from "../../src/datapath/esp/selectors.ts";
import { formatAddress } from "../../src/ip/mod.ts";
import type { TrafficSelector } from "../../src/selector/types.ts";
import { childPair, connected, filler, GCM, Host, ip, selector, tcp, udp, V4, V6 } from "./support.ts";

function parse(octets: Uint8Array, available = octets.length): InnerPacket | undefined {
  const buffer = packetBuffer(octets.length + 8), packet = new InnerPacket();
  buffer.octets.set(octets, 4);
  return parseInner(packet, buffer, 4, available) ? packet : undefined;
}

/** One extension header of eight octets and more. */
function extension(next: number, octets = 8): Uint8Array {
  const header = new Uint8Array(octets);
  header[0] = next;
  header[1] = octets / 8 - 1;
  return header;
}

function chain(first: number, ...parts: Uint8Array[]): Uint8Array {
  return ip({ ...V6, protocol: first }, new Uint8Array(parts.flatMap((part) => [...part])));
}

const PORTS = Uint8Array.of(0x03, 0xe8, 0x07, 0xd0, 0, 8, 0, 0);

Deno.test("inner packet: addresses, protocol and ports of IPv4 and IPv6", () => {
  for (const fields of [V4, V6]) {
    const packet = parse(udp(fields, filler(5)))!;
    assert.deepEqual([packet.protocol, packet.sourcePort, packet.destinationPort], [17, 1000, 2000]);
    assert.deepEqual([addressOf(packet, "source"), addressOf(packet, "destination")].map(formatAddress), [
      fields.from,
      fields.to,
    ]);
  }
});

Deno.test("inner packet: extension headers are walked, up to eight of them (RFC 8200 §4)", () => {
  const found = parse(chain(0, extension(43, 16), extension(60, 24), extension(17), PORTS))!;
  assert.deepEqual([found.protocol, found.headerLength, found.sourcePort], [17, 40 + 48, 1000]);
  const authentication = Uint8Array.of(17, 4, 0, 0, ...filler(20));
  assert.equal(parse(chain(51, authentication, PORTS))!.headerLength, 40 + 24);
  const eight = Array.from({ length: 7 }, () => extension(60));
  assert.equal(parse(chain(60, ...eight, extension(17), PORTS))!.destinationPort, 2000);
  assert.equal(parse(chain(60, ...eight, extension(60), extension(17), PORTS)), undefined);
});

Deno.test("inner packet: later fragments have no ports, first ones and atomic ones do", () => {
  const fragmentHeader = (word: number) => Uint8Array.of(17, 0, word >> 8, word & 255, 0, 0, 0, 1);
  const v6 = (word: number) => parse(chain(44, fragmentHeader(word), PORTS))!;
  assert.deepEqual([v6(8).sourcePort, v6(8).fragment, v6(8).protocol], [OPAQUE, true, 17]);
  assert.deepEqual([v6(1).sourcePort, v6(1).fragment], [1000, true]);
  assert.deepEqual([v6(0).sourcePort, v6(0).fragment], [1000, false]);
  const v4 = (fragment: number) => parse(udp({ ...V4, fragment }, filler(4)))!;
  assert.deepEqual([v4(0x2001).sourcePort, v4(0x2001).fragment], [1000, true].fill(OPAQUE, 0, 1));
  assert.deepEqual([v4(0x2000).sourcePort, v4(0x2000).fragment], [1000, true]);
  assert.deepEqual([v4(0x4000).fragment, v4(0x4000).dontFragment, v4(0).dontFragment], [false, true, false]);
});

Deno.test("inner packet: whatever is cut short or contradicts itself is refused, padding behind it is not", () => {
  const whole = [udp(V4, filler(9)), udp(V6, filler(9)), chain(0, extension(43), extension(6), filler(20))];
  for (const octets of whole) {
    assert.equal(parse(new Uint8Array([...octets, 1, 2, 3]))!.length, octets.length);
    for (let available = 0; available < octets.length; available++) {
      assert.equal(parse(octets, available), undefined);
    }
  }
  const changed = (at: number, value: number) => {
    const octets = udp(V4, filler(9));
    octets[at] = value;
    return parse(octets);
  };
  assert.equal(changed(0, 0x44), undefined, "header below 20 octets");
  assert.equal(changed(0, 0x4f), undefined, "header beyond the packet");
  assert.equal(changed(0, 0x55), undefined, "version 5");
  assert.equal(changed(3, 19), undefined, "length below the header");
  assert.equal(parse(chain(0, extension(17, 8))), undefined, "ports missing");
  assert.equal(
    parse(chain(0, Uint8Array.of(17, 200, 0, 0, 0, 0, 0, 0))),
    undefined,
    "extension beyond the packet",
  );
});

Deno.test("inner packet: arbitrary octets never throw, nor reach beyond what is there", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0x45, 0x60, 0x4f), (octets, first) => {
      if (octets.length > 0) octets[0] = first;
      const packet = parse(octets);
      if (packet !== undefined) {
        assert.ok(packet.headerLength <= packet.length && packet.length <= octets.length);
      }
    }),
  );
});

function judge(from: TrafficSelector[], to: TrafficSelector[], octets: Uint8Array): boolean {
  return matches(compileSelectors(from), compileSelectors(to), parse(octets)!);
}

Deno.test("selectors: addresses at both ends of a range, protocol and ports", () => {
  const range = {
    addresses: { family: 4 as const, start: 0x0a01_0005n, end: 0x0a01_0007n },
    protocol: 17,
    ports: { start: 900, end: 1000 },
  };
  const any = selector("0.0.0.0/0");
  for (const [last, inside] of [[4, false], [5, true], [7, true], [8, false]] as const) {
    assert.equal(judge([range], [any], udp({ ...V4, from: `10.1.0.${last}` }, filler(1))), inside);
  }
  const at = { ...V4, from: "10.1.0.6" };
  assert.equal(judge([range], [any], udp(at, filler(1), 899)), false);
  assert.equal(judge([range], [any], udp(at, filler(1), 900)), true);
  assert.equal(judge([range], [any], tcp(at, { sequence: 1, flags: 2 }, filler(1))), false);
  assert.equal(judge([range], [selector("::/0")], udp(at, filler(1))), false, "families do not mix");
  const six = selector("2001:db8:1::/48");
  assert.equal(judge([six], [selector("::/0")], udp(V6, filler(1))), true);
  assert.equal(judge([six], [selector("::/0")], udp({ ...V6, from: "2001:db8:2::1" }, filler(1))), false);
});

Deno.test("selectors: OPAQUE takes packets whose ports cannot be known, a range does not, any takes both", () => {
  const fragment = udp({ ...V4, fragment: 0x2001 }, filler(8)), whole = udp(V4, filler(8));
  const any = [selector("0.0.0.0/0")];
  const opaque = [selector("0.0.0.0/0", 17, 65535, 0)], range = [selector("0.0.0.0/0", 17, 1, 65535)];
  assert.deepEqual([any, opaque, range].map((from) => judge(from, any, fragment)), [true, true, false]);
  assert.deepEqual([any, opaque, range].map((from) => judge(from, any, whole)), [true, false, true]);
});

Deno.test("selectors: ICMP type and code stand in for ports (RFC 7296 §3.13.1)", () => {
  const request = ip({ ...V4, protocol: 1 }, Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0));
  const echo = [selector("0.0.0.0/0", 1, 0x0800, 0x08ff)], reply = [selector("0.0.0.0/0", 1, 0, 0xff)];
  assert.equal(judge(echo, echo, request), true);
  assert.equal(judge(reply, echo, request), false);
});

Deno.test("ESP: an authentic packet outside of the selectors of its SA is dropped (RFC 4301 §5.2)", () => {
  const pair = childPair(GCM), here = new Host(), there = new Host();
  const localSelectors = [selector("0.0.0.0/0"), selector("::/0")];
  assert.ok(here.esp.install({ ...pair.here, localSelectors }).ok && there.esp.install(pair.there).ok);
  for (const fields of [V4, V6]) {
    const [foreign] = here.inside(
      udp({ ...fields, from: fields === V4 ? "10.9.0.1" : "2001:db8:9::1" }, filler(1)),
    );
    assert.deepEqual(there.outside([foreign!]), []);
    assert.equal(there.outside(here.inside(udp(fields, filler(1)))).length, 1);
  }
  assert.equal(there.esp.drops.of(DROP.selectorMismatch), 2);
  assert.equal(there.esp.usage([1])[0]!.packetsIn, 2);
});

Deno.test("ESP: one pair carries IPv4 and IPv6 whatever its outer family is", () => {
  const { here, there } = connected(GCM);
  const six = { address: { family: 6 as const, value: 1n }, port: 4500 };
  for (const host of [here, there]) host.esp.move([1], six, six, true);
  for (const packet of [udp(V4, filler(9)), udp(V6, filler(9))]) {
    assert.deepEqual(there.outside(here.inside(packet)), [packet]);
  }
  assert.deepEqual(here.sent.map(({ path }) => path.remote), [six, six]);
});
