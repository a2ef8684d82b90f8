/** What `iked explain` says of a configuration. Values only; no secrets. */
import type { SourcePlace } from "../../policy/types.ts";

/** What a sentence is about. */
export type Topic =
  | "peer"
  | "identity"
  | "authentication"
  | "begin"
  | "traffic"
  | "before"
  | "ike-algorithms"
  | "child-algorithms"
  | "keys"
  | "addresses"
  | "extras"
  | "precedence"
  | "unsupported";

/** One sentence, and where in the configuration it comes from; without a place it is the default. */
export interface Sentence {
  readonly topic: Topic;
  readonly text: string;
  readonly where?: SourcePlace;
}

export interface PolicyExplanation {
  readonly name: string;
  readonly where?: SourcePlace;
  readonly sentences: readonly Sentence[];
}

export interface Explanation {
  readonly version: 1;
  /** What holds for all policies. */
  readonly settings: readonly Sentence[];
  readonly policies: readonly PolicyExplanation[];
  /** What keeps the daemon from starting with this file. */
  readonly unsupported: readonly Sentence[];
}
