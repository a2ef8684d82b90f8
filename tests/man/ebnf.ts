/** The notation of the grammar in iked.conf(5): reads it, and makes random sentences out of it. */
import type { Rng } from "../support/rng.ts";

/** A part of a rule. A terminal stands for itself; a name is another rule, or in capitals a class of words. */
export type Term =
  | { readonly kind: "terminal"; readonly text: string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "sequence" | "choice"; readonly terms: readonly Term[] }
  | { readonly kind: "optional" | "repeated"; readonly term: Term };

export type Grammar = ReadonlyMap<string, Term>;

/** Reads rules of the form `name = term …`; throws where it is none. */
export function parseGrammar(text: string): Grammar {
  const tokens = text.match(/"[^"]+"|[A-Za-z]+|[=|()[\]{}]|\S/g) ?? [];
  let at = 0;
  const expect = (token: string) => {
    if (tokens[at++] !== token) {
      throw new Error(`Expected ${token}, found ${tokens[at - 1]} behind ${tokens[at - 2]}`);
    }
  };
  const isName = (token: string | undefined) => token !== undefined && /^[A-Za-z]+$/.test(token);
  const choice = (): Term => {
    const terms = [sequence()];
    while (tokens[at] === "|") {
      at++;
      terms.push(sequence());
    }
    return terms.length === 1 ? terms[0]! : { kind: "choice", terms };
  };
  const sequence = (): Term => {
    const terms: Term[] = [];
    for (;;) {
      const token = tokens[at];
      if (token === undefined || "|)]}".includes(token) || (isName(token) && tokens[at + 1] === "=")) break;
      at++;
      if (token.startsWith('"')) terms.push({ kind: "terminal", text: token.slice(1, -1) });
      else if (isName(token)) terms.push({ kind: "name", name: token });
      else if (token === "(") {
        terms.push(choice());
        expect(")");
      } else if (token === "[") {
        terms.push({ kind: "optional", term: choice() });
        expect("]");
      } else if (token === "{") {
        terms.push({ kind: "repeated", term: choice() });
        expect("}");
      } else throw new Error(`Unexpected ${token}`);
    }
    return terms.length === 1 ? terms[0]! : { kind: "sequence", terms };
  };
  const rules = new Map<string, Term>();
  while (at < tokens.length) {
    const name = tokens[at++]!;
    expect("=");
    rules.set(name, choice());
  }
  return rules;
}

function* terms(term: Term): Generator<Term> {
  yield term;
  if (term.kind === "sequence" || term.kind === "choice") { for (const one of term.terms) yield* terms(one); }
  if (term.kind === "optional" || term.kind === "repeated") yield* terms(term.term);
}

/** Terminals and names that can be reached from a rule. */
export function reachable(grammar: Grammar, rule: string): { terminals: Set<string>; names: Set<string> } {
  const terminals = new Set<string>(), names = new Set([rule]);
  for (const name of names) {
    const term = grammar.get(name);
    if (term === undefined) continue;
    for (const one of terms(term)) {
      if (one.kind === "terminal") terminals.add(one.text);
      if (one.kind === "name") names.add(one.name);
    }
  }
  return { terminals, names };
}

/** A word of a sentence; a keyword stands in the grammar itself. */
export interface Word {
  readonly text: string;
  readonly keyword: boolean;
}

/** What random sentences are made with. */
export interface Maker {
  readonly grammar: Grammar;
  readonly rng: Rng;
  /** A word of a class. */
  readonly classes: Readonly<Record<string, (rng: Rng) => string>>;
  /** Rules that are lists of clauses: each alternative once, unless it is named here. */
  readonly often: ReadonlySet<string>;
}

/** A random sentence of a rule. */
export function makeSentence(maker: Maker, rule: string): Word[] {
  const { grammar, rng, classes, often } = maker;
  const make = (term: Term): Word[] => {
    switch (term.kind) {
      case "terminal":
        return [{ text: term.text, keyword: true }];
      case "name": {
        const known = grammar.get(term.name);
        if (known !== undefined) return make(known);
        const word = classes[term.name];
        if (word === undefined) throw new Error(`"${term.name}" is neither a rule nor a class`);
        return [{ text: word(rng), keyword: false }];
      }
      case "sequence":
        return term.terms.flatMap(make);
      case "choice":
        return make(term.terms[rng.below(term.terms.length)]!);
      case "optional":
        return rng.chance(0.5) ? make(term.term) : [];
      case "repeated":
        return term.term.kind === "name" && term.term.name === "clause"
          ? clauses(term.term.name)
          : Array.from({ length: rng.below(4) }, () => make(term.term)).flat();
    }
  };
  const clauses = (name: string): Word[] => {
    const list = grammar.get(name);
    if (list?.kind !== "choice") throw new Error(`"${name}" is no list of alternatives`);
    const chosen = list.terms.flatMap((term) => {
      const most = term.kind === "name" && often.has(term.name) ? 3 : 1;
      return Array.from({ length: rng.below(most + 1) }, () => ({ term, order: rng.below(1000) }));
    });
    return chosen.sort((a, b) => a.order - b.order).flatMap(({ term }) => make(term));
  };
  return make({ kind: "name", name: rule });
}
