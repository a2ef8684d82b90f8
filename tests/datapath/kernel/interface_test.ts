import assert from "node:assert/strict";
import { concat, fromHex } from "../../../src/bytes/mod.ts";
import type { ChildInstall, FlowInstall } from "../../../src/datapath/mod.ts";
import { Kernel } from "../../../src/datapath/kernel/mod.ts";
import { attributeU32 } from "../../../src/datapath/rtnetlink/mod.ts";
import { parseEvent, XFRM_MSG, XfrmPort } from "../../../src/datapath/xfrm/mod.ts";
import { XFRMA } from "../../../src/datapath/xfrm/numbers.ts";
import { FakeKernel } from "../xfrm/fake_kernel.ts";
import { ANSWERS } from "../xfrm/recorded.ts";
import { address, child as childOf, ts } from "./bench.ts";

const EVERYTHING = ts("0.0.0.0/0");

function flow(policy: string, interfaceId?: number): FlowInstall {
  const own = interfaceId === undefined ? {} : { iface: `sec${interfaceId}`, interfaceId };
  return {
    policy,
    local: EVERYTHING,
    remote: EVERYTHING,
    outer: { remote: address("192.0.2.2") },
    ...own,
  };
}

function child(id: number, policy: string, more: Partial<ChildInstall>): ChildInstall {
  return childOf(id, { policy, localSelectors: [EVERYTHING], remoteSelectors: [EVERYTHING], ...more });
}

Deno.test("kernel: tunnels with interfaces have the same selectors without a word of each other", () => {
  const fake = new FakeKernel();
  const kernel = new Kernel({ port: new XfrmPort(fake), now: () => 0, fraction: () => 0, event: () => {} });
  /** Interface, direction and action of each policy. */
  const policies = () =>
    [...fake.policies.values()].map(({ state }) =>
      `${state.interfaceId ?? "-"} ${state.direction} ${state.action}`
    ).sort();
  const held = (id: string) => [`${id} forward block`, `${id} in block`, `${id} out protect`];
  const carried = (id: string) => [`${id} forward protect`, `${id} in protect`, `${id} out protect`];
  assert.ok(kernel.setFlows([flow("one", 1), flow("two", 2), flow("none")]).ok);
  assert.deepEqual(policies(), [...held("-"), ...held("1"), ...held("2")]);
  assert.ok(kernel.install(child(1, "two", { iface: "sec2", interfaceId: 2 })).ok);
  assert.deepEqual(policies(), [...held("-"), ...held("1"), ...carried("2")]);
  assert.deepEqual([...fake.sas.values()].map(({ state }) => state.interfaceId), [2, 2]);
  kernel.move([1], { address: address("192.0.2.1"), port: 4500 }, {
    address: address("192.0.2.3"),
    port: 4500,
  }, true);
  assert.deepEqual([...fake.sas.values()].map(({ state }) => state.interfaceId), [2, 2]);
  assert.deepEqual(kernel.compare(), { leftovers: 0, restored: 0, vanished: 0 });
  kernel.remove([1]);
  assert.ok(kernel.setFlows([flow("none")]).ok);
  assert.deepEqual(policies(), held("-"));
  kernel.close();
  assert.deepEqual([fake.sas.size, fake.policies.size], [0, 0]);
});

Deno.test("kernel: a packet that was routed into an interface asks for that interface's tunnel", () => {
  const fake = new FakeKernel(), asked: string[] = [];
  const kernel = new Kernel({
    port: new XfrmPort(fake),
    now: () => 0,
    fraction: () => 0,
    event: (event) => void (event.kind === "acquire" && asked.push(event.policy)),
  });
  kernel.setFlows([flow("one", 1), flow("two", 2), flow("none")]);
  const acquire = fromHex(ANSWERS.acquire);
  assert.ok(acquire.ok);
  for (const id of [undefined, 2, 1, 3]) {
    const own = id === undefined ? new Uint8Array(0) : attributeU32(XFRMA.IF_ID, id);
    const message = { type: XFRM_MSG.ACQUIRE, flags: 0, sequence: 0, body: concat(acquire.value, own) };
    kernel.told(parseEvent(message)!);
  }
  assert.deepEqual(asked, ["none", "two", "one"]);
});

Deno.test("kernel: IPComp's SAs are of the interface, too", () => {
  const fake = new FakeKernel();
  const kernel = new Kernel({ port: new XfrmPort(fake), now: () => 0, fraction: () => 0, event: () => {} });
  const ipcomp = { transform: 2, inboundCpi: 0x1001, outboundCpi: 0x1002 };
  assert.ok(kernel.install(child(1, "one", { iface: "sec1", interfaceId: 7, ipcomp })).ok);
  assert.deepEqual([...fake.sas.values()].map(({ state }) => state.interfaceId), [7, 7, 7, 7]);
});
