/** strongSwan 5.9.8 with kernel-libipsec against our executable on `userland`: every suite, path and role. */
import assert from "node:assert/strict";
import { Iked } from "./iked.ts";
import { ping, tcp, whyNot, Wire } from "./lab.ts";
import { StrongSwan } from "./peers.ts";
import { ikedConf, LEFT, type Path, PATHS, RIGHT, type Suite, SUITES, swanctlConf } from "./suites.ts";

const why = whyNot();
const skipped = why === undefined ? "" : ` [skipped: ${why}]`;

async function tunnelCarries(wire: Wire): Promise<void> {
  assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 5), 5);
  assert.equal(await ping(wire.right, RIGHT.host, LEFT.host, 5), 5);
  await tcp(wire.left, wire.right, LEFT.host, RIGHT.host, 10_000_000);
  await tcp(wire.right, wire.left, RIGHT.host, LEFT.host, 10_000_000);
}

// deno-lint-ignore no-explicit-any
function assertSa(shown: any, role: string, path: Path, suite: Suite): void {
  const sas = shown.ikeSas;
  assert.equal(sas.length, 1, JSON.stringify(shown));
  const [sa] = sas;
  assert.equal(sa.role, role);
  assert.equal(sa.state, "established");
  assert.equal(sa.encr, suite.encr);
  assert.equal(sa.ke, suite.ke);
  if (path.mode === "nat") assert.notEqual(sa.nat, "none");
  assert.equal(sa.children.length, 1);
  assert.deepEqual(sa.children[0].tsLocal, [role === "initiator" ? LEFT.net : RIGHT.net]);
  assert.ok(sa.children[0].packetsIn > 10 && sa.children[0].packetsOut > 10);
}

async function weInitiate(wire: Wire, peer: StrongSwan, path: Path, suite: Suite): Promise<void> {
  await peer.load(swanctlConf("right", path, suite));
  await using iked = await Iked.start(wire.left, ikedConf("left", path, suite));
  await iked.process.line(/child-up|established/i);
  await tunnelCarries(wire);
  assertSa(await iked.ctl("show", "sa"), "initiator", path, suite);
}

async function theyInitiate(wire: Wire, peer: StrongSwan, path: Path, suite: Suite): Promise<void> {
  await using iked = await Iked.start(wire.right, ikedConf("right", path, suite));
  await peer.load(swanctlConf("left", path, suite));
  const initiated = await peer.swanctl("--initiate", "--child", "net", "--timeout", "20");
  assert.equal(initiated.code, 0, initiated.stdout + initiated.stderr + iked.process.log);
  await tunnelCarries(wire);
  assertSa(await iked.ctl("show", "sa"), "responder", path, suite);
  await peer.swanctl("--terminate", "--ike", "gw");
}

for (const mode of ["direct", "nat"] as const) {
  for (const [role, side] of [["initiator", "right"], ["responder", "left"]] as const) {
    Deno.test({
      name: `strongSwan: we are the ${role}, ${mode}${skipped}`,
      ignore: why !== undefined,
      fn: async (t) => {
        await using wire = await Wire.create(`ik${mode[0]}${role[0]}-`, mode);
        await using peer = await StrongSwan.start(wire[side], "userland");
        for (const path of PATHS.filter((one) => one.mode === mode)) {
          for (const suite of SUITES) {
            await t.step(`${suite.name}, ${path.name}`, async () => {
              await (role === "initiator" ? weInitiate : theyInitiate)(wire, peer, path, suite);
            });
          }
        }
      },
    });
  }
}
