/** The grammar for Visual Studio Code and other editors that read TextMate's. */
import { algorithmNames, ALGORITHMS, words } from "./words.ts";

/** One rule: a pattern for part of a line, or a region from `begin` to `end`. */
export interface Rule {
  readonly name?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly include?: string;
  readonly captures?: Readonly<Record<string, { readonly name: string }>>;
  readonly beginCaptures?: Readonly<Record<string, { readonly name: string }>>;
  readonly patterns?: readonly Rule[];
}

/** What a word of the language cannot be next to. */
const NOT_BEHIND = "(?<![\\w$./:@-])", NOT_BEFORE = "(?![\\w./:@-])";
/** Lines that end in a backslash go on. */
const END_OF_LINE = "(?<!\\\\)(?=\\n)";

function anyOf(list: readonly string[]): string {
  // The longest first: a word must not be taken for the one that begins it
  const escaped = [...list].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return `(?:${escaped.map((word) => word.replace(/[.]/g, "\\.")).join("|")})`;
}

function wordRule(name: string, list: readonly string[]): Rule {
  return { name, match: `${NOT_BEHIND}${anyOf(list)}${NOT_BEFORE}` };
}

/** A statement from its first word to the end of its last line. */
function statement(word: string, patterns: readonly Rule[]): Rule {
  return {
    name: `meta.statement.${word}.iked`,
    begin: `^\\s*(${word})${NOT_BEFORE}`,
    beginCaptures: { 1: { name: "keyword.control.iked" } },
    end: END_OF_LINE,
    patterns: [...patterns, { include: "#common" }],
  };
}

function algorithmRules(kind: keyof typeof ALGORITHMS): Rule[] {
  const behind = (insecure: boolean, name: string): Rule[] => {
    const list = algorithmNames([kind], insecure);
    if (list.length === 0) return [];
    return [{
      match: `${NOT_BEHIND}(${kind})\\s+(${anyOf(list)})${NOT_BEFORE}`,
      captures: { 1: { name: "keyword.other.iked" }, 2: { name } },
    }];
  };
  return [...behind(false, "constant.language.algorithm.iked"), ...behind(true, "invalid.deprecated.iked")];
}

function policyRules(): Rule[] {
  const values = words("value", ["from", "peer", "request", "config", "eap"]);
  return [
    ...(Object.keys(ALGORITHMS) as (keyof typeof ALGORITHMS)[]).flatMap(algorithmRules),
    wordRule("keyword.other.clause.iked", words("clause")),
    wordRule("keyword.other.iked", words("inner", ["from", "ikesa", "childsa", "lifetime", "psk"])),
    wordRule("constant.language.iked", values),
  ];
}

/** The grammar as an object. */
export function textmateGrammar(): unknown {
  const radius = [
    wordRule("keyword.other.iked", words("inner", ["radius"])),
    wordRule("constant.language.iked", [...words("value", ["radius"]), ...words("value", ["config"])]),
  ];
  const set = [
    wordRule("keyword.other.option.iked", words("option")),
    wordRule("keyword.other.iked", words("inner", ["ocsp"])),
    wordRule("constant.language.iked", words("value", ["datapath"])),
  ];
  return {
    $schema: "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
    name: "iked.conf",
    scopeName: "source.iked",
    patterns: [
      { include: "#comment" },
      {
        name: "meta.macro.iked",
        begin: "^\\s*([A-Za-z0-9][A-Za-z0-9_]*)\\s*(=)",
        beginCaptures: {
          1: { name: "variable.other.definition.iked" },
          2: { name: "keyword.operator.assignment.iked" },
        },
        end: END_OF_LINE,
        patterns: [{ include: "#common" }],
      },
      statement("ikev2", policyRules()),
      statement("set", set),
      statement("radius", radius),
      statement("user", []),
      statement("include", []),
      {
        name: "meta.statement.foreign.iked",
        begin: `^\\s*(${anyOf(words("foreign"))})${NOT_BEFORE}`,
        beginCaptures: { 1: { name: "comment.line.foreign.iked" } },
        end: END_OF_LINE,
        patterns: [{ include: "#common" }],
      },
      { include: "#common" },
    ],
    repository: {
      comment: { name: "comment.line.number-sign.iked", begin: "#", end: END_OF_LINE },
      common: {
        patterns: [
          { include: "#comment" },
          {
            name: "string.quoted.double.iked",
            begin: '"',
            end: '"',
            patterns: [{ name: "constant.character.escape.iked", match: '\\\\["\\s]' }],
          },
          {
            name: "string.quoted.single.iked",
            begin: "'",
            end: "'",
            patterns: [{ name: "constant.character.escape.iked", match: "\\\\['\\s]" }],
          },
          { name: "punctuation.separator.continuation.iked", match: "\\\\(?=\\n)" },
          { name: "variable.other.iked", match: "(?<![^\\s\"'#(){},=<>!])(?:\\$[A-Za-z0-9_]+)+" },
          {
            name: "constant.numeric.address.iked",
            match: "(?<![\\w$.:-])(?:\\d{1,3}(?:\\.\\d{1,3}){3}|" +
              "(?=[0-9A-Fa-f:]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:]+(?:\\d{1,3}(?:\\.\\d{1,3}){3})?)(?:/\\d{1,3})?(?![\\w.:-])",
          },
          {
            name: "constant.numeric.iked",
            match: `${NOT_BEHIND}(?:0x[0-9A-Fa-f]+|\\d+[mhdKMG]?)${NOT_BEFORE}`,
          },
          { name: "punctuation.separator.iked", match: "[(){},]" },
        ],
      },
    },
  };
}
