/** A command may come at any moment of a negotiation: nothing is left, nothing breaks. */
import assert from "node:assert/strict";
import { assertNothingLeft } from "../support/idle.ts";
import { Pair, type PairOptions } from "../support/pair.ts";
import { sideA, sideB } from "../support/policies.ts";

/** Microtasks that a negotiation in memory takes at most; each is a moment at which a command may come. */
const MOMENTS = 160;

function assertNoBugs(pair: Pair): void {
  for (const { name, events } of pair.hosts) {
    const bugs = events.filter((event) => event.kind === "log" && event.level === "error");
    assert.deepEqual(bugs, [], `at ${name}`);
  }
}

/** Two hosts, `moment` microtasks into their negotiation; deliveries count as well. */
async function midway(moment: number, options: PairOptions = {}): Promise<Pair> {
  const pair = new Pair(options);
  await pair.b.engine.configure(sideB());
  void pair.a.engine.configure(sideA());
  for (let turn = 0; turn < moment; turn++) {
    await undefined;
    if (turn % 4 !== 0) continue;
    const next = pair.network.nextArrival();
    if (next === undefined) continue;
    pair.clock.moveTo(Math.max(next, pair.clock.now()));
    const arrival = pair.network.take(pair.clock.now());
    if (arrival !== undefined) pair.hand(arrival);
  }
  return pair;
}

Deno.test(`any moment: shutdown at each of ${MOMENTS} moments of a negotiation leaves nothing on either side`, async () => {
  const seen = new Set<string>();
  for (let moment = 0; moment < MOMENTS; moment++) {
    const pair = await midway(moment);
    for (const { state, children } of (await pair.snapshots()).flat()) {
      seen.add(`${state} ${children.length}`);
    }
    await pair.during(Promise.all(pair.hosts.map((host) => host.engine.shutdown())));
    await pair.drive(200_000);
    assertNoBugs(pair);
    await assertNothingLeft(pair);
  }
  assert.deepEqual([...seen].sort(), ["connecting 0", "established 1"], "the moments span the negotiation");
});

for (const what of ["all", "sa"] as const) {
  Deno.test(`any moment: reset ${what} at each of ${MOMENTS} moments ends with a tunnel`, async () => {
    for (let moment = 0; moment < MOMENTS; moment += 3) {
      const pair = await midway(moment);
      await pair.during(Promise.all(pair.hosts.map((host) => host.engine.reset(what))));
      await pair.connect();
      assertNoBugs(pair);
    }
  });
}

Deno.test("any moment: a configuration without the policy takes everything with it", async () => {
  for (let moment = 0; moment < MOMENTS; moment += 3) {
    const pair = await midway(moment);
    await Promise.all(pair.hosts.map((host) => host.engine.configure({ ...sideA(), policies: [] })));
    await pair.drive(200_000);
    assertNoBugs(pair);
    assert.deepEqual((await pair.snapshots()).flat(), [], `moment ${moment}`);
    assert.equal(pair.a.holder.stats().sas + pair.b.holder.stats().sas, 0);
    assert.equal(pair.a.holder.stats().pendingKe, 0);
  }
});
