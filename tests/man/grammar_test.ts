import assert from "node:assert/strict";
import { encrAlgorithms, integAlgorithms, keAlgorithms, prfAlgorithms } from "../../src/crypto/algorithms.ts";
import { Diagnostics, formatDiagnostic, KEYWORDS, parse, Source } from "../../src/config/mod.ts";
import { pick } from "../support/mutate.ts";
import { createRng, type Rng, seedOr } from "../support/rng.ts";
import { makeSentence, parseGrammar, reachable, type Word } from "./ebnf.ts";
import { literalBlocks, section } from "./pages.ts";

const grammar = parseGrammar(literalBlocks(section("iked.conf.5", "GRAMMAR"))[0]!);
const from = (...list: readonly string[]) => (rng: Rng) => pick(list, rng);
const names = (entries: readonly { readonly names: readonly string[] }[]) =>
  from(...entries.flatMap((one) => one.names));

/** Words of each class, as "Words, strings and amounts" states them. */
const CLASSES = {
  ADDRESS: from(
    "192.0.2.1",
    "10.0.0.0/8",
    "2001:db8::1",
    "2001:db8::/32",
    "gw.example.com",
    "em0",
    '"10.1.0.0/16"',
    "egress",
  ),
  AMOUNT: from("0", "5000000", "4G", "512M", "10k"),
  AUTH: names(integAlgorithms),
  ENC: names(encrAlgorithms),
  GROUP: names(keAlgorithms),
  NAME: (rng: Rng) => `${pick(["gw", "net_1", "A", "9x"], rng)}${rng.below(1000)}`,
  NUMBER: (rng: Rng) => String(rng.below(256)),
  PORT: from("23", "telnet", '"domain"', "65535"),
  PRF: names(prfAlgorithms),
  PROTOCOL: from("tcp", "udp", "6", '"gre"'),
  SECONDS: from("0", "3", "86400"),
  STRING: from(
    "plain",
    "gw.example.com",
    '"two words"',
    "'it is \"quoted\"'",
    '"/C=DE/CN=gw"',
    "a@example.com",
    "x-1",
  ),
  TIME: from("0", "90", "10m", "3h", "1d"),
};

function makerOf(rng: Rng) {
  return {
    grammar,
    rng,
    classes: CLASSES,
    often: new Set(["flow", "ikesa", "childsa", "config", "request"]),
  };
}

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
