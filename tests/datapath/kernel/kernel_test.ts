import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex } from "../../../src/bytes/mod.ts";
import type { KernelSelector } from "../../../src/datapath/kernel/mod.ts";
import type { NetlinkRequest } from "../../../src/datapath/rtnetlink/mod.ts";
import {
  deletePolicy,
  deleteSa,
  flushPolicies,
  flushSas,
  newPolicy,
  newSa,
  XFRM_MSG,
} from "../../../src/datapath/xfrm/mod.ts";
import { ANSWERS } from "../xfrm/recorded.ts";
import { address, Bench, child, FLOW, HERE, inName, outName, THERE, ts } from "./bench.ts";

Deno.test("kernel: a flow without an SA asks for one and lets nothing in or on in clear", () => {
  const bench = new Bench();
  assert.ok(bench.kernel.setFlows([FLOW]).ok);
  assert.deepEqual(bench.policies(), ["forward block 0", "in block 0", "out protect 1"]);
  const acquire = fromHex(ANSWERS.acquire);
  assert.ok(acquire.ok);
  bench.told({ type: XFRM_MSG.ACQUIRE, flags: 0, sequence: 0, body: acquire.value });
  assert.deepEqual(bench.events.map((event) => event.kind === "acquire" && event.policy), ["sites"]);
  // A peer that is no one address cannot be asked for: the packets are dropped.
  const { outer: _, ...anybody } = FLOW;
  assert.ok(bench.kernel.setFlows([anybody]).ok);
  assert.deepEqual(bench.policies(), ["forward block 0", "in block 0", "out block 0"]);
  bench.kernel.close();
  bench.empty();
});

Deno.test("kernel: a Child SA takes the flow's policies over in place, and gives them back", () => {
  const bench = new Bench();
  bench.kernel.setFlows([FLOW]);
  const keys = child(1);
  assert.ok(bench.kernel.install(keys).ok);
  assert.deepEqual(bench.policies(), ["forward protect 1", "in protect 1", "out protect 1"]);
  assert.deepEqual([...bench.fake.sas.keys()].sort(), [inName(1), outName(1)].sort());
  assert.ok(
    keys.inbound.encrKey.every((octet) => octet === 0) && keys.outbound.encrKey.every((octet) => octet === 0),
  );
  assert.ok(!bench.fake.asked.includes(XFRM_MSG.DELPOLICY), "no moment without a policy");
  bench.kernel.remove([1]);
  assert.deepEqual(bench.policies(), ["forward block 0", "in block 0", "out protect 1"]);
  assert.equal(bench.fake.sas.size, 0);
  assert.ok(!bench.fake.asked.includes(XFRM_MSG.DELPOLICY));
  bench.kernel.close();
  bench.empty();
});

Deno.test("kernel: both SAs of a pair with a mark bear it, wherever they move", () => {
  const bench = new Bench();
  const marks = () => [...bench.fake.sas.values()].map(({ state }) => state.outputMark);
  bench.kernel.install(child(1));
  assert.deepEqual(marks(), [undefined, undefined]);
  bench.kernel.remove([1]);
  bench.kernel.install(child(2, { mark: 0xffff_ffff }));
  assert.deepEqual(marks(), [0xffff_ffff, 0xffff_ffff]);
  bench.kernel.move([2], HERE, { ...THERE, address: address("192.0.2.3") }, true);
  assert.deepEqual(marks(), [0xffff_ffff, 0xffff_ffff]);
  bench.kernel.remove([2]);
  bench.empty();
});

Deno.test("kernel: answers are let in before a packet that has waited can go out", () => {
  const bench = new Bench();
  bench.kernel.setFlows([FLOW]);
  const { NEWSA, UPDPOLICY } = XFRM_MSG;
  const asked = bench.fake.asked.length;
  bench.kernel.install(child(1));
  assert.deepEqual(bench.fake.asked.slice(asked), [NEWSA, UPDPOLICY, UPDPOLICY, NEWSA, UPDPOLICY]);
  assert.deepEqual(bench.policies(), ["forward protect 1", "in protect 1", "out protect 1"]);
  bench.kernel.close();
  bench.empty();
});

