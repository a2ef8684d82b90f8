/**
 * iked.conf(5) to its syntax tree: statements, macros and includes. After an error it goes on with the next
 * statement, so one run finds them all.
 */
import { concat } from "../bytes/mod.ts";
import type { ConfigurationNode, PolicyNode, SetNode } from "./ast.ts";
import { Abandoned, Cursor, describe } from "./cursor.ts";
import { type Diagnostics, WARNINGS } from "./diagnostics.ts";
import { IPSEC_CONF_RULES, isReserved, LATER_WORDS, WORDS } from "./keywords.ts";
import { textOf, type Token, valueOf } from "./lexer.ts";
import { Macros, MAX_MACRO_LENGTH } from "./macros.ts";
import { parsePolicy, unknownWord } from "./policy_parser.ts";
import { Source } from "./source.ts";
import { closest } from "./suggest.ts";

/** What parsing needs besides the file. */
export interface ParseContext {
  /** Macros of the command line. */
  readonly macros: ReadonlyMap<string, string>;
  /**
   * Reads the file that an `include` names, relative to the one it stands in. A string is the reason why not. The
   * chain has the files that are being read, the first one first.
   */
  readonly include: (path: string, chain: readonly Source[]) => Source | string;
}

/** Files within files, and files at all. */
const MAX_DEPTH = 16;
const MAX_FILES = 1024;
const BASE_BUDGET = 1 << 20;
const NEWLINE = 0x0a;
const BLANK = Uint8Array.of(0x20);
const MACRO_NAME = /^[A-Za-z0-9][A-Za-z0-9_]*$/;
const FIRST_WORDS = ["ikev2", "set", "include"];
/** Options of `set` without a value. `no…` of what this version does not do is what it does. */
const SWITCHES: ReadonlySet<string> = new Set(
  ("active passive couple decouple enforcesingleikesa noenforcesingleikesa vendorid novendorid nomobike " +
    "nofragmentation nostickyaddress").split(" "),
);
const SETTINGS: ReadonlyMap<string, string> = new Map([
  ["dpd_check_interval", "a number of seconds"],
  ["datapath", "userland, xfrm, pfkey or none"],
]);

class Parser {
  readonly sets: SetNode[] = [];
  readonly policies: PolicyNode[] = [];
  readonly macros: Macros;
  readonly sources: Source[] = [];

  constructor(readonly context: ParseContext, readonly diagnostics: Diagnostics) {
    this.macros = new Macros(context.macros, BASE_BUDGET);
  }

  file(source: Source, chain: readonly Source[]): void {
    this.sources.push(source);
    this.macros.allowFor(source);
    const cursor = new Cursor(source, this.macros, this.diagnostics);
    for (;;) {
      const { kind } = cursor.peekRaw();
      if (kind === "end") return;
      if (kind === "newline") {
        cursor.nextRaw();
        continue;
      }
      try {
        this.#statement(cursor, [...chain, source]);
      } catch (error) {
        if (!(error instanceof Abandoned)) throw error;
        cursor.skipStatement();
      }
    }
  }

