import assert from "node:assert/strict";
import { formatPrefix, parsePrefix } from "../../../src/ip/mod.ts";
import type { ChildInstall, DatapathEvent, FlowInstall } from "../../../src/datapath/mod.ts";
import { Kernel } from "../../../src/datapath/kernel/mod.ts";
import { XfrmPort } from "../../../src/datapath/xfrm/mod.ts";
import { FakeKernel } from "../xfrm/fake_kernel.ts";
import { address, child as childOf, ts } from "./bench.ts";

/** iked.conf(5): from 10.10.10.1 (192.168.1.0/24) to 192.168.2.0/24. */
const FLOW: FlowInstall = {
  policy: "translated",
  local: ts("10.10.10.1/32"),
  remote: ts("192.168.2.0/24"),
  sourceNat: parsePrefix("192.168.1.0/24")!,
  outer: { remote: address("192.0.2.2") },
};

function child(id: number, more: Partial<ChildInstall> = {}): ChildInstall {
  return childOf(id, {
    policy: FLOW.policy,
    localSelectors: [FLOW.local],
    remoteSelectors: [FLOW.remote],
    ...more,
  });
}

function bench() {
  const fake = new FakeKernel();
  const events: DatapathEvent[] = [];
  const kernel = new Kernel({
    port: new XfrmPort(fake),
    now: () => 0,
    fraction: () => 0,
    event: (event) => void events.push(event),
  });
  /** Direction, action and ends of each policy. */
  const policies = () =>
    [...fake.policies.values()].map(({ state: { direction, action, selector, templates } }) => {
      const [from, to] = [selector.source, selector.destination].map(formatPrefix);
      return `${direction} ${action} ${templates.length} ${from} > ${to}`;
    }).sort();
  return { fake, events, kernel, policies };
}

const HELD = [
  "forward block 0 192.168.2.0/24 > 10.10.10.1",
  "forward block 0 192.168.2.0/24 > 192.168.1.0/24",
  "in block 0 192.168.2.0/24 > 10.10.10.1",
  "in block 0 192.168.2.0/24 > 192.168.1.0/24",
  "out protect 1 10.10.10.1 > 192.168.2.0/24",
  "out protect 1 192.168.1.0/24 > 192.168.2.0/24",
];

Deno.test("kernel: packets of a flow with source NAT are held back before translation and after it, and ask for an SA", () => {
  const { fake, events, kernel, policies } = bench();
  assert.ok(kernel.setFlows([FLOW]).ok);
  assert.deepEqual(policies(), HELD);
  const [held, translated] = ["192.168.1.0/24", "10.10.10.1"].map((source) =>
    [...fake.policies.values()].find(({ state }) => formatPrefix(state.selector.source) === source)!.state
  );
  assert.deepEqual(held!.templates, translated!.templates);
  for (const source of ["192.168.1.7", "10.10.10.1", "192.168.3.1"]) {
    const host = (text: string) => ({ address: address(text), length: 32 });
    const none = { port: 0, mask: 0 };
    kernel.told({
      kind: "acquire",
      sequence: 1,
      protocol: "esp",
      source: address("192.0.2.1"),
      destination: address("192.0.2.2"),
      selector: {
        family: 4,
        source: host(source),
        destination: host("192.168.2.9"),
        protocol: 1,
        sourcePort: none,
        destinationPort: none,
      },
      policyIndex: 1,
      priority: 0,
    });
  }
  assert.deepEqual(events.map((event) => event.kind === "acquire" && event.source), [
    address("192.168.1.7"),
    address("10.10.10.1"),
  ]);
  kernel.close();
  assert.equal(fake.policies.size, 0);
});

Deno.test("kernel: an SA lets true sources out, but lets in only what was agreed on", () => {
  const { fake, kernel, policies } = bench();
  kernel.setFlows([FLOW]);
  assert.ok(kernel.install(child(1)).ok);
  const carried = [
    "forward block 0 192.168.2.0/24 > 192.168.1.0/24",
    "forward protect 1 192.168.2.0/24 > 10.10.10.1",
    "in block 0 192.168.2.0/24 > 192.168.1.0/24",
    "in protect 1 192.168.2.0/24 > 10.10.10.1",
    "out protect 1 10.10.10.1 > 192.168.2.0/24",
    "out protect 1 192.168.1.0/24 > 192.168.2.0/24",
  ];
  assert.deepEqual(policies(), carried);
  const outward = [...fake.policies.values()].filter(({ state }) => state.direction === "out");
  const reqids = outward.map(({ state }) => [state.templates[0]!.reqid, state.templates[0]!.source]);
  assert.deepEqual(reqids[0], reqids[1]);
  assert.deepEqual(reqids[0]![1], address("192.0.2.1"), "the SA's own ends");
  kernel.install(child(2));
  kernel.remove([1]);
  assert.deepEqual(policies(), carried);
  kernel.remove([2]);
  assert.deepEqual(policies(), HELD);
  kernel.close();
  assert.deepEqual([fake.sas.size, fake.policies.size], [0, 0]);
});

Deno.test("kernel: the peer's narrowing is that of true sources as well; the rest is held back", () => {
  const { kernel, policies } = bench();
  kernel.setFlows([FLOW]);
  kernel.install(child(1, { remoteSelectors: [ts("192.168.2.0/25")] }));
  assert.deepEqual(policies().filter((one) => one.startsWith("out ")), [
    "out protect 1 10.10.10.1 > 192.168.2.0/24",
    "out protect 1 10.10.10.1 > 192.168.2.0/25",
    "out protect 1 192.168.1.0/24 > 192.168.2.0/24",
    "out protect 1 192.168.1.0/24 > 192.168.2.0/25",
  ]);
});

Deno.test("kernel: a policy without source NAT, and an SA of another policy, have nothing of it", () => {
  const { kernel, policies } = bench();
  const { sourceNat: _, ...plain } = FLOW;
  kernel.setFlows([{ ...plain, policy: "other" }, FLOW]);
  kernel.install(child(1, { policy: "other" }));
  const before = policies();
  assert.ok(before.includes("out protect 1 192.168.1.0/24 > 192.168.2.0/24"));
  kernel.setFlows([{ ...plain, policy: "other" }]);
  assert.ok(policies().every((one) => !one.includes("192.168.1.0")));
});