Deno.test("kernel: a rekey keeps reqid and policies; a responder sends by the new SA once the peer has", () => {
  const bench = new Bench();
  bench.kernel.setFlows([FLOW]);
  bench.kernel.install(child(1));
  const asked = bench.fake.asked.length;
  bench.kernel.install(child(2, { outboundFrom: "when-used" }));
  assert.deepEqual(bench.fake.asked.slice(asked), [XFRM_MSG.NEWSA], "the policies are as they were");
  assert.ok(!bench.fake.sas.has(outName(2)));
  bench.told(bench.fake.expire(inName(2), false));
  assert.ok(bench.fake.sas.has(outName(2)));
  assert.deepEqual(bench.events, []);
  const [one, two] = [1, 2].map((id) => bench.fake.sas.get(outName(id))!.state.reqid);
  assert.equal(one, two);
  bench.kernel.remove([1]);
  assert.deepEqual(bench.policies(), ["forward protect 1", "in protect 1", "out protect 1"]);
  bench.kernel.remove([2]);
  bench.kernel.close();
  bench.empty();
});

Deno.test("kernel: a pair that never sends has an inbound SA alone, whatever comes through it", () => {
  const bench = new Bench();
  bench.kernel.setFlows([FLOW]);
  bench.kernel.install(child(1));
  bench.kernel.install(child(2, { outboundFrom: "never", lifetimeOctets: 1_000_000 }));
  bench.fake.count(inName(2), 500, 5);
  bench.kernel.activate(2);
  bench.kernel.compare();
  assert.ok(bench.fake.sas.has(inName(2)) && !bench.fake.sas.has(outName(2)));
  bench.told(bench.fake.expire(inName(2), false));
  assert.deepEqual(bench.events, [{ kind: "expired", id: 2, limit: "soft" }]);
  bench.kernel.remove([2]);
  bench.kernel.close();
  bench.empty();
});

Deno.test("kernel: the limit that tells of a first packet is never taken for one of octets, however late it comes", () => {
  const bench = new Bench();
  const limit = { outboundFrom: "when-used", lifetimeOctets: 1_000_000 } as const;
  bench.kernel.install(child(1, limit));
  // The peer deleted the old pair before it used this one.
  bench.kernel.activate(1);
  bench.told(bench.fake.expire(inName(1), false));
  bench.kernel.move([1], HERE, { ...THERE, port: 50_000 }, true);
  bench.told(bench.fake.expire(inName(1), false));
  assert.deepEqual(bench.events, []);
  bench.told(bench.fake.expire(outName(1), false));
  assert.deepEqual(bench.events, [{ kind: "expired", id: 1, limit: "soft" }]);
});

Deno.test("kernel: where the first packet is waited for, octets that come in are compared, before and after a move", () => {
  const bench = new Bench();
  const { kernel, fake } = bench;
  kernel.install(child(1, { outboundFrom: "when-used", lifetimeOctets: 1_000_000 }));
  // A hard limit would end the SA unannounced.
  const limits = fake.sas.get(inName(1))!.state.limits;
  assert.deepEqual([limits?.softPackets, limits?.softOctets, limits?.hardOctets], [1n, 0n, 0n]);
  fake.count(inName(1), 500_000, 500);
  kernel.compare();
  assert.ok(fake.sas.has(outName(1)), "and so is a first packet");
  assert.deepEqual(bench.events, []);
  kernel.move([1], HERE, { ...THERE, port: 50_000 }, true);
  fake.count(inName(1), 250_000, 250);
  kernel.compare();
  assert.deepEqual(bench.events, [{ kind: "expired", id: 1, limit: "soft" }]);
});

Deno.test("kernel: limits in octets become events; the kernel's own count is what is shown", () => {
  const bench = new Bench();
  bench.kernel.install(child(1, { lifetimeOctets: 1_000_000 }));
  const { limits } = bench.fake.sas.get(outName(1))!.state;
  assert.deepEqual([limits?.softOctets, limits?.hardOctets], [750_000n, 1_000_000n]);
  bench.fake.count(inName(1), 500, 5);
  bench.fake.count(outName(1), 700, 7);
  bench.time = 10;
  const [usage] = bench.kernel.usage([1, 99]);
  assert.deepEqual(usage, {
    id: 1,
    octetsIn: 500,
    octetsOut: 700,
    packetsIn: 5,
    packetsOut: 7,
    lastInMs: 10,
  });
  bench.time = 20;
  assert.equal(bench.kernel.usage([1])[0]!.lastInMs, 10);
  bench.told(bench.fake.expire(outName(1), false));
  bench.told(bench.fake.expire(outName(1), true));
  assert.deepEqual(bench.events.map((event) => event.kind === "expired" && event.limit), ["soft", "hard"]);
  // Its end is known: nobody removed it.
  assert.equal(bench.kernel.compare().vanished, 0);
  assert.equal(bench.events.length, 2);
});

