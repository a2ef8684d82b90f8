import assert from "node:assert/strict";
import fc from "fast-check";
import { ANY_PORT, formatPrefix, parseAddress, parsePrefix, rangeOfPrefix } from "../../../src/ip/mod.ts";
import { icmpPorts, OPAQUE_PORTS, type TrafficSelector } from "../../../src/selector/types.ts";
import {
  type KernelSelector,
  kernelSelectors,
  maskedPorts,
  MOST_SELECTORS,
  reverseSelector,
  selectorKey,
} from "../../../src/datapath/kernel/mod.ts";

function ts(prefix: string, protocol = 0, ports = ANY_PORT): TrafficSelector {
  return { addresses: rangeOfPrefix(parsePrefix(prefix)!), protocol, ports };
}

function selectors(from: TrafficSelector, to: TrafficSelector): readonly KernelSelector[] {
  const made = kernelSelectors(from, to);
  assert.ok(!("message" in made));
  return made;
}

Deno.test("xfrm: the masked ports of a range are just its ports, each once", () => {
  fc.assert(fc.property(fc.nat(65535), fc.nat(65535), (a, b) => {
    const range = { start: Math.min(a, b), end: Math.max(a, b) };
    const masked = maskedPorts(range);
    assert.ok(masked.length <= 30);
    const count = masked.reduce((sum, { mask }) => sum + 0x10000 - mask, 0);
    assert.equal(count, range.end - range.start + 1);
    for (const port of [range.start, range.end, (range.start + range.end) >> 1]) {
      assert.equal(masked.filter((one) => (port & one.mask) === one.port).length, 1);
    }
    for (const port of [range.start - 1, range.end + 1]) {
      if (port < 0 || port > 65535) continue;
      assert.equal(masked.filter((one) => (port & one.mask) === one.port && one.mask !== 0).length, 0);
    }
  }));
});

Deno.test("xfrm: a flow between two networks is one selector, the way back its mirror", () => {
  const [one, ...more] = selectors(ts("10.1.0.0/16"), ts("10.2.0.0/16", 6, { start: 23, end: 23 }));
  assert.deepEqual(more, []);
  assert.equal(formatPrefix(one!.source), "10.1.0.0/16");
  assert.deepEqual([one!.protocol, one!.destinationPort], [6, { port: 23, mask: 0xffff }]);
  const back = reverseSelector(one!);
  assert.deepEqual([back.sourcePort, formatPrefix(back.source)], [{ port: 23, mask: 0xffff }, "10.2.0.0/16"]);
  assert.equal(selectorKey(reverseSelector(back)), selectorKey(one!));
});

Deno.test("xfrm: ICMP's type and code stand where the kernel looks for them, in both directions", () => {
  const [echo] = selectors(ts("10.1.0.0/16", 1, icmpPorts(8, 0)), ts("10.2.0.0/16", 1, icmpPorts(8, 0)));
  assert.deepEqual([echo!.sourcePort.port, echo!.destinationPort.port], [8, 0]);
  assert.deepEqual(reverseSelector(echo!).sourcePort, echo!.sourcePort);
  const [type] = selectors(ts("10.1.0.0/16", 58, icmpPorts(128)), ts("10.2.0.0/16", 58));
  assert.deepEqual([type!.sourcePort, type!.destinationPort], [{ port: 128, mask: 0xffff }, {
    port: 0,
    mask: 0,
  }]);
  const odd = kernelSelectors(ts("10.1.0.0/16", 1, { start: 0x0801, end: 0x0a02 }), ts("10.2.0.0/16", 1));
  assert.ok("message" in odd);
});

Deno.test("xfrm: ranges that are no prefixes become several selectors, and too many are refused", () => {
  const range = (start: string, end: string, ports = ANY_PORT): TrafficSelector => ({
    addresses: { family: 4, start: parseAddress(start)!.value, end: parseAddress(end)!.value },
    protocol: 17,
    ports,
  });
  const made = selectors(range("10.1.0.1", "10.1.0.6"), range("10.2.0.0", "10.2.0.255"));
  assert.deepEqual(made.map(({ source }) => formatPrefix(source)), [
    "10.1.0.1",
    "10.1.0.2/31",
    "10.1.0.4/31",
    "10.1.0.6",
  ]);
  const many = kernelSelectors(
    range("10.1.0.1", "10.1.255.254", { start: 1, end: 65534 }),
    range("10.2.0.1", "10.2.255.254"),
  );
  assert.ok("message" in many && many.message.includes(`more than ${MOST_SELECTORS}`));
});

Deno.test("xfrm: flows that carry nothing have no selector, and OPAQUE ports are refused", () => {
  assert.deepEqual(selectors(ts("10.1.0.0/16"), ts("2001:db8::/32")), []);
  assert.deepEqual(selectors(ts("10.1.0.0/16", 6), ts("10.2.0.0/16", 17)), []);
  assert.ok("message" in kernelSelectors(ts("10.1.0.0/16", 6, OPAQUE_PORTS), ts("10.2.0.0/16", 6)));
});
