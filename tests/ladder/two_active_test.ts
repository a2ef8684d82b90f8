/** Both ends are `active` and begin at the same time: one tunnel is to come of it, and to stay one. */
import assert from "node:assert/strict";
import { assertNothingLeft } from "../support/idle.ts";
import { Pair, type PairOptions } from "../support/pair.ts";
import { ADDRESSES, sideA, sideB } from "../support/policies.ts";
import { createRng } from "../support/rng.ts";
import type { SideOptions } from "../support/policies.ts";

const SEEDS = 60;

/** Two active ends; `options` are for both. */
function bothActive(options: SideOptions = {}): Pick<PairOptions, "a" | "b"> {
  const peer = { kind: "network", prefix: { address: ADDRESSES[4].a, length: 32 } } as const;
  return {
    a: sideA(options),
    b: sideB({ ...options, policy: { mode: "active", peer, ...options.policy } }),
  };
}

/** Both begin within some milliseconds of each other. */
async function startTogether(
  pair: Pair,
  options: Pick<PairOptions, "a" | "b">,
  apartMs: number,
): Promise<void> {
  await pair.b.engine.configure(options.b!);
  await pair.advance(apartMs);
  await pair.a.engine.configure(options.a!);
}

const one = (pair: Pair) => async () => {
  const [a, b] = await pair.snapshots();
  return a.length === 1 && b.length === 1 && await pair.connected();
};

for (const enforceSingleIkeSa of [false, true]) {
  const text = enforceSingleIkeSa ? " with enforcesingleikesa" : "";
  Deno.test(`two active ends${text}: ${SEEDS} runs over a bad network end with one tunnel that carries traffic`, async () => {
    let crossed = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const rng = createRng(seed, "two active");
      const lossy = seed % 2 === 0 ? { loss: 0.2, duplicate: 0.1 } : {};
      const options = bothActive({ globals: { enforceSingleIkeSa, dpdIntervalMs: 30_000 } });
      const pair = new Pair({ seed, conditions: { latencyMs: 20, jitterMs: 60, ...lossy } });
      await startTogether(pair, options, rng.below(80));
      const both = () => pair.hosts.every(({ events }) => events.some((event) => event.kind === "ike-up"));
      await pair.driveUntil(`seed ${seed}: both are up`, both);
      pair.network.conditions = { latencyMs: 20 };
      await pair.driveUntil(`seed ${seed}: one tunnel is left`, one(pair), 200_000);
      await pair.traffic.assertPasses();
      const ups = pair.a.events.filter((event) => event.kind === "ike-up").length;
      if (ups > 1) crossed++;
      assert.ok(ups <= 3, `seed ${seed}: ${ups} IKE SAs came up`);
      await pair.during(Promise.all(pair.hosts.map((host) => host.engine.shutdown())));
      await assertNothingLeft(pair);
    }
    assert.ok(crossed > SEEDS / 3, `only ${crossed} runs had two IKE SAs`);
  });
}

Deno.test("two active ends: the redundant IKE SA goes, there is always one, and rekeys do not make more of them", async () => {
  const lifetimes = { ikeLifetimeMs: 60_000, childLifetime: { ms: 40_000, octets: 0 } };
  const options = bothActive({ policy: lifetimes });
  const pair = new Pair({ conditions: { latencyMs: 20 } });
  await startTogether(pair, options, 0);
  const both = () => pair.hosts.every(({ events }) => events.some((event) => event.kind === "ike-up"));
  await pair.driveUntil("both are up", both);
  for (let round = 0; round < 100; round++) {
    await pair.advance(5);
    pair.traffic.both();
  }
  await pair.driveUntil("one tunnel is left", one(pair), 10_000);
  assert.deepEqual([pair.traffic.from.a.held, pair.traffic.from.b.held], [0, 0]);
  for (let round = 0; round < 60; round++) {
    await pair.advance(10_000);
    const [a, b] = await pair.snapshots();
    assert.ok(a.length <= 2 && b.length <= 2, "an IKE SA, and one that it replaces");
    const children = [...a, ...b].map((sa) => sa.children.length);
    assert.ok(children.every((count) => count <= 2), `Child SAs: ${children}`);
  }
  await pair.driveUntil("one tunnel is left", one(pair), 60_000);
  await pair.traffic.assertPasses();
  const down = pair.hosts.map(({ events }) => events.filter((event) => event.kind === "ike-down").length);
  assert.deepEqual(down, [1, 1]);
});

Deno.test("two active ends: where only one of them sees that they crossed, it ends the redundant IKE SA in time", async () => {
  const pair = new Pair();
  const options = bothActive();
  await startTogether(pair, options, 0);
  // All that `a` sends of its own accord is late: to `b` its own IKE SA is long up when that of `a` comes.
  const late = [];
  for (let turn = 0; turn < 20; turn++) {
    await pair.settle();
    const next = pair.network.pick(({ kind }) => kind === "ike");
    if (next === undefined) break;
    if (next.kind === "ike" && next.datagram.data[19] === 0x08 && next.datagram.data[18] === 34) {
      if (next.datagram.local.address.value === ADDRESSES[4].b.value) {
        late.push(next);
        continue;
      }
    }
    pair.hand(next);
  }
  assert.equal(late.length, 1);
  for (const arrival of late) pair.hand(arrival);
  await pair.driveUntil("one tunnel is left", one(pair), 200_000);
  await pair.traffic.assertPasses();
});
