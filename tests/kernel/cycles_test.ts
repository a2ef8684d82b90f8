/** A thousand tunnels, some at a time: what they leave in the kernel is nothing. */
import assert from "node:assert/strict";
import { ask } from "../../cli/ctl/client.ts";
import type { ControlRequest } from "../../src/control/mod.ts";
import type { Iked } from "../interop/iked.ts";
import { SUITES } from "../interop/suites.ts";
import { Pair } from "./matrix.ts";
import { kernelTest } from "./peers.ts";
import { tables } from "./tables.ts";

const TUNNELS = 20, ROUNDS = 50;

/** Asks over the control socket: a process for each question would take most of the time. */
async function tell(iked: Iked, request: ControlRequest): Promise<void> {
  const asked = await ask(iked.socket, request, (reply) => {
    assert.equal(reply.kind, "result", JSON.stringify(reply));
    return "done";
  });
  assert.ok(asked.ok, JSON.stringify(asked));
}

kernelTest(
  "matrix",
  `xfrm: ${TUNNELS * ROUNDS} tunnels up and down with strongSwan leave nothing`,
  async () => {
    const suites = Array.from({ length: TUNNELS }, () => SUITES[0]!);
    await using pair = await Pair.start("strongSwan", "left", "xfrm", suites, "set passive\n");
    const { iked, wire, tunnels } = pair;
    const before = await Promise.all([tables(wire.left), tables(wire.right)]);
    assert.deepEqual([before[0]!.states, before[1]!.states], ["", ""]);
    let from = iked.process.lines.length;
    const allUp = async () => {
      for (const tunnel of tunnels) await pair.up(tunnel, from);
    };
    await tell(iked, { method: "mode", params: { active: true } });
    for (let round = 1; round <= ROUNDS; round++) {
      await allUp();
      if (round === ROUNDS) await tell(iked, { method: "mode", params: { active: false } });
      from = iked.process.lines.length;
      // With a DELETE each; what is active begins again.
      await tell(iked, { method: "reset", params: { what: "sa" } });
    }
    assert.deepEqual((await iked.ctl("show", "sa")).ikeSas, []);
    assert.deepEqual(await Promise.all([tables(wire.left), tables(wire.right)]), before);
    // And it still works.
    await tell(iked, { method: "mode", params: { active: true } });
    await allUp();
    for (const tunnel of tunnels.slice(0, 3)) await pair.carries(tunnel);
    const ups = iked.process.lines.filter((line) => line.includes("child-up")).length;
    assert.equal(ups, TUNNELS * (ROUNDS + 1));
    assert.equal((await iked.process.stop()).code, 0);
    assert.deepEqual(await tables(wire.left), { states: "", policies: "" });
  },
);
