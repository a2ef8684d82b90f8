import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAddress, parsePrefix, rangeOfPrefix } from "../../src/ip/mod.ts";
import {
  checkNarrowed,
  covers,
  formatSelectors,
  MAX_SELECTORS,
  narrow,
  proposeSelectors,
  type SelectorLists,
  type SelectorPair,
  selectorsOfPacket,
  type TrafficSelector,
} from "../../src/selector/mod.ts";

const ts = (net: string, protocol = 0, port?: number): TrafficSelector => ({
  addresses: rangeOfPrefix(parsePrefix(net)!),
  protocol,
  ports: port === undefined ? { start: 0, end: 65535 } : { start: port, end: port },
});
const flow = (local: string, remote: string, protocol = 0): SelectorPair => ({
  local: ts(local, protocol),
  remote: ts(remote, protocol),
});
const lists = (tsi: TrafficSelector[], tsr: TrafficSelector[]): SelectorLists => ({ tsi, tsr });
const shown = (agreed: SelectorLists | undefined) =>
  agreed && `${formatSelectors(agreed.tsi)} | ${formatSelectors(agreed.tsr)}`;

// The responder's flow has our side as `local`, which is the initiator's TSr.
Deno.test("a proposal inside the policy is taken as it is", () => {
  const agreed = narrow(
    [flow("10.2.0.0/16", "10.1.0.0/16")],
    lists([ts("10.1.1.0/24")], [ts("10.2.0.0/16")]),
  );
  assert.equal(shown(agreed), "10.1.1.0/24 | 10.2.0.0/16");
  assert.equal(agreed?.narrowed, false);
});

Deno.test("a proposal of everything is narrowed to the policy", () => {
  const agreed = narrow([flow("10.2.0.0/16", "10.1.0.0/16")], lists([ts("0.0.0.0/0")], [ts("0.0.0.0/0")]));
  assert.equal(shown(agreed), "10.1.0.0/16 | 10.2.0.0/16");
  assert.equal(agreed?.narrowed, true);
});

Deno.test("the first selectors state a packet: they stay first, and wider ones that cover them take their place", () => {
  const packet = selectorsOfPacket({
    source: parseAddress("10.1.0.7")!,
    destination: parseAddress("10.2.0.9")!,
    protocol: 6,
    sourcePort: 4711,
    destinationPort: 23,
  });
  const offered = proposeSelectors([flow("10.1.0.0/16", "10.2.0.0/16")], {
    local: packet.source,
    remote: packet.destination,
  });
  assert.equal(shown(offered), "10.1.0.7[tcp/4711], 10.1.0.0/16 | 10.2.0.9[tcp/23], 10.2.0.0/16");
  const whole = narrow([flow("10.2.0.0/16", "10.1.0.0/16")], offered);
  assert.equal(shown(whole), "10.1.0.0/16 | 10.2.0.0/16");
  const other = narrow([flow("10.2.1.0/24", "10.1.1.0/24"), flow("10.2.0.0/24", "10.1.0.0/24")], offered);
  assert.ok(other?.tsi.some((one) => covers(one, packet.source)));
  assert.ok(other?.tsr.some((one) => covers(one, packet.destination)));
  assert.ok(covers(narrow([flow("10.2.0.9", "10.1.0.0/24", 6)], offered)!.tsi[0]!, packet.source));
});

Deno.test("several flows are answered by the union of their sides", () => {
  const ours = [flow("10.2.0.0/24", "10.1.0.0/24"), flow("10.2.9.0/24", "10.1.9.0/24", 17)];
  const agreed = narrow(ours, lists([ts("10.1.0.0/16")], [ts("10.2.0.0/16")]));
  assert.equal(shown(agreed), "10.1.0.0/24, 10.1.9.0/24[udp] | 10.2.0.0/24, 10.2.9.0/24[udp]");
});

Deno.test("nothing in common is no agreement: address, protocol, port, family, one side only", () => {
  const policy = [flow("10.2.0.0/16", "10.1.0.0/16", 6)];
  for (
    const offered of [
      lists([ts("10.3.0.0/16")], [ts("10.2.0.0/16")]),
      lists([ts("10.1.0.0/16")], [ts("10.3.0.0/16")]),
      lists([ts("10.1.0.0/16", 17)], [ts("10.2.0.0/16", 17)]),
      lists([ts("::/0")], [ts("::/0")]),
      lists([], [ts("10.2.0.0/16")]),
    ]
  ) assert.equal(narrow(policy, offered), undefined);
  const open = [flow("0.0.0.0/0", "0.0.0.0/0")];
  assert.equal(narrow(open, lists([ts("10.1.0.0/16", 6)], [ts("10.2.0.0/16", 17)])), undefined);
  assert.equal(narrow(open, lists([ts("0.0.0.0/0")], [ts("::/0")])), undefined);
  assert.equal(narrow([], lists([ts("0.0.0.0/0")], [ts("0.0.0.0/0")])), undefined);
});

Deno.test("an answer never has more selectors than a payload holds, however many flows there are", () => {
  const flows = Array.from({ length: 600 }, (_, i) => flow(`10.2.${i >> 8}.${i & 255}`, "10.1.0.0/16"));
  const agreed = narrow(flows, lists([ts("10.1.0.0/16")], [ts("10.2.0.0/16")]));
  assert.equal(agreed?.tsr.length, MAX_SELECTORS);
  assert.equal(agreed?.narrowed, true);
});

Deno.test("the initiator refuses an empty answer and selectors that it did not propose", () => {
  const proposed = lists([ts("10.1.0.0/16")], [ts("10.2.0.0/16", 6)]);
  assert.ok(checkNarrowed(proposed, lists([ts("10.1.0.0/16")], [ts("10.2.3.0/24", 6, 23)])).ok);
  const empty = checkNarrowed(proposed, lists([ts("10.1.0.0/16")], []));
  assert.deepEqual(empty, { ok: false, error: { code: "empty", side: "TSr" } });
  const wider = checkNarrowed(proposed, lists([ts("10.0.0.0/8")], [ts("10.2.0.0/16", 6)]));
  assert.deepEqual(wider, {
    ok: false,
    error: { code: "not-proposed", side: "TSi", selector: ts("10.0.0.0/8") },
  });
  assert.ok(!checkNarrowed(proposed, lists([ts("10.1.0.0/16")], [ts("10.2.0.0/16")])).ok);
});

Deno.test("whatever narrow answers, the initiator's check accepts and the responder's flows cover", () => {
  const net = fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: 8, max: 32 }))
    .map(([b, c, length]) => `10.${b}.${c}.0/${length}`);
  const selector = fc.tuple(net, fc.constantFrom(0, 6, 17)).map(([n, p]) => ts(n, p));
  const pair = fc.tuple(net, net, fc.constantFrom(0, 6, 17)).map(([l, r, p]) => flow(l, r, p));
  const offer = fc.record({
    tsi: fc.array(selector, { minLength: 1, maxLength: 4 }),
    tsr: fc.array(selector, { minLength: 1, maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1, maxLength: 4 }), offer, (flows, offered) => {
      const agreed = narrow(flows, offered);
      if (agreed === undefined) return;
      const checked = checkNarrowed(offered, agreed);
      assert.ok(checked.ok && checked.value.narrowed === agreed.narrowed);
      for (const one of agreed.tsi) assert.ok(flows.some((f) => covers(f.remote, one)));
      for (const one of agreed.tsr) assert.ok(flows.some((f) => covers(f.local, one)));
    }),
    { numRuns: 500 },
  );
});