Deno.test("kernel: what is gone by somebody else's hand calls for a comparison, own removals do not", () => {
  const bench = new Bench();
  const { kernel, fake } = bench;
  kernel.setFlows([FLOW]);
  kernel.install(child(1));
  kernel.install(child(2));
  const hear = (requests: readonly NetlinkRequest[]) => {
    for (const request of requests) bench.told({ ...request, sequence: 0 });
  };
  const sa = fake.sas.get(outName(1))!.state, policy = [...fake.policies.values()][0]!.state;
  // Still there: it was made anew.
  hear([deleteSa(sa)]);
  kernel.remove([2]);
  hear([deleteSa({ ...sa, spi: 0x2002 }), deleteSa({ ...sa, spi: 0x9999 })]);
  hear([deletePolicy({ ...policy, selector: { ...policy.selector, protocol: 17 } })]);
  assert.equal(kernel.suspicious, false);
  assert.ok(fake.request(deleteSa(sa), "remove").ok);
  hear([deleteSa(sa)]);
  assert.equal(kernel.suspicious, true);
  assert.deepEqual(kernel.compare(), { leftovers: 0, restored: 0, vanished: 1 });
  assert.deepEqual(bench.events.splice(0), [{ kind: "vanished", id: 1 }]);
  for (const request of [deletePolicy(policy), flushPolicies(), flushSas(undefined)]) {
    assert.equal(kernel.suspicious, false);
    hear([request]);
    assert.equal(kernel.suspicious, true);
    kernel.compare();
  }
  // As long as the kernel would not tell what it holds, nothing is certain.
  hear([flushPolicies()]);
  fake.failing = { after: 1, errno: 105 };
  kernel.compare();
  assert.equal(kernel.suspicious, true);
  kernel.compare();
  assert.equal(kernel.suspicious, false);
});

Deno.test("kernel: a policy that cannot be put back is told, and tried again by the next comparison", () => {
  const bench = new Bench();
  const { kernel, fake } = bench;
  kernel.setFlows([FLOW]);
  const [key] = [...fake.policies.keys()];
  fake.policies.delete(key!);
  fake.failing = { after: 2, errno: 12 };
  assert.equal(kernel.compare().restored, 0);
  assert.deepEqual(bench.events, [
    { kind: "noticed", text: "Cannot install an IPsec policy: out of memory (ENOMEM)" },
  ]);
  assert.equal(kernel.compare().restored, 1);
  assert.equal(fake.policies.size, 3);
});

Deno.test("kernel: news that were lost are made up for: first packets, soft limits, what asks for an SA", () => {
  const bench = new Bench();
  const { kernel, fake } = bench;
  kernel.setFlows([FLOW]);
  kernel.install(child(1, { lifetimeOctets: 1_000_000 }));
  kernel.install(child(2, { outboundFrom: "when-used" }));
  fake.count(outName(1), 750_000, 700);
  fake.count(inName(2), 100, 1);
  const asked = fake.sas.get(outName(1))!;
  const selector: KernelSelector = {
    family: 4,
    source: { address: address("10.1.0.5"), length: 32 },
    destination: { address: address("10.2.0.6"), length: 32 },
    protocol: 1,
    sourcePort: { port: 8, mask: 0xffff },
    destinationPort: { port: 0, mask: 0xffff },
  };
  const note = { ...asked.state, spi: 0, selector, algorithms: {} };
  assert.ok(fake.request(newSa(note), "note").ok);
  kernel.lostNews();
  kernel.lostNews();
  assert.equal(kernel.suspicious, true);
  kernel.compare();
  assert.deepEqual(bench.events, [
    { kind: "noticed", text: "The kernel told more than its queue holds: comparing SAs and policies" },
    { kind: "expired", id: 1, limit: "soft" },
    {
      kind: "acquire",
      policy: "sites",
      source: selector.source.address,
      destination: selector.destination.address,
    },
  ]);
  assert.ok(fake.sas.has(outName(2)));
});

