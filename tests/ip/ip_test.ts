import assert from "node:assert/strict";
import fc from "fast-check";
import * as ip from "../../src/ip/mod.ts";

const address = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }).map((value): ip.IpAddress => ({ family: 4, value })),
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value): ip.IpAddress => ({ family: 6, value })),
  // Many zero groups, so that `::` has to be placed.
  fc.array(fc.constantFrom(0n, 0n, 0n, 1n, 0xffffn), { minLength: 8, maxLength: 8 })
    .map((groups): ip.IpAddress => ({
      family: 6,
      value: groups.reduce<bigint>((v, g) => (v << 16n) | g, 0n),
    })),
);

Deno.test("address: text, octets and values are inverse to each other", () => {
  fc.assert(fc.property(address, (one) => {
    assert.deepEqual(ip.parseAddress(ip.formatAddress(one)), one);
    assert.deepEqual(ip.addressFromOctets(ip.addressToOctets(one)), one);
    assert.equal(ip.addressToOctets(one).length, ip.addressLength(one.family));
  }));
});

Deno.test("address: IPv6 prints as RFC 5952 asks", () => {
  const cases = [
    ["2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8::ABCD", "2001:db8::abcd"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["::ffff:c000:0201", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ];
  for (const [from, to] of cases) {
    const parsed = ip.parseAddress(from!);
    assert.ok(parsed !== undefined, from);
    assert.equal(ip.formatAddress(parsed), to);
  }
});

Deno.test("address: what is no address is undefined", () => {
  const wrong = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.-4",
    " 1.2.3.4",
    "1.2.3.4 ",
    "0x1.2.3.4",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8:9",
    "12345::",
    "g::",
    "::1.2.3",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "fe80::1%eth0",
  ];
  for (const text of wrong) assert.equal(ip.parseAddress(text), undefined, text);
});

Deno.test("address: octets of another number than 4 or 16 are none", () => {
  for (const length of [0, 1, 3, 5, 15, 17]) {
    assert.equal(ip.addressFromOctets(new Uint8Array(length)), undefined);
  }
});

Deno.test("address: families never mix", () => {
  const v4 = ip.parseAddress("0.0.0.1")!, v6 = ip.parseAddress("::1")!;
  assert.equal(v4.value, v6.value);
  assert.ok(!ip.sameAddress(v4, v6));
  assert.ok(!ip.rangeHolds(ip.wholeRange(6), v4));
  assert.ok(!ip.rangeCovers(ip.wholeRange(6), ip.rangeOfAddress(v4)));
  assert.equal(ip.intersectRanges(ip.wholeRange(4), ip.wholeRange(6)), undefined);
  assert.ok(ip.isUnspecified(ip.unspecified(4)) && !ip.isUnspecified(v4));
});

Deno.test("prefix: CIDR text is read, printed, and bounds the right addresses", () => {
  const prefix = ip.parsePrefix("10.1.2.3/16")!;
  assert.deepEqual(prefix, { address: ip.parseAddress("10.1.2.3"), length: 16 });
  const range = ip.rangeOfPrefix(prefix);
  assert.equal(ip.formatRange(range), "10.1.0.0/16");
  assert.ok(ip.rangeHolds(range, ip.parseAddress("10.1.255.255")!));
  assert.ok(!ip.rangeHolds(range, ip.parseAddress("10.2.0.0")!));
  assert.equal(ip.formatPrefix(prefix), "10.1.2.3/16");
  assert.equal(ip.formatPrefix(ip.parsePrefix("192.0.2.1")!), "192.0.2.1");
  assert.equal(ip.formatRange(ip.rangeOfPrefix(ip.parsePrefix("0.0.0.0/0")!)), "0.0.0.0/0");
  assert.equal(ip.formatRange(ip.rangeOfPrefix(ip.parsePrefix("2001:db8::/32")!)), "2001:db8::/32");
  for (
    const wrong of ["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1", "/8", "10.0.0.0/8/8"]
  ) {
    assert.equal(ip.parsePrefix(wrong), undefined, wrong);
  }
});

const range = fc.tuple(address, address).filter(([a, b]) => a.family === b.family).map(
  ([a, b]): ip.AddressRange => {
    const [start, end] = a.value < b.value ? [a.value, b.value] : [b.value, a.value];
    return { family: a.family, start, end };
  },
);

Deno.test("range: its prefixes are in order, without gaps, and exactly the range", () => {
  fc.assert(fc.property(range, (one) => {
    let next = one.start;
    const prefixes = ip.prefixesOfRange(one);
    for (const prefix of prefixes) {
      const part = ip.rangeOfPrefix(prefix);
      assert.equal(part.start, next);
      assert.equal(part.start, prefix.address.value, "no host bits");
      next = part.end + 1n;
    }
    assert.equal(next, one.end + 1n);
    assert.ok(prefixes.length <= 2 * ip.addressBits(one.family));
  }));
});

Deno.test("range: an intersection has the addresses of both and no other", () => {
  fc.assert(fc.property(range, range, address, (a, b, probe) => {
    const both = ip.intersectRanges(a, b);
    const inBoth = ip.rangeHolds(a, probe) && ip.rangeHolds(b, probe);
    assert.equal(both !== undefined && ip.rangeHolds(both, probe), inBoth);
    if (both !== undefined) assert.ok(ip.rangeCovers(a, both) && ip.rangeCovers(b, both));
    assert.equal(ip.rangeCovers(a, b), both !== undefined && both.start === b.start && both.end === b.end);
  }));
});

Deno.test("range: what is no prefix prints both ends", () => {
  const start = ip.parseAddress("192.0.2.1")!.value;
  assert.equal(ip.formatRange({ family: 4, start, end: start + 9n }), "192.0.2.1-192.0.2.10");
});

Deno.test("endpoint: IPv6 addresses are bracketed, and both parts decide whether two are the same", () => {
  const v4 = { address: ip.parseAddress("192.0.2.1")!, port: 500 };
  const v6 = { address: ip.parseAddress("2001:db8::1")!, port: 4500 };
  assert.equal(ip.formatEndpoint(v4), "192.0.2.1:500");
  assert.equal(ip.formatEndpoint(v6), "[2001:db8::1]:4500");
  assert.ok(ip.sameEndpoint(v4, { ...v4 }));
  assert.ok(!ip.sameEndpoint(v4, { ...v4, port: 501 }));
  assert.ok(!ip.sameEndpoint(v4, { ...v4, address: v6.address }));
  assert.equal(ip.familyOf(v6), 6);
});
