/** Where inputs start from: published captures and messages where they are there, and what our own hosts say. */
import fc from "fast-check";
import { emitMessage } from "../../src/wire/mod.ts";
import { chain, headerFields } from "../support/arbitrary_payloads.ts";
import { damage, mutate, pick, splice } from "../support/mutate.ts";
import { Pair } from "../support/pair.ts";
import { sideA, sideB } from "../support/policies.ts";
import type { Rng } from "../support/rng.ts";
import { readVectorOctets, vectorFiles } from "../support/vectors.ts";

/** Always the same: what is made of it depends on the seed of the run. */
const SEED = 1;

/** Long captures are fed less often than short ones would be, to the same end. */
const MOST_CAPTURE_OCTETS = 8_000;

/** IKE messages without encryption in them that our parser has something to do with. */
export async function messages(): Promise<readonly Uint8Array[]> {
  const folders = ["fuzz-ike/verbatim", "fuzz-ike/mutated"];
  const published = folders.flatMap((folder) => vectorFiles(folder, ".bin").map(readVectorOctets));
  const made = fc.sample(fc.tuple(headerFields, chain), { seed: SEED, numRuns: 1_500 })
    .map(([fields, payloads]) => emitMessage(fields, payloads));
  // True ones count for more: they are few, and what is inside of them can be opened.
  const said = (await livelyPair()).network.record.map(({ data }) => data);
  return [...published, ...made, ...Array.from({ length: 8 }, () => said).flat()]
    .filter((octets) => octets.length > 0);
}

/** Captures as files. */
export function captures(): readonly Uint8Array[] {
  return [".pcap", ".pcapng"].flatMap((ending) => vectorFiles("pcap", ending))
    .map(readVectorOctets)
    .filter((octets) => octets.length <= MOST_CAPTURE_OCTETS);
}

/** Two hosts that did everything that they do by themselves: rekeys of both kinds from both sides, probes, deletes. */
export async function livelyPair(): Promise<Pair> {
  const lives = (ikeLifetimeMs: number, ms: number) => ({
    policy: { ikeLifetimeMs, childLifetime: { ms, octets: 0 } },
    globals: { dpdIntervalMs: 20_000, vendorId: true },
  });
  const options = {
    seed: SEED,
    fewSpis: FEW_SPIS,
    a: sideA(lives(90_000, 40_000)),
    b: sideB(lives(70_000, 60_000)),
  };
  const pair = await new Pair(options).start();
  await pair.connect();
  await pair.advance(200_000);
  await pair.during(pair.a.engine.shutdown());
  return pair;
}

/** With so few SPIs those that stand in one run are found in another. */
export const FEW_SPIS = 250;

/** Octets for a text format: damaged, or spliced with another, or with a word of the language put in. */
export function damagedText(
  corpus: readonly Uint8Array[],
  words: readonly Uint8Array[],
  rng: Rng,
): Uint8Array {
  const text = pick(corpus, rng);
  switch (rng.below(4)) {
    case 0:
      return damage(text, rng);
    case 1:
      return splice(text, pick(corpus, rng), rng);
    default: {
      let octets: Uint8Array = text;
      for (let times = 1 + rng.below(3); times > 0; times--) {
        octets = insert(octets, pick(words, rng), rng);
      }
      return rng.chance(0.3) ? damage(octets, rng) : octets;
    }
  }
}

/** A damaged message, half of another behind it at times. */
export function damagedMessage(corpus: readonly Uint8Array[], rng: Rng): Uint8Array {
  const message = pick(corpus, rng);
  return mutate(rng.chance(0.1) ? splice(message, pick(corpus, rng), rng) : message, rng);
}

/** A word put in anywhere, or in place of as many octets. */
function insert(octets: Uint8Array, word: Uint8Array, rng: Rng): Uint8Array {
  const at = rng.below(octets.length + 1);
  const rest = octets.subarray(rng.chance(0.5) ? at : Math.min(at + word.length, octets.length));
  const result = new Uint8Array(at + word.length + rest.length);
  result.set(octets.subarray(0, at));
  result.set(word, at);
  result.set(rest, at + word.length);
  return result;
}

/** Texts as octets. */
export function octetsOf(texts: readonly string[]): readonly Uint8Array[] {
  const encoder = new TextEncoder();
  return texts.map((text) => encoder.encode(text));
}
