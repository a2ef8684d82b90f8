import assert from "node:assert/strict";
import fc from "fast-check";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";
import { readVectorOctets, vectorFiles, vectorTest } from "../support/vectors.ts";
import { difference, lexed, type Part, SAMPLE } from "./lexed.ts";

const GRAMMAR = new URL("../../editors/vscode/syntaxes/iked.tmLanguage.json", import.meta.url);
const WASM = new URL(import.meta.resolve("vscode-oniguruma/release/onig.wasm"));

/** Our grammar in the engine of Visual Studio Code. */
async function load(): Promise<textmate.IGrammar> {
  await oniguruma.loadWASM(await Deno.readFile(WASM));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (sources) => new oniguruma.OnigScanner(sources),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(await Deno.readTextFile(GRAMMAR), GRAMMAR.pathname),
  });
  return (await registry.loadGrammar("source.iked"))!;
}

const grammar = await load();

/** The parts of a file with their scopes, the innermost first. */
function* parts(
  file: string,
): Generator<{ readonly text: string; readonly at: number; readonly scopes: string[] }> {
  let stack = textmate.INITIAL, at = 0;
  for (const line of file.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    stack = ruleStack;
    for (const { startIndex, endIndex, scopes } of tokens) {
      yield { text: line.slice(startIndex, endIndex), at: at + startIndex, scopes: scopes.toReversed() };
    }
    at += line.length + 1;
  }
}

function partOf(scopes: readonly string[]): Part {
  if (scopes.some((one) => one.startsWith("string."))) return "string";
  if (scopes.some((one) => one.startsWith("comment.line.number-sign"))) return "comment";
  return scopes[0] === "variable.other.iked" ? "variable" : "other";
}

function check(file: string): boolean {
  const wanted = lexed(file);
  if (wanted === undefined) return false;
  const got: Part[] = wanted.map(() => "other");
  for (const { text, at, scopes } of parts(file)) got.fill(partOf(scopes), at, at + text.length);
  assert.equal(difference(file, wanted, got), undefined);
  return true;
}

/** `word: scope` of everything that has one of its own. */
function shown(file: string): string[] {
  return [...parts(file)].flatMap(({ text, scopes }) => {
    const scope = scopes[0]!.replace(/\.iked$/, "");
    return text.trim() === "" || /^(meta|source|string|comment\.line\.number)/.test(scope)
      ? []
      : [`${text}: ${scope}`];
  });
}

Deno.test("textmate: strings, comments and macros are shown as what the daemon's lexer takes them for", () => {
  assert.ok(check(SAMPLE));
});

vectorTest("textmate: so they are in every published file", () => {
  for (const file of vectorFiles("iked-conf", ".conf")) {
    assert.ok(check(new TextDecoder().decode(readVectorOctets(file))), file);
  }
});

Deno.test("textmate: so they are in any sequence of pieces", () => {
  const pieces = "ikev2 from psk $x # \" ' \\ { = esp set radius ikesa enc aes-256 x= 10.0.0.1 foo\\".split(
    " ",
  )
    .concat(" ", "  ", "\n", "\\\n", '\\"', "\n\n");
  let checked = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 25 }), (list) => {
      if (check(list.join(""))) checked++;
    }),
    { numRuns: 3000 },
  );
  assert.ok(checked > 500, `${checked} of 3000 were checked`);
});

Deno.test("textmate: words are shown as what they are in their statement, and as nothing where they are none", () => {
  const file = `set passive
ikev2 esp from any port 23 to 10.0.0.0/8 \\
	ikesa enc aes-256 enc 3des group modp1024 srcid from.example.com natt
esp from 10.0.0.1
gw = peer
radius server 2001:db8::1 secret x
`;
  assert.deepEqual(shown(file), [
    "set: keyword.control",
    "passive: keyword.other.option",
    "ikev2: keyword.control",
    "esp: keyword.other.clause",
    "from: keyword.other.clause",
    "any: constant.language",
    "port: keyword.other",
    "23: constant.numeric",
    "to: keyword.other.clause",
    "10.0.0.0/8: constant.numeric.address",
    "\\: punctuation.separator.continuation",
    "ikesa: keyword.other.clause",
    "enc: keyword.other",
    "aes-256: constant.language.algorithm",
    "enc: keyword.other",
    "3des: invalid.deprecated",
    "group: keyword.other",
    "modp1024: invalid.deprecated",
    "srcid: keyword.other.clause",
    "natt: keyword.other.clause",
    "esp: comment.line.foreign",
    "10.0.0.1: constant.numeric.address",
    "gw: variable.other.definition",
    "=: keyword.operator.assignment",
    "radius: keyword.control",
    "server: keyword.other",
    "2001:db8::1: constant.numeric.address",
    "secret: keyword.other",
  ]);
});
