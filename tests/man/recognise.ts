/** Whether tokens are a sentence of a grammar: the other way round than `makeSentence`. */
import type { Grammar, Term } from "./ebnf.ts";

/** A token as the grammar sees it. */
export interface Seen {
  readonly kind: "word" | "string" | "punctuation";
  readonly text: string;
}

/** Whether a terminal, or a class of words, takes a token. */
export type Takes = (term: Term & { kind: "terminal" | "name" }, token: Seen) => boolean;

/** Whether the tokens are a sentence of the rule. No rule of the grammar may begin with itself. */
export function isSentence(grammar: Grammar, rule: string, tokens: readonly Seen[], takes: Takes): boolean {
  const known = new Map<Term, Map<number, ReadonlySet<number>>>();
  /** Where a term that begins at a token may end. */
  const ends = (term: Term, at: number): ReadonlySet<number> => {
    const found = known.get(term)?.get(at) ?? compute(term, at);
    const list = known.get(term) ?? new Map<number, ReadonlySet<number>>();
    known.set(term, list.set(at, found));
    return found;
  };
  const after = (starts: ReadonlySet<number>, term: Term): Set<number> =>
    new Set([...starts].flatMap((at) => [...ends(term, at)]));
  const compute = (term: Term, at: number): ReadonlySet<number> => {
    switch (term.kind) {
      case "name": {
        const rule = grammar.get(term.name);
        if (rule !== undefined) return ends(rule, at);
        return new Set(at < tokens.length && takes(term, tokens[at]!) ? [at + 1] : []);
      }
      case "terminal":
        return new Set(at < tokens.length && takes(term, tokens[at]!) ? [at + 1] : []);
      case "sequence":
        return term.terms.reduce<ReadonlySet<number>>(after, new Set([at]));
      case "choice":
        return new Set(term.terms.flatMap((one) => [...ends(one, at)]));
      case "optional":
        return new Set([at, ...ends(term.term, at)]);
      case "repeated": {
        const all = new Set([at]);
        for (const start of all) for (const end of ends(term.term, start)) all.add(end);
        return all;
      }
    }
  };
  return ends({ kind: "name", name: rule }, 0).has(tokens.length);
}
