/**
 * Runs a target: episodes of the seeds S, S + 1, … until enough inputs were taken or one of them failed. What failed
 * is repeated with fewer and smaller inputs, and `repeat` feeds it again.
 */
import { createRng } from "../support/rng.ts";
import { Growth } from "./heap.ts";
import { minimise } from "./minimise.ts";
import type { Target } from "./target.ts";

export interface Failure {
  /** Of the episode: with it the inputs repeat what happened. */
  readonly seed: number;
  /** Minimised; none where it is the sum of all inputs that fails. */
  readonly inputs: readonly Uint8Array[];
  /** Inputs of the episode before they were minimised. */
  readonly fed: number;
  readonly error: Error;
}

export interface Report {
  readonly inputs: number;
  readonly episodes: number;
  /** How often `feed` came to each word. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly failure?: Failure;
}

/** Looks on while a target runs. */
export interface Observer {
  /** Before each input; `inputs` were taken before it. Throws to end the run. */
  input?(inputs: number, seed: number, input: Uint8Array): void;
  /** Something failed and will be repeated now, many times. */
  failed?(): void;
}

/** How much is fed. */
export interface Extent {
  readonly seed: number;
  /** Inputs in all; a few more where the last episode is not over then. */
  readonly count: number;
  /** Inputs of an episode, in place of the target's own number. */
  readonly length?: number;
}

export async function fuzz(
  target: Target,
  { seed, count, length = target.inputs }: Extent,
  observer: Observer = {},
): Promise<Report> {
  const outcomes = new Map<string, number>();
  let inputs = 0, episodes = 0;
  for (; inputs < count; episodes++) {
    const before = (input: Uint8Array) => {
      observer.input?.(inputs, seed + episodes, input);
      inputs++;
    };
    const after = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const failed = await runEpisode(target, seed + episodes, length, before, after);
    if (failed === undefined) continue;
    observer.failed?.();
    const failure = await explain(target, seed + episodes, failed.fed, failed.error);
    return { inputs, episodes: episodes + 1, outcomes, failure };
  }
  return { inputs, episodes, outcomes };
}

async function runEpisode(
  target: Target,
  seed: number,
  length: number,
  before: (input: Uint8Array) => void,
  after: (outcome: string) => void,
): Promise<{ readonly fed: number; readonly error: Error } | undefined> {
  const rng = createRng(seed, target.name);
  let fed = 0;
  try {
    const episode = await target.open(seed);
    while (fed < length && episode.over !== true) {
      const input = target.generate(rng);
      fed++;
      before(input);
      const outcome = episode.feed(input);
      after(typeof outcome === "string" ? outcome : await outcome);
    }
    await episode.finish?.();
    return undefined;
  } catch (error) {
    return { fed, error: asError(error) };
  }
}

async function explain(
  target: Target,
  seed: number,
  fed: number,
  error: Error,
): Promise<Failure> {
  if (error instanceof Growth) return { seed, inputs: [], fed, error };
  const likeness = likenessOf(error);
  const rng = createRng(seed, target.name);
  const all = Array.from({ length: fed }, () => target.generate(rng));
  const inputs = await minimise(all, async (candidate) => {
    const again = await repeat(target, seed, candidate);
    return again !== undefined && likenessOf(again) === likeness;
  });
  return { seed, inputs, fed, error };
}

/** Feeds these inputs to an episode of this seed; what was thrown. */
export async function repeat(
  target: Target,
  seed: number,
  inputs: readonly Uint8Array[],
): Promise<Error | undefined> {
  try {
    const episode = await target.open(seed);
    for (const input of inputs) {
      if (episode.over === true) break;
      await episode.feed(input);
    }
    await episode.finish?.();
    return undefined;
  } catch (error) {
    return asError(error);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What two failures of one cause have in common: their first line without the numbers in it. */
function likenessOf(error: Error): string {
  return `${error.name}: ${error.message.split("\n")[0]!}`.replaceAll(/[0-9a-f]*\d[0-9a-f]*/g, "#");
}
