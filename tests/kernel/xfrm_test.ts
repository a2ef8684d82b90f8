/**
 * Our executable on the kernel's IPsec (`-K xfrm`) against peers on theirs. Runs in the VM of `../shared/lab`
 * (`tests/kernel/run`), because this needs a kernel with ESP.
 */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, ping, Wire } from "../interop/lab.ts";
import { noteShown } from "../interop/shown.ts";
import { StrongSwan } from "../interop/peers.ts";
import { ikedConf, LEFT, type Path, PATHS, RIGHT, SUITES, swanctlConf } from "../interop/suites.ts";
import { assertRekeys, stopsClean } from "./carries.ts";
import { BIG, kernelTest, peerInitiates, startPeer, VERSIONS } from "./peers.ts";
import { tables } from "./tables.ts";

/** Pings both ways; our kernel has the pair that `show sa` shows, and counts it. */
async function assertCarries(wire: Wire, iked: Iked, ours: string): Promise<void> {
  assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 5, 0.2), 5, iked.process.log);
  assert.equal(await ping(wire.right, RIGHT.host, LEFT.host, 5, 0.2), 5);
  const [sa] = (await iked.ctl("show", "sa")).ikeSas;
  const [child] = sa.children;
  const { states } = await tables(ours);
  for (const spi of [child.spiIn, child.spiOut]) assert.ok(states.includes(`0x${spi}`), states);
  assert.ok(child.packetsIn >= 10 && child.packetsOut >= 10, JSON.stringify(child));
  assert.equal((await iked.ctl("show", "datapath")).datapath, "xfrm");
}

for (const kind of ["strongSwan", "OpenIKED", "libreswan"]) {
  const path = PATHS[0]!;
  kernelTest(kind === "OpenIKED" ? "matrix" : "slice", `xfrm: with ${kind}, we initiate`, async () => {
    await using wire = await Wire.create("", "direct");
    await using _peer = await startPeer(kind, wire.right, "right", path);
    await using iked = await Iked.start(wire.left, ikedConf("left", path, BIG), "-K", "xfrm");
    await iked.process.line(/child-up/);
    await assertCarries(wire, iked, wire.left);
    await noteShown(iked, VERSIONS[kind]!);
    await stopsClean(iked, wire.left);
  });
  kernelTest(kind === "OpenIKED" ? "slice" : "matrix", `xfrm: with ${kind}, which initiates`, async () => {
    await using wire = await Wire.create("", "direct");
    await using iked = await Iked.start(wire.right, ikedConf("right", path, BIG), "-K", "xfrm");
    await using peer = await startPeer(kind, wire.left, "left", path);
    await peerInitiates(kind, peer);
    await iked.process.line(/child-up/);
    await assertCarries(wire, iked, wire.right);
    await stopsClean(iked, wire.right);
  });
}

async function strongSwanOnRight(wire: Wire, path: Path, suite = SUITES[0]!): Promise<StrongSwan> {
  const peer = await StrongSwan.start(wire.right, "kernel");
  await peer.load(swanctlConf("right", path, suite));
  return peer;
}

for (const path of PATHS.slice(1)) {
  kernelTest(
    path.mode === "nat" ? "slice" : "matrix",
    `xfrm: with strongSwan, aes-256-gcm, ${path.name}`,
    async () => {
      await using wire = await Wire.create("", path.mode);
      await using _peer = await strongSwanOnRight(wire, path);
      await using iked = await Iked.start(wire.left, ikedConf("left", path, SUITES[0]!), "-K", "xfrm");
      await iked.process.line(/child-up/);
      await assertCarries(wire, iked, wire.left);
      const { states } = await tables(wire.left);
      assert.equal(states.includes("encap type espinudp"), path.mode === "nat", states);
      await stopsClean(iked, wire.left);
    },
  );
}

kernelTest(
  "slice",
  "xfrm: a passive policy is negotiated on the kernel's ACQUIRE; nothing goes in clear before",
  async () => {
    const path = PATHS[0]!;
    await using wire = await Wire.create("", "direct");
    await using _peer = await strongSwanOnRight(wire, path);
    const conf = ikedConf("left", path, SUITES[0]!).replace(" active ", " passive ");
    await using iked = await Iked.start(wire.left, conf, "-K", "xfrm");
    const before = await tables(wire.left);
    assert.equal(before.states, "");
    assert.match(before.policies, /dir out priority/);
    assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 1), 0);
    await iked.process.line(/child-up/);
    await assertCarries(wire, iked, wire.left);
    await stopsClean(iked, wire.left);
  },
);

kernelTest("slice", "xfrm: rekeys by either side lose no ping", async () => {
  await assertRekeys("xfrm", { protocol: "ESP", mode: "tunnel" }, PATHS[0]!);
});

kernelTest(
  "slice",
  "xfrm: a kill -9 lets nothing out in clear; the next start takes the tables over, strangers stay",
  async () => {
    const path = PATHS[0]!;
    await using wire = await Wire.create("", "direct");
    await using _peer = await strongSwanOnRight(wire, path);
    const stranger = ["src", "203.0.113.1", "dst", "203.0.113.2"];
    await must("ip", "-n", wire.left, "xfrm", "policy", "add", ...stranger, "dir", "out", "action", "block");
    const before = await tables(wire.left);
    {
      await using iked = await Iked.start(wire.left, ikedConf("left", path, SUITES[0]!), "-K", "xfrm");
      await iked.process.line(/child-up/);
      await iked.process.stop("SIGKILL");
    }
    const left = await tables(wire.left);
    assert.match(left.policies, /10\.2\.0\.0\/16/);
    await using iked = await Iked.start(wire.left, ikedConf("left", path, SUITES[0]!), "-K", "xfrm");
    await iked.process.line(/child-up/);
    await assertCarries(wire, iked, wire.left);
    const [sa] = (await iked.ctl("show", "sa")).ikeSas;
    const { states } = await tables(wire.left);
    assert.equal(states.match(/^src /gm)!.length, 2, states);
    assert.ok(states.includes(`0x${sa.children[0].spiOut}`));
    assert.equal((await iked.process.stop()).code, 0);
    assert.deepEqual(await tables(wire.left), before);
  },
);
