/** Traffic on the kernel's ESP while SAs are replaced and while one side is killed and started again. */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, ping, Wire } from "../interop/lab.ts";
import { StrongSwan } from "../interop/peers.ts";
import { ikedConf, LEFT, PATHS, RIGHT, SUITES, swanctlConf } from "../interop/suites.ts";
import { kernelTest } from "./peers.ts";
import { Sniffer } from "./sniffer.ts";

const path = PATHS[0]!, suite = SUITES[0]!;
/** 200 times 1,000 octets a second, each way, for 20 s. */
const STREAM = { count: 4000, interval: 0.005, octets: 1000 };

async function strongSwan(wire: Wire, child = ""): Promise<StrongSwan> {
  const peer = await StrongSwan.start(wire.right, "kernel");
  await peer.load(swanctlConf("right", path, suite, { child }));
  return peer;
}

async function stream(wire: Wire): Promise<number> {
  return await ping(wire.left, LEFT.host, RIGHT.host, STREAM.count, STREAM.interval, STREAM.octets);
}

const LIMITS = [
  ["we rekey by octets", "lifetime 3h bytes 1500000", ""],
  ["strongSwan rekeys by octets", "", "rekey_bytes = 1000000\n    life_bytes = 2000000\n    rand_bytes = 0"],
  ["we rekey by time", "lifetime 12", ""],
  ["strongSwan rekeys by time", "", "rekey_time = 8s\n    life_time = 20s\n    rand_time = 0s"],
] as const;

for (const [name, more, child] of LIMITS) {
  kernelTest("matrix", `xfrm: ${name}: of 4,000 packets each way none is lost`, async () => {
    await using wire = await Wire.create("", "direct");
    await using _peer = await strongSwan(wire, child);
    await using iked = await Iked.start(wire.left, ikedConf("left", path, suite, { more }), "-K", "xfrm");
    await iked.process.line(/child-up/);
    assert.equal(await stream(wire), STREAM.count, iked.process.log);
    const rekeys = iked.process.lines.filter((line) => line.includes("child-rekeyed")).length;
    assert.ok(rekeys >= 1, iked.process.log);
    assert.equal((await iked.ctl("show", "sa")).ikeSas.length, 1);
    assert.ok(!iked.process.log.includes("child-down"), iked.process.log);
  });
}

/** Until three pings were answered, for a minute. */
async function untilItFlows(wire: Wire): Promise<void> {
  const words = ["-n", "-c", "3", "-i", "0.1", "-w", "60", "-I", LEFT.host, RIGHT.host];
  await must("ip", "netns", "exec", wire.left, "ping", ...words);
}

kernelTest(
  "matrix",
  "xfrm: we are killed under traffic and start again: it flows, and nothing was in clear",
  async () => {
    await using wire = await Wire.create("", "direct");
    await using _peer = await strongSwan(wire);
    const conf = ikedConf("left", path, suite);
    const first = await Iked.start(wire.left, conf, "-K", "xfrm");
    await first.process.line(/child-up/);
    await untilItFlows(wire);
    await using sniffer = await Sniffer.start(wire.left);
    const all = ping(wire.left, LEFT.host, RIGHT.host, 300, 0.1);
    await first.process.stop("SIGKILL");
    // The SAs are still there, and so is traffic.
    assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 5), 5);
    const began = performance.now();
    await using second = await Iked.start(wire.left, conf, "-K", "xfrm");
    const ready = performance.now();
    await second.process.line(/child-up/);
    await untilItFlows(wire);
    const flows = performance.now();
    await first[Symbol.asyncDispose]();
    console.log(
      `ready after ${(ready - began).toFixed(0)} ms, traffic ${(flows - ready).toFixed(0)} ms later; ` +
        `${300 - await all} of 300 pings in 30 s lost`,
    );
    const { esp, clear } = await sniffer.stop();
    assert.deepEqual(clear, []);
    assert.ok(esp > 100, `${esp}`);
  },
);

for (const [how, signal] of [["is stopped", "TERM"], ["is killed", "KILL"]] as const) {
  kernelTest(
    "matrix",
    `xfrm: strongSwan ${how} under traffic and starts again: it flows, and nothing was in clear`,
    async () => {
      await using wire = await Wire.create("", "direct");
      const first = await strongSwan(wire);
      await using sniffer = await Sniffer.start(wire.left);
      const conf = `set dpd_check_interval 3\n${ikedConf("left", path, suite)}`;
      await using iked = await Iked.start(wire.left, conf, "-K", "xfrm");
      await iked.process.line(/child-up/);
      await untilItFlows(wire);
      const all = ping(wire.left, LEFT.host, RIGHT.host, 300, 0.1);
      if (signal === "KILL") await first.inside("sh", "-c", "kill -9 $(cat /run/charon.pid)");
      await first[Symbol.asyncDispose]();
      await using _second = await strongSwan(wire);
      await untilItFlows(wire);
      console.log(`${300 - await all} of 300 pings in 30 s lost`);
      const { esp, clear } = await sniffer.stop();
      assert.deepEqual(clear, []);
      assert.ok(esp > 100, `${esp}`);
    },
  );
}
