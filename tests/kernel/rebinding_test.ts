/** A NAT that gives the peer another port under way: the kernel tells (MAPPING), and the SAs follow. */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, ping, Wire } from "../interop/lab.ts";
import { StrongSwan } from "../interop/peers.ts";
import { ikedConf, LEFT, PATHS, RIGHT, SUITES, swanctlConf } from "../interop/suites.ts";
import { kernelTest } from "./peers.ts";
import { tables } from "./tables.ts";

const path = PATHS[2]!, suite = SUITES[0]!;

kernelTest(
  "matrix",
  "xfrm: a peer whose NAT gives it another port is followed, and its SAs keep their counters",
  async () => {
    await using wire = await Wire.create("", "nat");
    await using iked = await Iked.start(wire.right, ikedConf("right", path, suite), "-K", "xfrm");
    await using peer = await StrongSwan.start(wire.left, "kernel");
    await peer.load(swanctlConf("left", path, suite));
    await peer.inside("swanctl", "--initiate", "--child", "net", "--timeout", "30");
    await iked.process.line(/child-up/);
    assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 5), 5, iked.process.log);
    const seen = async () => (await iked.ctl("show", "sa")).ikeSas[0];
    const before = await seen();
    for (let round = 1; round <= 3; round++) {
      const { port } = (await seen()).peer;
      // A device that goes down takes along what was translated by it; the next packet gets a port at random.
      await must("ip", "-n", `${wire.prefix}natgw`, "link", "set", "outside", "down");
      await must("ip", "-n", `${wire.prefix}natgw`, "link", "set", "outside", "up");
      // The peer's packet is what tells us; until then ours go to where it was.
      const patient = ["-n", "-c", "20", "-w", "60", "-i", "0.1", "-I", LEFT.host, RIGHT.host];
      await must("ip", "netns", "exec", wire.left, "ping", ...patient);
      assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 5), 5, iked.process.log);
      assert.equal(await ping(wire.right, RIGHT.host, LEFT.host, 5), 5, iked.process.log);
      const now = await seen();
      assert.notEqual(now.peer.port, port);
      const { states } = await tables(wire.right);
      assert.equal(states.match(/^src /gm)!.length, 2, states);
      assert.ok(states.includes(`sport 4500 dport ${now.peer.port}`), states);
    }
    const after = await seen();
    assert.deepEqual([after.spiI, after.children[0].spiIn], [before.spiI, before.children[0].spiIn]);
    assert.ok(after.children[0].packetsIn >= 3 * 25, JSON.stringify(after.children[0]));
    assert.equal((await iked.process.stop()).code, 0);
    assert.deepEqual(await tables(wire.right), { states: "", policies: "" });
  },
);
