/**
 * The gateway's own packets under the kernel's IPsec, and source NAT in front of it. Runs in the VM of `../shared/lab`
 * (`tests/kernel/run`).
 */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, ping, run, Wire } from "../interop/lab.ts";
import { StrongSwan } from "../interop/peers.ts";
import { PATHS, SUITES, swanctlConf } from "../interop/suites.ts";
import { literalBlocks, section } from "../man/pages.ts";
import { kernelTest } from "./peers.ts";
import { ClearPackets, pingInVain, pingUnbound, routing } from "./wire.ts";

const PATH = PATHS[0]!, SUITE = SUITES[0]!;
/** The kernel of user-mode Linux has no XFRM interfaces: QEMU's is needed. */
const interfaceTest = await (async (): Promise<typeof kernelTest> => {
  if (Deno.env.get("IKED_VM") !== "1") return kernelTest;
  const made = await run("ip", "link", "add", "probe0", "type", "xfrm", "if_id", "1");
  if (made.code === 0) {
    await must("ip", "link", "del", "probe0");
    return kernelTest;
  }
  const why = " [skipped: this kernel has no XFRM interfaces]";
  return (_extent, name) => Deno.test({ name: name + why, ignore: true, fn: () => {} });
})();
const EXAMPLE_PSK = "an example: put 32 random characters here";

async function strongSwan(wire: Wire, leftNet: string, rightNet: string): Promise<StrongSwan> {
  const peer = await StrongSwan.start(wire.right, "kernel");
  await peer.load(swanctlConf("right", PATH, SUITE, { psk: EXAMPLE_PSK, leftNet, rightNet }));
  return peer;
}

/** The lab's routes to the other LAN name a source and a dead next hop: here there is a way in clear, and no source. */
async function openTheClearWay(wire: Wire): Promise<void> {
  const left = ["-n", wire.left], right = ["-n", wire.right];
  await must("ip", ...left, "route", "del", "10.2.0.0/16");
  await must("ip", "-6", ...left, "route", "del", "fd02::/64");
  await must("ip", ...left, "route", "add", "10.2.0.0/17", "via", "192.0.2.2");
  await must("ip", ...left, "route", "add", "default", "via", "192.0.2.2");
  await must("ip", "-6", ...left, "route", "add", "default", "via", "2001:db8::2");
  await must("ip", ...right, "route", "add", "default", "via", "192.0.2.1");
}

const OWN = `ikev2 "own" active esp from 10.1.0.0/16 to 10.2.0.0/16 from fd01::/64 to fd02::/64 \\
  local ${PATH.left} peer ${PATH.right} ikesa ${SUITE.ikesa} childsa ${SUITE.childsa} \\
  srcid left.example.com dstid right.example.com psk "${EXAMPLE_PSK}"
`;

kernelTest("matrix", "xfrm: the gateway's own packets take the tunnel, IPv4 and IPv6", async () => {
  await using wire = await Wire.create("", "direct");
  await openTheClearWay(wire);
  await using _peer = await strongSwan(wire, "10.1.0.0/16,fd01::/64", "10.2.0.0/16,fd02::/64");
  const before = await routing(wire.left);
  await using clear = await ClearPackets.watch(wire.left);
  {
    await using iked = await Iked.start(wire.left, OWN, "-K", "xfrm");
    await iked.process.line(/child-up/);
    assert.match(
      await must("ip", "-n", wire.left, "route", "get", "10.2.0.1"),
      / dev wire .*src 10\.1\.0\.1 /,
    );
    assert.equal(await pingUnbound(wire.left, "10.2.0.1", 5), 5);
    assert.equal(await pingUnbound(wire.left, "fd02::1", 5), 5);
    const [sa] = (await iked.ctl("show", "sa")).ikeSas;
    assert.ok(sa.children[0].packetsIn >= 10 && sa.children[0].packetsOut >= 10, JSON.stringify(sa.children));
    await iked.process.stop("SIGKILL");
  }
  // Without SAs there is no way out: the policies of the dead process are still there, and its route's source is theirs.
  await must("ip", "-n", wire.left, "xfrm", "state", "flush");
  assert.equal(await pingInVain(wire.left, "10.2.0.1"), 0);
  assert.equal(await pingInVain(wire.left, "fd02::1"), 0);
  await using iked = await Iked.start(wire.left, OWN, "-K", "xfrm");
  await iked.process.line(/child-up/);
  assert.equal(await pingUnbound(wire.left, "10.2.0.1", 3), 3);
  assert.equal(await clear.end(), "");
  assert.equal((await iked.process.stop()).code, 0, iked.process.log);
  assert.equal(await routing(wire.left), before);
});

