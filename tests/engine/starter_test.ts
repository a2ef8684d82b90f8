import assert from "node:assert/strict";
import { EXCHANGE } from "../../src/wire/mod.ts";
import { ADDRESSES, IKE_MAC, sideA, sideB } from "../support/policies.ts";
import { Pair } from "../support/pair.ts";
import { initRequest, parsed } from "./strangers.ts";

/** Times at which `a` began an IKE_SA_INIT exchange. */
function starts(pair: Pair): number[] {
  const first = new Map<bigint, number>();
  for (const { at, data } of pair.network.record) {
    const { exchange, flags, spiI } = parsed(data).header;
    const begins = exchange === EXCHANGE.IKE_SA_INIT && !flags.response;
    if (begins && !first.has(spiI)) first.set(spiI, at);
  }
  return [...first.values()];
}

Deno.test("start: negotiations that somebody begins in the peer's name do not put off our own tries", async () => {
  const times: number[][] = [];
  for (const disturbed of [false, true]) {
    const pair = await new Pair({ conditions: { loss: 1 } }).start();
    for (let second = 0; second < 3_600; second += 10) {
      if (disturbed) {
        const request = initRequest({ spiI: BigInt(second + 1), from: ADDRESSES[4].b });
        pair.a.engine.handleDatagrams([{ ...request, local: { address: ADDRESSES[4].a, port: 500 } }]);
      }
      await pair.advance(10_000);
    }
    assert.equal(pair.a.holder.stats().sas > 0, disturbed, "half-open IKE SAs are there");
    times.push(starts(pair));
  }
  assert.ok(times[0]!.length > 5);
  assert.equal(times[1]!.length, times[0]!.length);
});

Deno.test("configure: a policy that only moved to another line keeps its IKE SA", async () => {
  const at = (line: number) => {
    const where = { file: "iked.conf", line, column: 1 };
    const { policies: [policy], globals } = sideA();
    return {
      globals,
      policies: [{ ...policy!, where, flows: policy!.flows.map((flow) => ({ ...flow, where })) }],
    };
  };
  const pair = await new Pair({ a: at(3) }).start();
  await pair.connect();
  const [before] = await pair.a.engine.snapshot();
  await pair.a.engine.configure(at(17));
  await pair.drive();
  assert.deepEqual((await pair.a.engine.snapshot()).map((sa) => [sa.spiI, sa.state]), [[
    before!.spiI,
    "established",
  ]]);
});

Deno.test("start: a peer that refuses our proposals is one line for each start, however often it says so", async () => {
  const b = sideB({ policy: { ikeProposals: [IKE_MAC] } });
  const pair = await new Pair({ b }).start();
  await pair.advance(3_600_000);
  const failed = pair.a.events.flatMap((event) => event.kind === "failed" ? [event.report.code] : []);
  const tries = starts(pair).length;
  assert.ok(tries > 4 && tries < 30, `${tries} starts`);
  assert.deepEqual(failed, new Array(tries).fill("refused-ike"));
});

Deno.test("restart: a tunnel that lived long comes back within seconds, also when it was just rekeyed", async () => {
  const pair = await new Pair({ a: sideA({ policy: { ikeLifetimeMs: 100_000 } }) }).start();
  await pair.connect();
  const rekeyed = () => pair.a.events.some((event) => event.kind === "ike-rekeyed");
  await pair.driveUntil("the IKE SA is replaced", rekeyed, 100_000);
  await pair.drive();
  await pair.during(pair.b.engine.reset("sa"));
  const gone = pair.clock.now();
  await pair.connect();
  assert.ok(pair.clock.now() - gone < 5_000, `back after ${pair.clock.now() - gone} ms`);
});

Deno.test("restart: a peer that deletes every new tunnel at once is tried ever less, down to once a minute", async () => {
  const pair = await new Pair().start();
  for (let round = 0; round < 10; round++) {
    await pair.driveUntil("connected", () => pair.connected(), 200_000);
    await pair.during(pair.b.engine.reset("sa"));
  }
  const times = starts(pair);
  const gaps = times.slice(1).map((at, index) => at - times[index]!);
  const least = gaps.map((_, index) => Math.min(1_000 * 2 ** index, 60_000));
  assert.ok(
    gaps.every((gap, index) => gap >= least[index]! && gap < 2 * least[index]! + 1_000),
    `gaps ${gaps}`,
  );
});

Deno.test("restart: a tunnel that the peer deleted while it was young comes back within seconds", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  await pair.during(pair.b.engine.reset("sa"));
  const gone = pair.clock.now();
  await pair.connect();
  assert.ok(pair.clock.now() - gone < 5_000, `back after ${pair.clock.now() - gone} ms`);
});

Deno.test("configure: liveness probes begin with the reload that asks for them, and end with the one that does not", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  await pair.drive();
  const sent = () => pair.network.record.length;
  const before = sent();
  await pair.a.engine.configure(sideA({ globals: { dpdIntervalMs: 10_000 } }));
  await pair.advance(35_000);
  assert.equal(sent() - before, 6, "three probes and their answers");
  await pair.a.engine.configure(sideA());
  await pair.advance(35_000);
  assert.equal(sent() - before, 6);
});

Deno.test("configure: a policy that becomes active keeps the IKE SA that its peer began, and begins the next one", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  await pair.drive();
  const [before] = await pair.b.engine.snapshot();
  pair.a.engine.setActive(false);
  const peer = { kind: "network", prefix: { address: ADDRESSES[4].a, length: 32 } } as const;
  await pair.b.engine.configure(sideB({ policy: { mode: "active", peer } }));
  await pair.drive();
  assert.deepEqual(await pair.b.engine.snapshot(), [before]);
  await pair.during(pair.a.engine.reset("sa"));
  await pair.driveUntil(
    "`b` has begun one",
    async () =>
      (await pair.b.engine.snapshot()).some((sa) => sa.role === "initiator" && sa.state === "established"),
    10_000,
  );
});
