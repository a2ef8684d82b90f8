/** AH and transport mode in the kernel's words: SAs, policies, what an SA itself refuses. */
import assert from "node:assert/strict";
import { espSpi } from "../../../src/bytes/mod.ts";
import { ANY_PORT, parseAddress, parsePrefix, rangeOfPrefix } from "../../../src/ip/mod.ts";
import type { ChildInstall, FlowInstall } from "../../../src/datapath/mod.ts";
import { Kernel, type KernelSelector, SA_FLAG } from "../../../src/datapath/kernel/mod.ts";
import { XfrmPort } from "../../../src/datapath/xfrm/mod.ts";
import type { TrafficSelector } from "../../../src/selector/types.ts";
import { FakeKernel } from "../xfrm/fake_kernel.ts";

function ts(prefix: string, protocol = 0, port?: number): TrafficSelector {
  const ports = port === undefined ? ANY_PORT : { start: port, end: port };
  return { addresses: rangeOfPrefix(parsePrefix(prefix)!), protocol, ports };
}

const AH = { protocol: 2, integ: 12, esn: false } as const;
const ESP = { protocol: 3, encr: { id: 20, keyBits: 256 }, esn: false } as const;

function child(
  more: Partial<ChildInstall>,
  hosts: readonly [string, string] = ["192.0.2.1", "192.0.2.2"],
): ChildInstall {
  const [local, remote] = hosts.map((text) => ({ address: parseAddress(text)!, port: 500 }));
  const suite = more.suite ?? ESP;
  const keys = () =>
    suite.protocol === 2
      ? { encrKey: new Uint8Array(0), integKey: new Uint8Array(32).fill(1) }
      : { encrKey: new Uint8Array(36).fill(1), integKey: new Uint8Array(0) };
  return {
    id: 1,
    policy: "hosts",
    suite,
    mode: "transport",
    local: local!,
    remote: remote!,
    udpEncap: false,
    keepalive: false,
    followPeer: false,
    replayWindow: 64,
    inbound: { spi: espSpi(0x1001), ...keys() },
    outbound: { spi: espSpi(0x2001), ...keys() },
    localSelectors: [ts(hosts[0])],
    remoteSelectors: [ts(hosts[1])],
    outboundFrom: "now",
    ...more,
  };
}

function bench() {
  const fake = new FakeKernel();
  const kernel = new Kernel({
    port: new XfrmPort(fake),
    now: () => 0,
    fraction: () => 0,
    event: () => {},
  });
  const sa = (spi: number) =>
    [...fake.sas.values()].map(({ state }) => state).find((one) => one.spi === spi)!;
  const policies = () => [...fake.policies.values()].map(({ state }) => state);
  return { fake, kernel, sa, policies };
}

function textOf({ source, destination, protocol, sourcePort, destinationPort }: KernelSelector): unknown[] {
  const end = ({ address, length }: KernelSelector["source"]) => `${address.value.toString(16)}/${length}`;
  return [end(source), end(destination), protocol, sourcePort.port, destinationPort.port];
}

for (const [name, suite] of [["ESP", ESP], ["AH", AH]] as const) {
  Deno.test(`kernel: ${name} in transport mode has policies without addresses, and none for what goes on`, () => {
    const { kernel, sa, policies, fake } = bench();
    assert.ok(kernel.install(child({ suite })).ok);
    assert.deepEqual(policies().map(({ direction }) => direction).sort(), ["in", "out"]);
    for (const { templates } of policies()) {
      const [{ protocol, mode, source, destination }] = templates as [typeof templates[number]];
      assert.deepEqual([protocol, mode], [name.toLowerCase(), "transport"]);
      assert.deepEqual([source, destination], [undefined, undefined]);
    }
    for (const spi of [0x1001, 0x2001]) {
      assert.deepEqual([sa(spi).protocol, sa(spi).mode], [name.toLowerCase(), "transport"]);
      assert.equal(sa(spi).flags & SA_FLAG.anyFamily, 0);
    }
    kernel.close();
    assert.deepEqual([fake.sas.size, fake.policies.size], [0, 0]);
  });
}

Deno.test("kernel: an SA in transport mode itself refuses packets that its selectors do not name", () => {
  const telnet = { localSelectors: [ts("192.0.2.1", 6)], remoteSelectors: [ts("192.0.2.2", 6, 23)] };
  const one = bench();
  assert.ok(one.kernel.install(child(telnet)).ok);
  assert.deepEqual(textOf(one.sa(0x2001).selector!), ["c0000201/32", "c0000202/32", 6, 0, 23]);
  assert.deepEqual(textOf(one.sa(0x1001).selector!), ["c0000202/32", "c0000201/32", 6, 23, 0]);
  const both = bench();
  const ports = [ts("192.0.2.2", 6, 23), ts("192.0.2.2", 6, 80)];
  assert.ok(both.kernel.install(child({ ...telnet, remoteSelectors: ports })).ok);
  assert.deepEqual(textOf(both.sa(0x2001).selector!), ["c0000201/32", "c0000202/32", 6, 0, 0]);
  const any = bench();
  const protocols = [ts("192.0.2.2", 6, 23), ts("192.0.2.2", 17, 53)];
  const more = { localSelectors: [ts("192.0.2.1", 6), ts("192.0.2.1", 17)], remoteSelectors: protocols };
  assert.ok(any.kernel.install(child(more)).ok);
  assert.deepEqual(textOf(any.sa(0x2001).selector!), ["c0000201/32", "c0000202/32", 0, 0, 0]);
});

