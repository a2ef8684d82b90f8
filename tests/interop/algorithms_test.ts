/**
 * Every algorithm that strongSwan has too, in an IKE SA where that is allowed and in an ESP tunnel, in both roles:
 * a tunnel that carries pings.
 */
import assert from "node:assert/strict";
import { everyAlgorithm, STRONGSWAN } from "./algorithms.ts";
import { Iked } from "./iked.ts";
import { ping, whyNot, Wire } from "./lab.ts";
import { StrongSwan } from "./peers.ts";
import { noteShown } from "./shown.ts";
import { ikedConf, LEFT, PATHS, RIGHT, type Suite, swanctlConf } from "./suites.ts";

const PEER = "strongSwan 5.9.8";
const why = whyNot();
const skipped = why === undefined ? "" : ` [skipped: ${why}]`;
const path = PATHS[0]!;

async function weInitiate(wire: Wire, peer: StrongSwan, suite: Suite): Promise<void> {
  await peer.load(swanctlConf("right", path, suite));
  await using iked = await Iked.start(wire.left, ikedConf("left", path, suite));
  await iked.process.line(/child-up/);
  assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 3, 0.05), 3);
  await noteShown(iked, PEER);
}

async function theyInitiate(wire: Wire, peer: StrongSwan, suite: Suite): Promise<void> {
  await using iked = await Iked.start(wire.right, ikedConf("right", path, suite));
  await peer.load(swanctlConf("left", path, suite));
  const initiated = await peer.swanctl("--initiate", "--child", "net", "--timeout", "30");
  assert.equal(initiated.code, 0, initiated.stdout + initiated.stderr + iked.process.log);
  assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 3, 0.05), 3);
  await noteShown(iked, PEER);
  await peer.swanctl("--terminate", "--ike", "gw");
}

for (const [role, side] of [["initiator", "right"], ["responder", "left"]] as const) {
  Deno.test({
    name: `strongSwan: every algorithm, we are the ${role}${skipped}`,
    ignore: why !== undefined,
    fn: async (t) => {
      await using wire = await Wire.create(`ika${role[0]}-`, "direct");
      await using peer = await StrongSwan.start(wire[side], "userland");
      for (const suite of everyAlgorithm(STRONGSWAN)) {
        await t.step(suite.name, () => (role === "initiator" ? weInitiate : theyInitiate)(wire, peer, suite));
      }
    },
  });
}
