import assert from "node:assert/strict";
import { Diagnostics, formatDiagnostic, KEYWORDS, parse, Source } from "../../src/config/mod.ts";
import { pick } from "../support/mutate.ts";
import { createRng, seedOr } from "../support/rng.ts";
import { Lexer } from "../../src/config/lexer.ts";
import { makeSentence, reachable, type Word } from "./ebnf.ts";
import { isSentence, type Seen, type Takes } from "./recognise.ts";
import { CLASSES, grammar, makerOf } from "./sentences.ts";

/** What the parser says of a line that it refuses; undefined where it takes it. */
function refusal(line: string): string | undefined {
  const diagnostics = new Diagnostics();
  const context = {
    macros: new Map<string, string>(),
    include: (path: string) => new Source(path, new Uint8Array(0)),
    readKey: () => new TextEncoder().encode("0x00112233"),
  };
  parse(new Source("iked.conf", new TextEncoder().encode(`${line}\n`)), context, diagnostics);
  return diagnostics.failed ? diagnostics.finish().map(formatDiagnostic).join("\n") : undefined;
}

const textOf = (words: readonly Word[]) => words.map(({ text }) => text).join(" ");

Deno.test("iked.conf(5): every sentence of the grammar is taken by the parser", () => {
  const seed = seedOr(20_261_122), rng = createRng(seed);
  const begun = new Map<string, number>();
  for (let i = 0; i < 4000; i++) {
    const line = textOf(makeSentence(makerOf(rng), "line"));
    assert.equal(refusal(line), undefined, `seed ${seed}: ${line}`);
    const first = line.split(" ", 1)[0]!;
    begun.set(first, (begun.get(first) ?? 0) + 1);
  }
  for (const word of ["ikev2", "set", "user", "radius", "include"]) assert.ok(begun.get(word)! > 300, word);
});

Deno.test("iked.conf(5): a sentence in which a word of the language is another one is refused", () => {
  const seed = seedOr(20_261_123), rng = createRng(seed);
  const kinds = new Map(
    KEYWORDS.filter(({ kind }) => kind !== "foreign").map(({ word, kind }) => [word, kind]),
  );
  let tried = 0;
  for (let i = 0; i < 2000; i++) {
    const rule = pick(["set", "radius", "policy"], rng);
    const words = makeSentence(makerOf(rng), rule);
    // Without a name, the word that is wrong would be one
    if (rule === "policy") {
      words.splice(1, words[1]?.keyword === false ? 1 : 0, { text: '"a name"', keyword: false });
    }
    const at = rng.below(words.length), { text, keyword } = words[at]!;
    const means = keyword && ["statement", "option", "clause", "inner"].includes(kinds.get(text) ?? "");
    // One that stands for a value is refused later, for the values that there are
    if (!means || words[at - 1]?.text === "config" || /^(any|none|radius)$/.test(text) && at > 0) continue;
    tried++;
    const line = textOf(words.with(at, { text: "nosuchword", keyword: false }));
    assert.ok(refusal(line) !== undefined, `seed ${seed}: ${line}`);
  }
  assert.ok(tried > 500, String(tried));
});

/** The tokens of a line. */
function tokensOf(line: string): Seen[] {
  const octets = new TextEncoder().encode(line);
  const lexer = new Lexer(octets, new Source("", octets), new Diagnostics());
  const tokens: Seen[] = [];
  for (let token = lexer.next(); token.kind !== "end"; token = lexer.next()) {
    const { kind, start, end } = token;
    if (kind === "newline" || kind === "variable") throw new Error(`No ${kind} was expected in: ${line}`);
    tokens.push({ kind, text: line.slice(start, end) });
  }
  return tokens;
}

const VALUES = new Set(KEYWORDS.filter(({ kind }) => kind === "value").map(({ word }) => word));

/** Values are looked at when the line is compiled: to the parser any word is one. */
const takes: Takes = (term, { kind, text }) => {
  if (term.kind === "name") return kind !== "punctuation" || term.name === "ANY";
  return VALUES.has(term.text) ? kind !== "punctuation" : kind !== "string" && text === term.text;
};

Deno.test("iked.conf(5): what the parser takes of damaged sentences is in the grammar", () => {
  const seed = seedOr(20_261_126), rng = createRng(seed);
  const spare = [...reachable(grammar, "line").terminals, "word", '"a string"', "10.0.0.1", "3"];
  let taken = 0;
  for (let i = 0; i < 6000; i++) {
    const words = makeSentence(makerOf(rng), pick(["set", "user", "radius", "policy", "include"], rng))
      .map(({ text }) => text);
    for (let times = 1 + rng.below(2); times > 0; times--) {
      const at = rng.below(words.length), to = rng.below(words.length + 1);
      const change = rng.below(4);
      if (change === 0) words.splice(at, 1);
      else if (change === 1) words.splice(to, 0, words[at]!);
      else if (change === 2) words[at] = pick(spare, rng);
      else words.splice(to, 0, pick(spare, rng));
      if (words.length === 0) words.push("set");
    }
    const line = words.join(" ");
    // The parser takes this, and the compiler says what is wrong with it
    const isLater = /\bikesa( (auth|enc|prf|group) ("[^"]*"|'[^']*'|\S+))* (no)?esn\b/.test(line);
    if (isLater || refusal(line) !== undefined) continue;
    taken++;
    assert.ok(isSentence(grammar, "line", tokensOf(line), takes), `seed ${seed}: ${line}`);
  }
  assert.ok(taken > 500, String(taken));
});

/** Words of the table whose statement is one of these. */
function tableWords(...of: readonly string[]): Set<string> {
  return new Set(KEYWORDS.filter((one) => of.includes(one.of)).map(({ word }) => word));
}

const isWord = (text: string) => /^\w/.test(text);

Deno.test("iked.conf(5): the grammar has every word of the language, each in its statement, and no other", () => {
  const wordsOf = (rule: string) => new Set([...reachable(grammar, rule).terminals].filter(isWord));
  assert.deepEqual(wordsOf("set"), new Set([...tableWords("set", "ocsp", "datapath"), "set"]));
  assert.deepEqual(wordsOf("radius"), new Set([...tableWords("radius", "config"), "radius"]));
  assert.deepEqual(
    wordsOf("policy"),
    new Set([
      ...tableWords(
        "ikev2",
        "from",
        "peer",
        "ikesa",
        "childsa",
        "lifetime",
        "psk",
        "eap",
        "config",
        "request",
      ),
      "ikev2",
    ]),
  );
  assert.deepEqual(wordsOf("line"), new Set(KEYWORDS.map(({ word }) => word)));
});

Deno.test("iked.conf(5): every rule of the grammar is used, and every name is a rule or a class", () => {
  const { names } = reachable(grammar, "line");
  for (const rule of grammar.keys()) assert.ok(names.has(rule), `rule "${rule}" is not used`);
  for (const name of names) assert.ok(grammar.has(name) || Object.hasOwn(CLASSES, name), name);
});
