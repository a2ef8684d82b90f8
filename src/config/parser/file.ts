/**
 * iked.conf(5) to its syntax tree: statements, macros and includes. After an error it goes on with the next
 * statement, so one run finds them all.
 */
import type { ConfigurationNode, PolicyNode, RadiusNode, SetNode, UserNode } from "../ast.ts";
import { Abandoned, Cursor, describe } from "../cursor.ts";
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import { WORDS, wordsOf } from "../keywords.ts";
import { textOf, type Token } from "../lexer.ts";
import { Macros } from "../macros.ts";
import { Source } from "../source.ts";
import { closest } from "../suggest.ts";
import type { ParseContext } from "./context.ts";
import { defineMacro } from "./macro.ts";
import { policy, wipePolicy } from "./policy.ts";
import { radius, setting, user } from "./settings.ts";

/** Files within files, and files at all. */
const MAX_DEPTH = 16;
const MAX_FILES = 1024;
const BASE_BUDGET = 1 << 20;
const STATEMENTS = wordsOf("", "statement");
/** First words of the rules of ipsec.conf(5), which stand in the same file on some hosts and are passed over. */
const FOREIGN: ReadonlySet<string> = new Set(wordsOf("", "foreign"));

class Parser {
  readonly sets: SetNode[] = [];
  readonly users: UserNode[] = [];
  readonly radius: RadiusNode[] = [];
  readonly policies: PolicyNode[] = [];
  readonly macros: Macros;
  readonly sources: Source[] = [];
  /** Where the last statement ended, if it was a policy: what follows may belong to it. */
  #policyEnd: { readonly source: Source; readonly line: number } | undefined;

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
      const isPolicy = cursor.isRawWord("ikev2");
      try {
        this.#statement(cursor, [...chain, source]);
      } catch (error) {
        if (!(error instanceof Abandoned)) throw error;
        cursor.skipStatement();
      }
      this.#policyEnd = isPolicy ? { source, line: cursor.peekRaw().place.line } : undefined;
    }
  }

  #statement(cursor: Cursor, chain: readonly Source[]): void {
    const errors = this.diagnostics.errors;
    const raw = cursor.nextRaw();
    if (raw.kind === "variable") cursor.fail(raw, "a statement cannot start with a macro");
    const word = raw.kind === "word" ? textOf(raw) : undefined;
    const hint = this.#hint(raw);
    if (word === undefined) cursor.fail(raw, `expected a statement, found ${describe(raw)}${hint}`);
    if (cursor.peekRaw().kind === "punctuation" && textOf(cursor.peekRaw()) === "=") {
      defineMacro(cursor, raw, word);
    } else if (word === "ikev2") this.#policy(cursor, raw, chain, errors);
    else if (word === "set") this.sets.push(setting(cursor));
    else if (word === "user") this.#user(cursor, raw, errors);
    else if (word === "radius") this.#radius(cursor, raw, errors);
    else if (word === "include") this.#include(cursor, chain);
    else if (FOREIGN.has(word)) {
      const message = `"${word}" starts a rule of ipsec.conf, which is passed over${hint}`;
      this.diagnostics.warn(WARNINGS.passedOver, raw.place, message);
      cursor.skipStatement();
    } else if (WORDS.has(word)) cursor.fail(raw, `expected a statement, found ${describe(raw)}${hint}`);
    else cursor.fail(raw, `unknown statement ${describe(raw)}`, () => closest(word, STATEMENTS));
    this.#end(cursor);
  }

  /** Words behind a message about what cannot begin a statement: the line before may want to go on. */
  #hint({ place }: Token): string {
    const before = this.#policyEnd;
    if (before?.source !== place.source) return "";
    return `: if it belongs to the policy before, line ${before.line} lacks a "\\" at its end`;
  }

  #end(cursor: Cursor): void {
    if (!cursor.atEnd()) cursor.fail(cursor.peek(), `unexpected ${describe(cursor.peek())}`);
  }

  #policy(cursor: Cursor, first: Token, chain: readonly Source[], errors: number): void {
    const node = policy(
      cursor,
      first,
      (path) => this.context.readKey?.(path, chain) ?? "no files are read here",
    );
    // The lexer may have said an error and gone on
    if (this.diagnostics.errors === errors) this.policies.push(node);
    else wipePolicy(node);
  }

  #user(cursor: Cursor, first: Token, errors: number): void {
    const node = user(cursor, first);
    if (cursor.atEnd() && this.diagnostics.errors === errors) this.users.push(node);
    else node.password.octets.fill(0);
  }

  #radius(cursor: Cursor, first: Token, errors: number): void {
    const node = radius(cursor, first);
    if (cursor.atEnd() && this.diagnostics.errors === errors) this.radius.push(node);
    else if ("secret" in node) node.secret.octets.fill(0);
  }

  #include(cursor: Cursor, chain: readonly Source[]): void {
    const { text: path, token } = cursor.text("the name of a file");
    this.#end(cursor);
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
  const { sets, users, radius, policies } = parser;
  const wipe = () => {
    for (const one of parser.sources) one.wipe();
    parser.macros.wipe();
  };
  const place = { source, line: 1, column: 1, lineStart: 0 };
  return { tree: { place, sets, users, radius, policies }, wipe };
}
