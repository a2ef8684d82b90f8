import assert from "node:assert/strict";
import type { EngineEvent } from "../../src/engine/types.ts";
import { StrangerLog } from "../../src/engine/stranger_log.ts";
import { address, sideA } from "../support/policies.ts";
import { Pair } from "../support/pair.ts";
import { initRequest } from "./strangers.ts";

Deno.test("StrangerLog: 20 lines in 10 s, the rest in one line, and then 20 again", () => {
  const log = new StrangerLog();
  const admitted = (at: number, count: number, reason = "timeout") =>
    Array.from({ length: count }, () => log.admit(reason, at)).filter((one) => one).length;
  assert.equal(admitted(1_000, 20), 20);
  assert.equal(log.sumUp(), undefined);
  assert.equal(admitted(5_000, 30), 0);
  assert.equal(admitted(10_999, 3, "overload"), 0);
  assert.equal(log.endsMs, 11_000);
  assert.equal(
    log.sumUp(),
    "33 more negotiations of strangers failed within 10 s: timeout 30, overload 3",
  );
  assert.equal(log.sumUp(), undefined);
  assert.equal(admitted(11_000, 25), 20);
});

function lines(events: readonly EngineEvent[]): { readonly failed: string[]; readonly sums: string[] } {
  const failed = events.flatMap((event) => event.kind === "failed" ? [event.report.code] : []);
  const sums = events.flatMap((event) =>
    event.kind === "log" && event.level === "warning" ? [event.text] : []
  );
  return { failed, sums };
}

async function responder(): Promise<Pair> {
  const limits = { cookieFrom: 10_000, halfOpen: 10_000 };
  return await new Pair({ a: sideA({ policy: { mode: "passive" } }), limits }).start();
}

Deno.test("log: 300 half-open IKE SAs that nobody finishes are 20 lines and one that sums up", async () => {
  const pair = await responder();
  for (let n = 1; n <= 300; n++) {
    const from = address(`203.0.${n >> 6}.${n & 63}`);
    pair.b.engine.handleDatagrams([initRequest({ spiI: BigInt(n), from })]);
  }
  await pair.settle();
  assert.equal((await pair.b.engine.snapshot()).length, 300);
  await pair.advance(60_000);
  const { failed, sums } = lines(pair.b.events);
  assert.deepEqual(failed, new Array(20).fill("half-open-timeout"));
  assert.deepEqual(sums, [
    "280 more negotiations of strangers failed within 10 s: half-open-timeout 280",
  ]);
  assert.equal(pair.b.engine.nextTimeout(), undefined);
});

Deno.test("log: requests that no policy takes are summed up in every interval, for as long as they come", async () => {
  const pair = await responder();
  await pair.b.engine.configure({ ...sideA(), policies: [] });
  for (let n = 1; n <= 3_000; n++) {
    pair.b.engine.handleDatagrams([initRequest({ spiI: BigInt(n), from: address("203.0.113.9") })]);
    await pair.advance(10);
  }
  await pair.advance(20_000);
  const { failed, sums } = lines(pair.b.events);
  assert.ok(failed.length <= 80, `${failed.length} lines`);
  assert.ok(sums.length >= 3 && sums.length <= 4, sums.join("\n"));
  const summed = sums.reduce((sum, text) => sum + Number.parseInt(text), 0);
  assert.equal(failed.length + summed, 3_000, "each is told or counted");
});

Deno.test("log: shutdown does not swallow what was held back", async () => {
  const pair = await responder();
  await pair.b.engine.configure({ ...sideA(), policies: [] });
  for (let n = 1; n <= 50; n++) {
    pair.b.engine.handleDatagrams([initRequest({ spiI: BigInt(n), from: address("203.0.113.9") })]);
  }
  await pair.settle();
  await pair.during(pair.b.engine.shutdown());
  assert.equal(lines(pair.b.events).sums.length, 1);
  assert.equal(pair.b.engine.nextTimeout(), undefined);
});