Deno.test("kernel: a tunnel's SAs have no selector: the kernel compares what is inside with the policies", () => {
  const { kernel, sa } = bench();
  assert.ok(kernel.install(child({ mode: "tunnel" })).ok);
  assert.deepEqual([sa(0x1001).selector, sa(0x2001).selector], [undefined, undefined]);
});

Deno.test("kernel: AH is padded as RFC 4302 has it: to 32 bits over IPv4, to 64 over IPv6", () => {
  const four = bench(), six = bench(), esp = bench();
  assert.ok(four.kernel.install(child({ suite: AH })).ok);
  assert.ok(six.kernel.install(child({ suite: AH }, ["2001:db8::1", "2001:db8::2"])).ok);
  assert.ok(esp.kernel.install(child({})).ok);
  const aligned = ({ sa }: typeof four) =>
    [0x1001, 0x2001].map((spi) => (sa(spi).flags & SA_FLAG.align4) !== 0);
  assert.deepEqual([aligned(four), aligned(six), aligned(esp)], [[true, true], [false, false], [
    false,
    false,
  ]]);
  assert.deepEqual(four.sa(0x1001).algorithms.mac?.name, "hmac(sha256)");
  assert.equal(four.sa(0x1001).algorithms.cipher, undefined);
});

Deno.test("kernel: a flow in transport mode asks for an SA between whatever ends its packets have", () => {
  const { kernel, policies } = bench();
  const flow: FlowInstall = {
    policy: "hosts",
    local: ts("192.0.2.1"),
    remote: ts("0.0.0.0/0"),
    protocol: "ah",
    mode: "transport",
  };
  assert.ok(kernel.setFlows([flow]).ok);
  const out = policies().find(({ direction }) => direction === "out")!;
  const [{ protocol, mode, source, destination }] = out.templates as [typeof out.templates[number]];
  assert.deepEqual([out.action, protocol, mode, source, destination], [
    "protect",
    "ah",
    "transport",
    undefined,
    undefined,
  ]);
  assert.ok(
    policies().filter(({ direction }) => direction !== "out").every(({ action }) => action === "block"),
  );
});

Deno.test("kernel: until there is an SA neighbour discovery between two hosts passes, and nothing else does", () => {
  const { kernel, policies } = bench();
  const hosts = (local: string, remote: string, protocol = 0): FlowInstall => ({
    policy: "hosts",
    local: ts(local, protocol),
    remote: ts(remote, protocol),
    mode: "transport",
  });
  const passing = () =>
    policies().filter(({ action, templates }) => action === "protect" && templates.length === 0)
      .map((
        { direction, selector, priority },
      ) => [direction, selector.protocol, selector.sourcePort.port, priority]);
  assert.ok(kernel.setFlows([hosts("2001:db8::1", "2001:db8::2")]).ok);
  const first = 0x1ced_0000;
  assert.deepEqual(passing().sort(), [
    ["in", 58, 135, first + 1],
    ["in", 58, 136, first + 1],
    ["out", 58, 135, first + 1],
    ["out", 58, 136, first + 1],
  ]);
  const others = policies().filter(({ selector }) => selector.protocol === 0);
  assert.deepEqual(others.map(({ priority }) => priority), [first + 2, first + 2, first + 2]);
  assert.ok(kernel.install(child({}, ["2001:db8::1", "2001:db8::2"])).ok);
  const protectedNow = policies().filter(({ templates }) => templates.length > 0);
  assert.deepEqual(protectedNow.map(({ priority }) => priority), [first, first], "the SA goes before it");
  assert.ok(kernel.setFlows([hosts("192.0.2.1", "192.0.2.2"), hosts("2001:db8::1", "2001:db8::2", 6)]).ok);
  assert.deepEqual(passing(), []);
  const { mode: _, ...tunnel } = hosts("2001:db8::1", "2001:db8::/32");
  const remote = parseAddress("2001:db8::2")!;
  assert.ok(kernel.setFlows([{ ...tunnel, outer: { remote } }]).ok);
  assert.equal(passing().length, 4, "a tunnel that has the peer's own address in it, too");
  assert.ok(kernel.setFlows([{ ...tunnel, outer: { remote: parseAddress("2001:db9::2")! } }]).ok);
  assert.deepEqual(passing(), []);
});
