/** `ikectl couple` and `decouple` while SAs live, are made, and are replaced, at one end or at both. */
import assert from "node:assert/strict";
import { Ladder } from "../support/ladder.ts";
import type { Pair } from "../support/pair.ts";

type Side = "a" | "b";

async function couple(pair: Pair, coupled: boolean, ...sides: Side[]): Promise<void> {
  const done = Promise.all(sides.map((side) => pair[side].engine.setCoupled(coupled)));
  await pair.settle();
  for (const one of await pair.during(done)) assert.ok(one.ok);
}

/** Each end has one pair in its data path, and they are each other's. */
function assertCoupled(pair: Pair): void {
  const [a, b] = pair.hosts.map(({ datapath }) => [...datapath.pairs.values()].map(({ child }) => child));
  assert.deepEqual([a!.length, b!.length], [1, 1]);
  assert.deepEqual([a![0]!.inbound.spi, a![0]!.outbound.spi], [b![0]!.outbound.spi, b![0]!.inbound.spi]);
  for (const { datapath } of pair.hosts) assert.equal(datapath.flows.length, 1);
}

for (const sides of [["a"], ["b"], ["a", "b"]] as const) {
  Deno.test(`couple: ${sides.join(" and ")} decoupled: nothing is on the wire, and the IKE SAs stay; coupled: new Child SAs`, async () => {
    const ladder = await Ladder.connected();
    const { pair } = ladder;
    const [before] = await pair.a.engine.snapshot();
    await couple(pair, false, ...sides);
    ladder.silence();
    for (const side of sides) {
      assert.deepEqual([pair[side].datapath.pairs.size, pair[side].datapath.flows], [0, []]);
    }
    await ladder.states("established[installed]", "established[installed]");
    await couple(pair, true, ...sides);
    await pair.drive(30_000);
    assertCoupled(pair);
    const [after] = await pair.a.engine.snapshot();
    assert.equal(after!.spiI, before!.spiI);
    assert.notEqual(after!.children[0]!.spiIn, before!.children[0]!.spiIn, "its keys were wiped");
    await ladder.states("established[installed]", "established[installed]");
  });
}

Deno.test("couple: decoupled while the IKE SA is being made, the Child SA comes up and reaches no data path", async () => {
  const ladder = await Ladder.start();
  const { pair } = ladder;
  await couple(pair, false, "a");
  await pair.connect();
  await pair.drive(3_000);
  assert.deepEqual([pair.a.datapath.pairs.size, pair.b.datapath.pairs.size], [0, 1]);
  await ladder.states("established[installed]", "established[installed]");
  await couple(pair, true, "a");
  await pair.drive(30_000);
  assertCoupled(pair);
});

Deno.test("couple: decoupled and coupled in the midst of a rekey, one pair is left at each end", async () => {
  for (const by of ["a", "b"] as const) {
    const ladder = await Ladder.connected();
    const { pair } = ladder;
    pair[by].datapath.expire([...pair[by].datapath.pairs.keys()][0]!, "soft");
    await pair.settle();
    await couple(pair, false, "a");
    await pair.drive(3_000);
    assert.equal(pair.a.datapath.pairs.size, 0, by);
    await couple(pair, true, "a");
    await pair.drive(60_000);
    assertCoupled(pair);
    await ladder.states("established[installed]", "established[installed]");
  }
});

Deno.test("couple: said again and again in one breath, the last word counts", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const words = [false, true, false, true, false, true];
  const done = Promise.all(words.map((word) => pair.a.engine.setCoupled(word)));
  await pair.settle();
  for (const one of await pair.during(done)) assert.ok(one.ok);
  await pair.drive(60_000);
  assertCoupled(pair);
});

Deno.test("couple: where the data path refuses the flows nothing changes, and the SAs stay decoupled", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  await couple(pair, false, "a");
  pair.a.datapath.failing = "setFlows";
  const done = await pair.a.engine.setCoupled(true);
  assert.equal(done.ok, false);
  await pair.settle();
  ladder.silence();
  assert.deepEqual([pair.a.datapath.pairs.size, pair.a.datapath.flows], [0, []]);
  pair.a.datapath.failing = undefined;
  await couple(pair, true, "a");
  await pair.drive(30_000);
  assertCoupled(pair);
});
