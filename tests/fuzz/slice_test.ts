/**
 * A slice of the long fuzzing of every target. `IKED_SEED=n` begins elsewhere, `IKED_FUZZ=n` takes n inputs of each;
 * all of it is `deno task fuzz` and `deno task prove fuzz`.
 */
import assert from "node:assert/strict";
import { toHex } from "../../src/bytes/mod.ts";
import { seedOr } from "../support/rng.ts";
import { type Failure, fuzz } from "./run.ts";
import { loadTarget, TARGETS } from "./targets/mod.ts";

const COUNT = Number(Deno.env.get("IKED_FUZZ") ?? "4000");
const SEED = seedOr(1);

function tell(name: string, { seed, inputs, fed, error }: Failure): string {
  const hex = inputs.slice(0, 20).map(toHex).join();
  return `${error.stack ?? error.message}\n${fed} inputs, of which are needed ${inputs.length}\n` +
    `repeat: deno task fuzz --target ${name} --seed ${seed} --input ${hex}`;
}

for (const name of TARGETS) {
  Deno.test(`fuzz: ${COUNT} inputs into "${name}" (seed ${SEED})`, async () => {
    const target = await loadTarget(name);
    assert.equal(target.name, name);
    const { outcomes, failure } = await fuzz(target, { seed: SEED, count: COUNT });
    assert.equal(failure && tell(name, failure), undefined);
    for (const word of target.reaches) {
      const times = outcomes.get(word) ?? 0;
      assert.ok(times > COUNT / 200, `"${word}" came ${times} times: the inputs are too tame or too wild`);
    }
  });
}
