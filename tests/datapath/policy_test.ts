import assert from "node:assert/strict";
import { DROP, type FlowInstall } from "../../src/datapath/mod.ts";
import { formatAddress } from "../../src/ip/mod.ts";
import { childPair, connected, endpoint, filler, GCM, Host, selector, tcp, udp, V4, V6 } from "./support.ts";

function flow(policy: string, local: string, remote: string): FlowInstall {
  return { policy, local: selector(local), remote: selector(remote) };
}

Deno.test("a flow without SA holds its packets back and asks for one, once a second", () => {
  const host = new Host();
  host.esp.setFlows([flow("first", "10.1.0.0/16", "10.2.0.0/16"), flow("second", "::/0", "::/0")]);
  for (const now of [0, 10, 999, 1000, 1500]) {
    host.esp.at(now);
    assert.deepEqual(host.inside(udp(V4, filler(1))), []);
  }
  host.inside(udp(V6, filler(1)));
  assert.equal(host.esp.drops.of(DROP.heldBack), 6);
  const asked = host.events.map((event) =>
    event.kind === "acquire"
      ? [event.policy, formatAddress(event.source!), formatAddress(event.destination!)]
      : []
  );
  assert.deepEqual(asked, [
    ["first", "10.1.0.1", "10.2.0.1"],
    ["first", "10.1.0.1", "10.2.0.1"],
    ["second", "2001:db8:1::1", "2001:db8:2::1"],
  ]);
});

Deno.test("a packet that no flow and no SA has is dropped without a question", () => {
  const { here } = connected(GCM);
  assert.deepEqual(here.inside(udp({ ...V4, to: "10.3.0.1" }, filler(1))), []);
  assert.equal(here.esp.drops.of(DROP.noPolicy), 1);
  assert.deepEqual(here.events, []);
});

Deno.test("the first flow that matches decides, whatever the pairs of other policies would take", () => {
  const { here } = connected(GCM);
  here.esp.setFlows([
    flow("other", "10.1.0.1", "10.2.0.0/24"),
    flow("example", "10.1.0.0/16", "10.2.0.0/16"),
  ]);
  assert.deepEqual(here.inside(udp(V4, filler(1))), []);
  assert.equal(here.inside(udp({ ...V4, from: "10.1.0.2" }, filler(1))).length, 1);
  here.esp.setFlows([
    flow("example", "10.1.0.0/16", "10.2.0.0/16"),
    flow("other", "10.1.0.1", "10.2.0.0/24"),
  ]);
  assert.equal(here.inside(udp(V4, filler(1))).length, 1);
});

Deno.test("remembered lookups end with the pair, and with new flows", () => {
  const { here } = connected(GCM);
  assert.equal(here.inside(udp(V4, filler(1))).length, 1);
  here.esp.setFlows([flow("other", "0.0.0.0/0", "0.0.0.0/0")]);
  assert.deepEqual(here.inside(udp(V4, filler(1))), []);
  here.esp.setFlows([]);
  assert.equal(here.inside(udp(V4, filler(1))).length, 1);
  here.esp.remove([1]);
  assert.deepEqual(here.inside(udp(V4, filler(1))), []);
});

Deno.test("selectors with ports: each packet takes the pair that has its port", () => {
  const host = new Host();
  for (const [id, port] of [[1, 80], [2, 81]] as const) {
    const { here } = childPair(GCM, {}, id);
    const remoteSelectors = [selector("10.2.0.0/16", 6, port, port)];
    assert.ok(host.esp.install({ ...here, remoteSelectors }).ok);
  }
  const sealed = host.inside(tcp(V4, { sequence: 1, flags: 2 }, filler(0)))[0]!;
  assert.equal(sealed[3], 1, "port 80 belongs to the first pair, though the second is newer");
  assert.deepEqual(host.inside(udp(V4, filler(1), 1, 80)), []);
});

Deno.test("a peer behind NAT that moved is told once, only by its newest authentic packet", () => {
  const { here, there } = connected(GCM, { followPeer: true });
  const packets = [1, 2, 3, 4].map((length) => here.inside(udp(V4, filler(length)))[0]!);
  there.outside([packets[1]!]);
  there.from = endpoint("198.51.100.7", 61_000);
  there.outside([packets[0]!]);
  const forged = packets[3]!.slice();
  forged[30]! ^= 1;
  there.outside([forged]);
  assert.deepEqual(there.events, [], "an old packet or a forged one says nothing");
  there.outside([packets[2]!, packets[3]!]);
  assert.deepEqual(there.events, [{ kind: "moved", id: 1, remote: there.from }]);
  const before = there.sent.length;
  there.inside(udp({ from: V4.to, to: V4.from }, filler(1)));
  assert.notDeepEqual(there.sent[before]!.path.remote, there.from, "the engine decides");
  there.esp.move([1, 77], endpoint("192.0.2.2"), there.from, true);
  there.inside(udp({ from: V4.to, to: V4.from }, filler(1)));
  assert.deepEqual(there.sent.at(-1)!.path.remote, there.from);
});

Deno.test("keepalives are due 20 s after the last packet, one for all pairs of an endpoint (RFC 3948 §4)", () => {
  const host = new Host();
  for (const id of [1, 2]) assert.ok(host.esp.install(childPair(GCM, { keepalive: true }, id).here).ok);
  assert.ok(host.esp.install(childPair(GCM, {}, 3).here).ok);
  const due = (now: number) => {
    host.esp.at(now);
    return host.esp.tick().map(({ remote }) => remote);
  };
  assert.deepEqual(due(19_999), []);
  assert.deepEqual(due(20_000), [endpoint("192.0.2.2")]);
  assert.deepEqual(due(39_999), []);
  host.esp.remove([3]);
  host.inside(udp(V4, filler(1)));
  assert.deepEqual(due(40_000), [endpoint("192.0.2.2")], "the pair that sent needs none, the other does");
});

Deno.test("a packet from the end of one flow to the end of another is no packet of the policy (RFC 4301 §5.2)", () => {
  const { here, there } = connected(GCM);
  const flows = [flow("example", "10.2.0.0/16", "10.1.0.0/16"), flow("example", "2001:db8:2::/48", "::/0")];
  const narrow = [
    flow("example", "10.2.7.0/24", "10.1.0.0/24"),
    flow("example", "10.2.0.0/24", "10.1.7.0/24"),
  ];
  there.esp.setFlows(flows);
  assert.equal(there.outside(here.inside(udp(V4, filler(1)))).length, 1);
  assert.equal(there.outside(here.inside(udp(V6, filler(1)))).length, 1);
  there.esp.setFlows(narrow);
  const passes = (from: string, to: string) =>
    there.outside(here.inside(udp({ from, to }, filler(1)))).length === 1;
  assert.ok(passes("10.1.0.1", "10.2.7.1"));
  assert.ok(passes("10.1.7.1", "10.2.0.1"));
  assert.ok(!passes("10.1.0.1", "10.2.0.1"));
  assert.ok(!passes("10.1.7.1", "10.2.7.1"));
  assert.equal(there.esp.drops.of(DROP.selectorMismatch), 2);
  there.esp.setFlows([]);
  assert.ok(passes("10.1.0.1", "10.2.0.1"), "without flows the selectors of the SA are all there is");
});
