/**
 * Our executable on `userland` against kernels' ESP: raw IP protocol 50, no UDP. Runs in the VM of `../shared/lab`
 * (`tests/kernel/run`), because this needs a kernel with XFRM and PF_KEY.
 */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, ping, Wire } from "../interop/lab.ts";
import { noteShown } from "../interop/shown.ts";
import { StrongSwan } from "../interop/peers.ts";
import { ikedConf, LEFT, PATHS, RIGHT, SUITES, swanctlConf } from "../interop/suites.ts";
import { BIG, kernelTest, peerInitiates, startPeer, VERSIONS } from "./peers.ts";

async function assertRawEsp(wire: Wire, iked: Iked, peerSide: string): Promise<void> {
  assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 5, 0.2), 5);
  assert.equal(await ping(wire.right, RIGHT.host, LEFT.host, 5, 0.2), 5);
  const [sa] = (await iked.ctl("show", "sa")).ikeSas;
  assert.equal(sa.nat, "none");
  assert.equal(sa.children[0].encap, "none");
  const state = await must("ip", "-n", peerSide, "xfrm", "state");
  assert.ok(state.includes(`0x${sa.children[0].spiOut}`), state);
  assert.ok(!state.includes("encap type espinudp"), state);
}

for (const kind of ["strongSwan", "OpenIKED", "libreswan"]) {
  const path = PATHS[0]!;
  const first = kind === "OpenIKED" ? "matrix" : "slice";
  kernelTest(first, `${kind} on kernel ESP, we initiate, raw ESP over IPv4`, async () => {
    await using wire = await Wire.create("", "direct");
    await using _peer = await startPeer(kind, wire.right, "right", path);
    await using iked = await Iked.start(wire.left, ikedConf("left", path, BIG), "-K", "userland");
    await iked.process.line(/child-up/);
    await assertRawEsp(wire, iked, wire.right);
    await noteShown(iked, VERSIONS[kind]!);
  });
  const second = kind === "OpenIKED" ? "slice" : "matrix";
  kernelTest(second, `${kind} on kernel ESP initiates, raw ESP over IPv4`, async () => {
    await using wire = await Wire.create("", "direct");
    await using iked = await Iked.start(wire.right, ikedConf("right", path, BIG), "-K", "userland");
    await using peer = await startPeer(kind, wire.left, "left", path);
    await peerInitiates(kind, peer);
    await iked.process.line(/child-up/);
    await assertRawEsp(wire, iked, wire.left);
    await noteShown(iked, VERSIONS[kind]!);
  });
}

for (const bits of [128, 192, 256]) {
  const suite = { ...SUITES[0]!, childsa: `enc aes-${bits}-gmac`, esp: `aes${bits}gmac` };
  const path = PATHS[0]!;
  const name = `strongSwan on kernel ESP, aes-${bits}-gmac (kernel-libipsec has none)`;
  kernelTest(bits === 256 ? "slice" : "matrix", name, async () => {
    await using wire = await Wire.create("", "direct");
    await using peer = await StrongSwan.start(wire.right, "kernel");
    await peer.load(swanctlConf("right", path, suite));
    await using iked = await Iked.start(wire.left, ikedConf("left", path, suite), "-K", "userland");
    await iked.process.line(/child-up/);
    await assertRawEsp(wire, iked, wire.right);
    await noteShown(iked, "strongSwan 5.9.8");
  });
}

kernelTest("slice", "strongSwan on kernel ESP, aes-256-gcm, raw ESP over IPv6", async () => {
  const path = PATHS[1]!;
  await using wire = await Wire.create("", "direct");
  await using peer = await StrongSwan.start(wire.right, "kernel");
  await peer.load(swanctlConf("right", path, SUITES[0]!));
  await using iked = await Iked.start(wire.left, ikedConf("left", path, SUITES[0]!), "-K", "userland");
  await iked.process.line(/child-up/);
  await assertRawEsp(wire, iked, wire.right);
});
