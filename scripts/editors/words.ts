/** The words of iked.conf(5) as the editors' files want them: from the table of the language and the registry. */
import { encrAlgorithms, integAlgorithms, keAlgorithms, prfAlgorithms } from "../../src/crypto/algorithms.ts";
import { type KeywordKind, KEYWORDS } from "../../src/config/keywords.ts";

/** Algorithms by the word that they stand behind. */
export const ALGORITHMS = {
  auth: integAlgorithms,
  enc: encrAlgorithms,
  group: keAlgorithms,
  prf: prfAlgorithms,
} as const;

/** Names of algorithms behind one of these words, each once; insecure ones or the others. */
export function algorithmNames(behind: readonly (keyof typeof ALGORITHMS)[], insecure: boolean): string[] {
  const names = behind.flatMap((kind) =>
    ALGORITHMS[kind].filter((entry) => entry.insecure === insecure).flatMap((entry) => entry.names)
  );
  return [...new Set(names)].sort();
}

/** Words of a kind, each once, in order; `of` narrows them to those that belong to one of these. */
export function words(kind: KeywordKind, of?: readonly string[]): string[] {
  const found = KEYWORDS.filter((one) => one.kind === kind && (of === undefined || of.includes(one.of)));
  return [...new Set(found.map(({ word }) => word))].sort();
}
