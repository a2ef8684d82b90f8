/** Rekeying of both SAs with strongSwan, started by either side, in either role, without a lost ping. */
import assert from "node:assert/strict";
import { Iked } from "./iked.ts";
import { ping, whyNot, Wire } from "./lab.ts";
import { StrongSwan } from "./peers.ts";
import { ikedConf, LEFT, PATHS, RIGHT, SUITES, swanctlConf } from "./suites.ts";

const why = whyNot();
const skipped = why === undefined ? "" : ` [skipped: ${why}]`;
const path = PATHS[0]!;

interface Spis {
  readonly ike: string;
  readonly child: string;
}

async function spis(iked: Iked): Promise<Spis> {
  const shown = await iked.ctl("show", "sa");
  // deno-lint-ignore no-explicit-any
  const [sa] = shown.ikeSas.filter((one: any) => one.state === "established");
  return { ike: sa.spiI, child: sa.children[0].spiIn };
}

async function up(
  wire: Wire,
  peer: StrongSwan,
  role: "initiator" | "responder",
  more: string,
): Promise<Iked> {
  const suite = SUITES[0]!;
  if (role === "initiator") {
    await peer.load(swanctlConf("right", path, suite));
    const iked = await Iked.start(wire.left, ikedConf("left", path, suite, { more }));
    await iked.process.line(/child-up|established/i);
    return iked;
  }
  const iked = await Iked.start(wire.right, ikedConf("right", path, suite, { more }));
  await peer.load(swanctlConf("left", path, suite));
  assert.equal(
    (await peer.swanctl("--initiate", "--child", "net", "--timeout", "20")).code,
    0,
    iked.process.log,
  );
  return iked;
}

for (const role of ["initiator", "responder"] as const) {
  Deno.test({
    name: `strongSwan rekeys both SAs while we are the ${role}: no ping is lost${skipped}`,
    ignore: why !== undefined,
    fn: async () => {
      await using wire = await Wire.create(`ikt${role[0]}-`, "direct");
      await using peer = await StrongSwan.start(role === "initiator" ? wire.right : wire.left, "userland");
      await using iked = await up(wire, peer, role, "");
      const before = await spis(iked);
      const pings = ping(wire.left, LEFT.host, RIGHT.host, 80);
      assert.equal((await peer.swanctl("--rekey", "--child", "net")).code, 0);
      await iked.process.line(/child-rekeyed/);
      assert.equal((await peer.swanctl("--rekey", "--ike", "gw")).code, 0);
      await iked.process.line(/ike-rekeyed/);
      assert.equal((await peer.swanctl("--rekey", "--child", "net")).code, 0);
      await iked.process.line(
        /child-rekeyed/,
        iked.process.lines.findIndex((line) => /ike-rekeyed/.test(line)),
      );
      assert.equal(await pings, 80);
      const after = await spis(iked);
      assert.notEqual(after.ike, before.ike);
      assert.notEqual(after.child, before.child);
    },
  });

  Deno.test({
    name: `we rekey both SAs with strongSwan while we are the ${role}: no ping is lost${skipped}`,
    ignore: why !== undefined,
    fn: async () => {
      await using wire = await Wire.create(`iku${role[0]}-`, "direct");
      await using peer = await StrongSwan.start(role === "initiator" ? wire.right : wire.left, "userland");
      await using iked = await up(wire, peer, role, "ikelifetime 12 lifetime 7");
      const before = await spis(iked);
      const pings = ping(wire.left, LEFT.host, RIGHT.host, 180);
      await iked.process.line(/child-rekeyed/);
      await iked.process.line(/ike-rekeyed/);
      assert.equal(await pings, 180);
      const after = await spis(iked);
      assert.notEqual(after.ike, before.ike);
      assert.notEqual(after.child, before.child);
    },
  });

  Deno.test({
    name:
      `both ends rekey the Child SA at once while we are the ${role}: either one stays, no ping is lost${skipped}`,
    ignore: why !== undefined,
    fn: async () => {
      await using wire = await Wire.create(`ikv${role[0]}-`, "direct");
      const [left, right] = [wire.left, wire.right];
      // CREATE_CHILD_SA messages of strongSwan leave two seconds late: ours cross them.
      const late = "charon { send_delay = 2000\n send_delay_type = 36 }\n";
      await using peer = await StrongSwan.start(role === "initiator" ? right : left, "userland", late);
      await using iked = await up(wire, peer, role, "lifetime 3h bytes 4M");
      const seen = { ours: 0, "the peer's": 0 };
      for (let tries = 0; tries < 20 && Object.values(seen).includes(0); tries++) {
        const before = await spis(iked);
        const at = iked.process.lines.length;
        const pings = ping(left, LEFT.host, RIGHT.host, 60);
        assert.equal((await peer.swanctl("--rekey", "--child", "net")).code, 0);
        // Nine tenths of the limit: more than what we begin at, and none is sent twice.
        assert.equal(await ping(left, LEFT.host, RIGHT.host, 62, 0.01, 60_000), 62, iked.process.log);
        await iked.process.line(/child-rekeyed/, at);
        assert.equal(await pings, 60, iked.process.log);
        const after = await spis(iked);
        assert.equal(after.ike, before.ike);
        assert.notEqual(after.child, before.child);
        const decided = /at once: (our|the peer's) new one stays/.exec(
          iked.process.lines.slice(at).join("\n"),
        );
        if (decided !== null) seen[decided[1] === "our" ? "ours" : "the peer's"]++;
      }
      assert.ok(seen.ours > 0 && seen["the peer's"] > 0, `${JSON.stringify(seen)}\n${await peer.log()}`);
      assert.doesNotMatch(iked.process.log, /: error: | child-down /);
    },
  });
}