/** A host behind the left gateway, with the networks of iked.conf(5)'s example of address translation. */
async function exampleNetworks(wire: Wire): Promise<string> {
  const inside = "inside";
  await must("ip", "netns", "add", inside);
  const veth = ["link", "add", "inner", "type", "veth", "peer", "name", "eth0", "netns", inside];
  await must("ip", "-n", wire.left, ...veth);
  for (
    const [namespace, device, address] of [
      [wire.left, "inner", "192.168.1.1/24"],
      [inside, "eth0", "192.168.1.2/24"],
      [wire.right, "lan", "192.168.2.1/24"],
    ] as const
  ) {
    await must("ip", "-n", namespace, "addr", "add", address, "dev", device);
    await must("ip", "-n", namespace, "link", "set", device, "up");
  }
  await must("ip", "-n", inside, "route", "add", "default", "via", "192.168.1.1");
  return inside;
}

kernelTest(
  "matrix",
  "xfrm: the manual's example of outgoing address translation carries what the rule translates",
  async () => {
    await using wire = await Wire.create("", "direct");
    await openTheClearWay(wire);
    const inside = await exampleNetworks(wire);
    await using _peer = await strongSwan(wire, "10.10.10.1/32", "192.168.2.0/24");
    const [example, , rule] = literalBlocks(section("iked.conf.5", "OUTGOING ADDRESS TRANSLATION"));
    assert.match(example!, /from 10\.10\.10\.1 \(192\.168\.1\.0\/24\) to 192\.168\.2\.0\/24/);
    const conf = example!.replace(" active ", " passive ")
      .replace("srcid", `ikesa ${SUITE.ikesa} childsa ${SUITE.childsa} srcid`);
    const before = await routing(wire.left);
    await using clear = await ClearPackets.watch(wire.left);
    await using iked = await Iked.start(wire.left, conf, "-K", "xfrm");
    // The first packet of a true source asks for the tunnel.
    assert.equal(await pingInVain(inside, "192.168.2.1"), 0);
    await iked.process.line(/child-up/);
    assert.equal(await pingInVain(inside, "192.168.2.1"), 0, "without the rule the peer drops it");
    const words = rule!.replaceAll("\\\n", " ").trim().split(/\s+/).slice(1);
    await must("ip", "netns", "exec", wire.left, "iptables-legacy", ...words);
    assert.equal(await ping(inside, "192.168.1.2", "192.168.2.1", 5, 0.2), 5, iked.process.log);
    assert.equal(await pingUnbound(wire.left, "192.168.2.1", 3), 3, "the gateway itself");
    await must("ip", "-n", wire.left, "addr", "add", "10.10.10.1/32", "dev", "lo");
    assert.equal(await ping(wire.right, "192.168.2.1", "10.10.10.1", 3, 0.2), 3, "the peer begins");
    assert.equal(await ping(wire.left, "10.10.10.1", "192.168.2.1", 3, 0.2), 3);
    assert.equal(await clear.end(), "");
    assert.equal((await iked.process.stop()).code, 0, iked.process.log);
    assert.equal(await routing(wire.left), before);
    for (const what of ["state", "policy"]) {
      assert.equal(await must("ip", "-n", wire.left, "xfrm", what), "");
    }
    await must("ip", "netns", "del", inside);
  },
);

