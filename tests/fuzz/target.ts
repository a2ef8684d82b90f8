/** What is fuzzed: a target takes inputs one after the other, in episodes that begin with nothing and end with nothing. */
import type { Rng } from "../support/rng.ts";

/**
 * The state that takes the inputs of one episode. It depends on the seed of the episode and the inputs alone, so that
 * both together repeat what happened.
 */
export interface Episode {
  /** Takes one input and says in a word what came of it; throws where that is wrong. */
  feed(input: Uint8Array): string | Promise<string>;
  /** No input can reach anything any more: the episode ends here. */
  readonly over?: boolean;
  /** After the last input; throws where something is left behind. */
  finish?(): void | Promise<void>;
}

export interface Target {
  readonly name: string;
  /** What is fed with what, for people. */
  readonly says: string;
  /** Inputs of an episode at most. */
  readonly inputs: number;
  /** Words that `feed` has to come to often: inputs that never get far, or are never refused, find nothing. */
  readonly reaches: readonly string[];
  /** The next input of an episode. */
  generate(rng: Rng): Uint8Array;
  open(seed: number): Episode | Promise<Episode>;
}

/** What a module of `targets/` exports: loads the corpus, where there is one to load. */
export type LoadTarget = () => Target | Promise<Target>;
