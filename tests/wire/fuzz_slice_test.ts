/**
 * A slice of the long fuzzing: 20,000 damaged messages. `IKED_SEED=n` repeats a run, `IKED_FUZZ_RUNS=n` makes it
 * longer; a failure names the seed and the octets.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { toHex } from "../../src/bytes/mod.ts";
import {
  checkMessage,
  decodeMessage,
  describeInDetail,
  describeMessage,
  emitMessage,
  parsePayloads,
} from "../../src/wire/mod.ts";
import { chain, headerFields } from "../support/arbitrary_payloads.ts";
import { mutate } from "../support/mutate.ts";
import { createRng } from "../support/rng.ts";

const SEEDS = 200;

function environment(name: string): number | undefined {
  const text = Deno.env.get(name);
  return text === undefined || text === "" ? undefined : Number(text);
}

/** Everything that the room does with octets from the network; true where they are a message. */
function decodeAll(octets: Uint8Array): boolean {
  const message = decodeMessage(octets);
  describeMessage(message);
  describeInDetail(message, { octets: true });
  if (message.error === undefined) {
    const { header, payloads } = message;
    const again = decodeMessage(emitMessage(header!, payloads));
    assert.equal(again.error, undefined);
    assert.deepEqual(again.payloads, payloads);
    checkMessage(header!.exchange, header!.flags.response ? "response" : "request", payloads, false);
  } else {
    assert.ok(message.error.octet >= 0 && message.error.octet <= octets.length);
  }
  if (octets.length > 28) parsePayloads(octets[16]!, octets.subarray(28));
  return message.error === undefined;
}

Deno.test("fuzz: damaged messages are decoded or refused, and nothing throws", () => {
  const seed = environment("IKED_SEED") ?? 1;
  const runs = environment("IKED_FUZZ_RUNS") ?? 20_000;
  const rng = createRng(seed, "wire");
  const originals = fc.sample(fc.tuple(headerFields, chain), { seed, numRuns: SEEDS })
    .map(([fields, payloads]) => emitMessage(fields, payloads));
  let decoded = 0;
  for (let run = 0; run < runs; run++) {
    const octets = mutate(originals[rng.below(originals.length)]!, rng);
    try {
      if (decodeAll(octets)) decoded++;
    } catch (error) {
      throw new Error(`IKED_SEED=${seed}, run ${run}: ${toHex(octets)}`, { cause: error });
    }
  }
  // Both ways were taken often, or the mutations are too weak or too strong to find anything.
  assert.ok(decoded > runs / 20 && decoded < (runs * 19) / 20, `${decoded} of ${runs} decoded`);
});