kernelTest(
  "matrix",
  "xfrm: a tag marks what came out of the tunnel, and what leaves on the outside",
  async () => {
    await using wire = await Wire.create("", "direct");
    await using _peer = await strongSwan(wire, "10.1.0.0/16", "10.2.0.0/16");
    // printf %s ipsec-example.com | sha256sum | cut -c1-8
    const mark = "0x1a0cf665";
    const iptables = (...words: string[]) =>
      must("ip", "netns", "exec", wire.left, "iptables-legacy", "-t", "mangle", ...words);
    await iptables("-A", "INPUT", "-p", "icmp", "-s", "10.2.0.1", "-m", "mark", "--mark", mark);
    await iptables("-A", "POSTROUTING", "-p", "esp", "-m", "mark", "--mark", mark);
    const conf = OWN.replace(" from fd01::/64 to fd02::/64", "").replace("psk", "tag ipsec-$domain psk");
    await using iked = await Iked.start(wire.left, conf, "-K", "xfrm");
    await iked.process.line(/child-up/);
    const [{ children: [child] }] = (await iked.ctl("show", "sa")).ikeSas;
    assert.deepEqual([child.tag, child.mark], ["ipsec-example.com", mark]);
    assert.equal(await ping(wire.left, "10.1.0.1", "10.2.0.1", 5, 0.2), 5);
    const counted = await Promise.all(["INPUT", "POSTROUTING"].map((chain) => iptables("-nvxL", chain)));
    for (const text of counted) assert.match(text, /^ +5 .* mark match 0x1a0cf665$/m);
  },
);

/** Has the kernel load what the tunnel needs: an emulated one takes longer for it than a role may be silent. */
async function loadGcm(namespace: string): Promise<void> {
  const name = ["src", "203.0.113.1", "dst", "203.0.113.2", "proto", "esp", "spi", "0x1000"];
  const aead = ["aead", "rfc4106(gcm(aes))", `0x${"5a".repeat(36)}`, "128"];
  await must("ip", "-n", namespace, "xfrm", "state", "add", ...name, ...aead);
  await must("ip", "-n", namespace, "xfrm", "state", "del", ...name);
}

const ROUTE_BASED = `ikev2 "route" active esp from any to any \\
  local ${PATH.left} peer ${PATH.right} ikesa ${SUITE.ikesa} childsa ${SUITE.childsa} \\
  srcid left.example.com dstid right.example.com iface sec1 psk "${EXAMPLE_PSK}"
`;

interfaceTest(
  "matrix",
  "xfrm: what is routed into an XFRM interface goes through the tunnel, and nothing else",
  async () => {
    await using wire = await Wire.create("", "direct");
    await using _peer = await strongSwan(wire, "0.0.0.0/0", "0.0.0.0/0");
    await loadGcm(wire.left);
    await assert.rejects(
      Iked.start(wire.left, ROUTE_BASED, "-K", "xfrm"),
      /error: .*iface sec1: .*ENODEV.*ip link add sec1 type xfrm if_id 1/,
    );
    const ip = (...words: string[]) => must("ip", "-n", wire.left, ...words);
    await ip("link", "add", "sec1", "type", "xfrm", "dev", "wire", "if_id", "77");
    await ip("link", "set", "sec1", "up");
    await ip("route", "replace", "10.2.0.0/16", "dev", "sec1", "src", "10.1.0.1");
    const before = await routing(wire.left);
    await using iked = await Iked.start(wire.left, ROUTE_BASED, "-K", "xfrm");
    await iked.process.line(/child-up/);
    assert.equal(await pingUnbound(wire.left, "10.2.0.1", 3), 3, iked.process.log);
    assert.equal(await pingUnbound(wire.left, "10.2.0.1", 3), 3);
    const states = await ip("xfrm", "state"), policies = await ip("xfrm", "policy");
    assert.equal(states.match(/if_id 0x4d/g)?.length, 2, states);
    assert.equal(policies.match(/if_id 0x4d/g)?.length, policies.match(/^\s+dir /gm)?.length, policies);
    const [{ children: [child] }] = (await iked.ctl("show", "sa")).ikeSas;
    assert.ok(child.packetsOut >= 6, JSON.stringify(child));
    assert.equal(await routing(wire.left), before);
    // The peer's policies are for everything: what comes in clear it does not take, and we send it in clear.
    await using clear = await ClearPackets.watch(wire.left);
    assert.equal(await pingInVain(wire.left, "192.0.2.2"), 0);
    assert.match(await clear.end(), /192\.0\.2\.1 > 192\.0\.2\.2: ICMP echo request/);
    assert.equal((await iked.process.stop()).code, 0, iked.process.log);
    for (const what of ["state", "policy"]) assert.equal(await ip("xfrm", what), "");
  },
);
