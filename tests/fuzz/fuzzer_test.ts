/** The fuzzer itself: that it finds what is planted, makes it small, repeats it, and is quiet where nothing is. */
import assert from "node:assert/strict";
import { createRng, type Rng } from "../support/rng.ts";
import { assertFlat, Growth } from "./heap.ts";
import { fuzz, repeat } from "./run.ts";
import type { Episode, Target } from "./target.ts";

const CALM: Target = {
  name: "planted",
  says: "nothing",
  inputs: 50,
  reaches: ["even", "odd"],
  generate: (rng: Rng) => rng.octets(1 + rng.below(40)),
  open: () => ({ feed: (input) => input.length % 2 === 0 ? "even" : "odd" }),
};

function planted(open: (seed: number) => Episode): Target {
  return { ...CALM, open };
}

Deno.test("fuzzer: a calm target takes all inputs, and their outcomes are counted", async () => {
  const { inputs, episodes, outcomes, failure } = await fuzz(CALM, { seed: 1, count: 120 });
  assert.deepEqual([inputs, episodes, failure], [150, 3, undefined]);
  assert.equal(outcomes.get("even")! + outcomes.get("odd")!, 150);
});

Deno.test("fuzzer: an octet that makes a target throw is found, alone, and throws again", async () => {
  const target = planted(() => ({
    feed(input) {
      if (input.includes(0x2a)) throw new RangeError(`Planted at ${input.indexOf(0x2a)}`);
      return "fine";
    },
  }));
  const { failure } = await fuzz(target, { seed: 7, count: 100_000 });
  assert.deepEqual(failure?.inputs, [Uint8Array.of(0x2a)]);
  assert.equal(failure.error.name, "RangeError");
  assert.equal((await repeat(target, failure.seed, failure.inputs))?.message, "Planted at 0");
});

Deno.test("fuzzer: what needs three inputs, and what is only left at the end, is reduced to those", async () => {
  const target = planted(() => {
    let held = 0;
    return {
      feed(input) {
        if (input[0]! > 0xf0) held++;
        return "fine";
      },
      finish: () => assert.ok(held < 3, `${held} left behind`),
    };
  });
  const { failure } = await fuzz(target, { seed: 3, count: 100_000 });
  assert.equal(failure?.inputs.length, 3);
  for (const input of failure.inputs) assert.ok(input.length === 1 && input[0]! > 0xf0);
});

Deno.test("fuzzer: a promise that is rejected is a failure, and a failed opening too", async () => {
  const late = planted(() => ({ feed: () => Promise.reject(new Error("Late")) }));
  assert.equal((await fuzz(late, { seed: 1, count: 10 })).failure?.error.message, "Late");
  const never = planted(() => {
    throw new Error("Closed");
  });
  assert.equal((await fuzz(never, { seed: 1, count: 10 })).failure?.error.message, "Closed");
});

Deno.test("fuzzer: the same seed makes the same inputs, the next one others", async () => {
  const seen = async (seed: number) => {
    const inputs: string[] = [];
    await fuzz(CALM, { seed, count: 50 }, { input: (_, __, input) => void inputs.push(input.join()) });
    return inputs;
  };
  assert.deepEqual(await seen(5), await seen(5));
  assert.notDeepEqual(await seen(5), await seen(6));
  const rng = createRng(5, CALM.name);
  assert.equal((await seen(5))[0], CALM.generate(rng).join());
});

Deno.test("fuzzer: a heap that grows by more than noise is growth", () => {
  assertFlat(20_000_000, 23_000_000);
  assert.throws(() => assertFlat(20_000_000, 25_000_000), Growth);
});