Deno.test("kernel: a pair that moves keeps window and counters, and its policies follow", () => {
  const bench = new Bench();
  bench.kernel.install(child(1, { udpEncap: true, lifetimeOctets: 10_000 }));
  bench.fake.count(inName(1), 500, 5);
  const elsewhere = { address: address("203.0.113.9"), port: 50_000 };
  bench.kernel.move([1], HERE, elsewhere, true);
  const moved = bench.fake.sas.get("cb007109 2001 esp")!.state;
  assert.deepEqual(moved.encapsulation, { sourcePort: 4500, destinationPort: 50_000 });
  const inbound = bench.fake.sas.get(inName(1))!.state;
  assert.deepEqual([inbound.encapsulation?.sourcePort, inbound.limits?.hardOctets], [50_000, 9_500n]);
  assert.equal(bench.kernel.usage([1])[0]!.octetsIn, 500);
  const out = [...bench.fake.policies.values()].find(({ state }) => state.direction === "out")!.state;
  assert.equal(out.templates[0]!.destination?.value, elsewhere.address.value);
  bench.kernel.close();
  bench.empty();
});

Deno.test("kernel: whatever request fails, an installation leaves nothing behind and says what is missing", () => {
  for (let after = 0; after < 5; after++) {
    const bench = new Bench();
    bench.fake.failing = { after, errno: 93 };
    const installed = bench.kernel.install(child(1));
    assert.ok(!installed.ok, `request ${after}`);
    assert.match(installed.error.message, /esp4/);
    bench.empty();
    assert.ok(bench.kernel.install(child(1)).ok);
  }
});

Deno.test("kernel: flows of which one cannot be installed leave the old ones as they were", () => {
  for (let after = 0; after < 6; after++) {
    const bench = new Bench();
    bench.kernel.setFlows([FLOW]);
    const before = bench.policies(), names = [...bench.fake.policies.keys()];
    bench.fake.failing = { after, errno: 12 };
    const other = { ...FLOW, remote: ts("10.3.0.0/16") };
    const third = { ...FLOW, remote: ts("10.4.0.0/16") };
    assert.ok(!bench.kernel.setFlows([other, third]).ok);
    assert.deepEqual(bench.policies(), before);
    assert.ok(!bench.fake.deleted.some((name) => names.includes(name)), "no moment without them");
    bench.kernel.close();
    bench.empty();
  }
});

Deno.test("kernel: an SPI that is taken, selectors and algorithms that the kernel cannot say, are told as such", () => {
  const bench = new Bench();
  bench.kernel.install(child(1));
  const again = bench.kernel.install({ ...child(1), id: 2 });
  assert.equal(again.ok ? "" : again.error.code, "spi-in-use");
  assert.equal(bench.fake.sas.size, 2, "the one that was there stays");
  const opaque = { ...FLOW.local, ports: { start: 65535, end: 0 } };
  const refused = bench.kernel.install(child(3, { localSelectors: [opaque] }));
  assert.equal(refused.ok ? "" : refused.error.code, "unsupported");
});