  #statement(cursor: Cursor, chain: readonly Source[]): void {
    const errors = this.diagnostics.errors;
    const raw = cursor.nextRaw();
    if (raw.kind === "variable") cursor.fail(raw, "a statement cannot start with a macro");
    const word = raw.kind === "word" ? textOf(raw) : undefined;
    if (word === undefined) cursor.fail(raw, `expected a statement, found ${describe(raw)}`);
    if (cursor.peekRaw().kind === "punctuation" && textOf(cursor.peekRaw()) === "=") {
      this.#macro(cursor, raw, word);
    } else if (word === "ikev2") this.#policy(cursor, raw, errors);
    else if (word === "set") this.#set(cursor);
    else if (word === "include") this.#include(cursor, chain);
    else if (IPSEC_CONF_RULES.has(word)) {
      const message = `"${word}" starts a rule of ipsec.conf, which is passed over`;
      this.diagnostics.warn(WARNINGS.passedOver, raw.place, message);
      cursor.skipStatement();
    } else if (LATER_WORDS.has(word) || WORDS.has(word)) unknownWord(cursor, raw, "a statement");
    else cursor.fail(raw, `unknown statement ${describe(raw)}`, closest(word, FIRST_WORDS));
    if (!cursor.atEnd()) cursor.fail(cursor.peek(), `unexpected ${describe(cursor.peek())}`);
  }

  /** `name = value …`: the values with blanks between them, quotes taken away, macros in it expanded now. */
  #macro(cursor: Cursor, nameToken: Token, name: string): void {
    if (!MACRO_NAME.test(name)) {
      cursor.fail(nameToken, `"${name}" cannot name a macro: only letters, digits and "_" can`);
    }
    if (isReserved(name)) cursor.fail(nameToken, `"${name}" is a reserved word and cannot name a macro`);
    cursor.nextRaw();
    const first = cursor.peekRaw();
    const { place } = nameToken;
    const nested: string[] = [];
    const errors = this.diagnostics.errors;
    let octets: Uint8Array | undefined;
    try {
      octets = this.#macroValue(cursor, name, nested);
    } finally {
      const broken = octets === undefined || this.diagnostics.errors > errors;
      // Up to where reading came; an error ends it somewhere in its line
      const newline = first.octets.indexOf(NEWLINE, cursor.peekRaw().start);
      const end = broken && newline >= 0 ? newline : cursor.peekRaw().end;
      const hide = () => {
        place.source.hide(first.start, end);
        for (const one of nested) this.macros.hide(one);
      };
      this.macros.define(name, { octets: octets ?? new Uint8Array(0), place, broken }, hide);
    }
  }

  #macroValue(cursor: Cursor, name: string, nested: string[]): Uint8Array {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (
      let token = cursor.peekRaw();
      token.kind !== "newline" && token.kind !== "end";
      token = cursor.peekRaw()
    ) {
      const macro = token.kind === "variable" ? cursor.macro(token) : undefined;
      if (macro !== undefined) nested.push(textOf(token));
      const part = macro?.octets ?? valueOf(token);
      length += part.length + 1;
      if (length > MAX_MACRO_LENGTH) cursor.fail(token, `the value of macro "${name}" is too long`);
      if (parts.length > 0) parts.push(BLANK);
      parts.push(part);
      cursor.nextRaw();
    }
    if (parts.length === 0) cursor.fail(cursor.peekRaw(), `expected a value for macro "${name}"`);
    return concat(...parts);
  }

  #policy(cursor: Cursor, first: Token, errors: number): void {
    const policy = parsePolicy(cursor, first);
    // The lexer may have said an error and gone on
    if (this.diagnostics.errors === errors) this.policies.push(policy);
    else policy.psk?.octets.fill(0);
  }

  #set(cursor: Cursor): void {
    const token = cursor.next();
    const option = token.kind === "word" ? textOf(token) : "";
    const text = { text: option, place: token.place };
    const wanted = SETTINGS.get(option);
    if (wanted !== undefined) {
      const value = cursor.text(wanted);
      this.sets.push({ option: text, value: { text: value.text, place: value.place } });
    } else if (SWITCHES.has(option)) this.sets.push({ option: text });
    else if (LATER_WORDS.has(option)) unknownWord(cursor, token, "an option of set");
    else {
      const options = [...SWITCHES, ...SETTINGS.keys()];
      cursor.fail(token, `unknown option ${describe(token)} of set`, closest(option, options));
    }
  }

  #include(cursor: Cursor, chain: readonly Source[]): void {
    const { text: path, token } = cursor.text("the name of a file");
    if (!cursor.atEnd()) cursor.fail(cursor.peek(), `unexpected ${describe(cursor.peek())}`);
    if (chain.length >= MAX_DEPTH) cursor.fail(token, `files include each other more than ${MAX_DEPTH} deep`);
    if (this.sources.length >= MAX_FILES) cursor.fail(token, `more than ${MAX_FILES} files are included`);
    const source = this.context.include(path, chain);
    if (typeof source === "string") cursor.fail(token, `cannot include "${path}": ${source}`);
    this.file(source, chain);
  }
}

/** What parsing gives: the tree, and how to forget the octets of all files and macros. */
export interface Parsed {
  readonly tree: ConfigurationNode;
  readonly wipe: () => void;
}

/** Parses a file and all that it includes. Never throws because of what is in them. */
export function parse(source: Source, context: ParseContext, diagnostics: Diagnostics): Parsed {
  const parser = new Parser(context, diagnostics);
  parser.file(source, []);
  // A statement that was given up may have used any of them
  if (!diagnostics.failed) parser.macros.warnUnused(diagnostics);
  const { sets, policies } = parser;
  const wipe = () => {
    for (const one of parser.sources) one.wipe();
    parser.macros.wipe();
  };
  return { tree: { place: { source, line: 1, column: 1, lineStart: 0 }, sets, policies }, wipe };
}