Deno.test("kernel: a comparison removes own leftovers, restores what vanished, and leaves strangers alone", () => {
  const bench = new Bench();
  const earlier = new Bench();
  earlier.kernel.setFlows([FLOW]);
  earlier.kernel.install(child(7));
  for (const [name, sa] of earlier.fake.sas) bench.fake.sas.set(name, sa);
  for (const [key, policy] of earlier.fake.policies) bench.fake.policies.set(key, policy);
  const stranger = { ...earlier.fake.sas.get(inName(7))!.state, spi: 0x9999, reqid: 5 };
  assert.ok(bench.fake.request(newSa(stranger), "add").ok);
  const theirs = { ...[...earlier.fake.policies.values()][0]!.state, priority: 1000 };
  const elsewhere = { ...theirs, selector: { ...theirs.selector, protocol: 17 } };
  assert.ok(bench.fake.request(newPolicy(elsewhere), "add").ok);

  assert.deepEqual(bench.kernel.compare(), { leftovers: 5, restored: 0, vanished: 0 });
  assert.deepEqual([bench.fake.sas.size, bench.fake.policies.size], [1, 1]);

  bench.kernel.setFlows([FLOW]);
  bench.kernel.install(child(1));
  bench.fake.sas.delete(outName(1));
  const ours = [...bench.fake.policies].find(([, { state }]) =>
    state.direction === "out" && state.priority > 1000
  );
  bench.fake.policies.delete(ours![0]);
  assert.deepEqual(bench.kernel.compare(), { leftovers: 0, restored: 1, vanished: 1 });
  assert.deepEqual(bench.events, [
    { kind: "vanished", id: 1 },
    { kind: "noticed", text: "Somebody else removed IPsec policies: put 1 back" },
  ]);
  bench.kernel.close();
  assert.deepEqual([bench.fake.sas.size, bench.fake.policies.size], [1, 1]);
});

Deno.test("kernel: after a crash the old policies hold packets back until the new flows are there, the old SAs go at once", () => {
  const earlier = new Bench();
  earlier.kernel.setFlows([FLOW, { ...FLOW, remote: ts("10.9.0.0/16") }]);
  earlier.kernel.install(child(7));
  const bench = new Bench();
  for (const [name, sa] of earlier.fake.sas) bench.fake.sas.set(name, sa);
  for (const [key, policy] of earlier.fake.policies) bench.fake.policies.set(key, policy);
  const kept = [...bench.fake.policies.keys()].filter((key) => !key.includes("a090000"));
  bench.kernel.takeOver();
  assert.deepEqual([bench.fake.sas.size, bench.fake.policies.size], [0, 6]);
  assert.ok(bench.kernel.setFlows([FLOW]).ok);
  assert.deepEqual([...bench.fake.policies.keys()].sort(), kept.sort());
  assert.ok(!bench.fake.deleted.some((key) => kept.includes(key)));
});

Deno.test("kernel: any course of orders ends with an empty kernel", () => {
  const order = fc.oneof(
    fc.record({
      what: fc.constant("install" as const),
      id: fc.nat(6),
      waits: fc.boolean(),
      comp: fc.boolean(),
      sub: fc.nat(2),
    }),
    fc.record({ what: fc.constant("remove" as const), id: fc.nat(6) }),
    fc.record({ what: fc.constant("activate" as const), id: fc.nat(6) }),
    fc.record({ what: fc.constant("move" as const), id: fc.nat(6), port: fc.nat(3) }),
    fc.record({ what: fc.constant("flows" as const), count: fc.nat(3) }),
    fc.record({ what: fc.constant("fail" as const), after: fc.nat(6) }),
  );
  const subnets = ["10.2.0.0/16", "10.2.1.0/24", "10.3.0.0/16"];
  fc.assert(
    fc.property(fc.array(order, { maxLength: 40 }), (orders) => {
      const bench = new Bench();
      for (const one of orders) {
        if (one.what === "install") {
          bench.kernel.remove([one.id]);
          const more = {
            outboundFrom: one.waits ? "when-used" : "now",
            remoteSelectors: [ts(subnets[one.sub]!)],
            ...(one.comp
              ? { ipcomp: { transform: 2, inboundCpi: 0x100 + one.id, outboundCpi: 0x200 + one.id } }
              : {}),
          } as const;
          bench.kernel.install(child(one.id, more));
        } else if (one.what === "remove") bench.kernel.remove([one.id]);
        else if (one.what === "activate") bench.kernel.activate(one.id);
        else if (one.what === "move") {
          bench.kernel.move([one.id], HERE, { ...THERE, port: 4500 + one.port }, one.port > 0);
        } else if (one.what === "flows") {
          bench.kernel.setFlows(subnets.slice(0, one.count).map((to) => ({ ...FLOW, remote: ts(to) })));
        } else bench.fake.failing = { after: one.after, errno: 105 };
      }
      bench.fake.failing = undefined;
      bench.kernel.compare();
      assert.ok(bench.kernel.size <= 7);
      bench.kernel.close();
      bench.kernel.compare();
      bench.empty();
    }),
    { numRuns: 300 },
  );
});
