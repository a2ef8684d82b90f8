/**
 * iked.conf(5) in one layout: every token and comment as it is written, in the lines it is written in; blanks, indents
 * and runs of empty lines made even. What it does not understand it lays out all the same: only what is no sequence of
 * tokens is refused.
 *
 * A statement begins at the start of its line. Of its continued lines those that begin a clause stand one step in,
 * those that go on with one stand two.
 */
import { Writer } from "../../bytes/mod.ts";
import { Diagnostics } from "../diagnostics.ts";
import { Lexer, type Token } from "../lexer.ts";
import { Source } from "../source.ts";
import { Depth, indentation } from "./layout.ts";

const NEWLINE = 0x0a, BACKSLASH = 0x5c, HASH = 0x23, EQUALS = 0x3d, COMMA = 0x2c;
const OPEN = 0x28, CLOSE = 0x29, OPEN_LIST = 0x7b, CLOSE_LIST = 0x7d;
const SPACE = 0x20, TAB = 0x09, CARRIAGE_RETURN = 0x0d;
const CONTINUED = Uint8Array.of(SPACE, BACKSLASH, NEWLINE);

/** What stands between two tokens. */
interface Gap {
  readonly empty: boolean;
  /** A backslash ends a line in it. */
  readonly continued: boolean;
  /** Blanks in front of the token on its line. */
  readonly indent: Uint8Array;
  /** The comment with its `#`; empty where there is none. */
  readonly comment: Uint8Array;
}

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB || octet === CARRIAGE_RETURN;
}

function gapBetween(octets: Uint8Array, start: number, end: number): Gap {
  let comment = start, newline = -1;
  while (comment < end && octets[comment] !== HASH) {
    if (octets[comment] === NEWLINE) newline = comment;
    comment++;
  }
  return {
    empty: start === end,
    continued: newline >= 0,
    indent: octets.subarray(newline + 1, newline < 0 ? 0 : comment),
    comment: octets.subarray(comment, end),
  };
}

/** A token and what is in front of it. */
interface Piece {
  readonly token: Token;
  readonly gap: Gap;
}

/** Tokens of the file, line by line; the last of each is its newline, or the end. */
function* linesOf(source: Source, diagnostics: Diagnostics): Generator<readonly Piece[]> {
  const lexer = new Lexer(source.octets, source, diagnostics);
  let line: Piece[] = [];
  for (let from = 0;;) {
    const token = lexer.next();
    line.push({ token, gap: gapBetween(source.octets, from, token.start) });
    from = token.end;
    if (token.kind !== "newline" && token.kind !== "end") continue;
    yield line;
    if (token.kind === "end") return;
    line = [];
  }
}

/** The first blanks in front of a clause on a continued line. */
function firstIndent({ name, octets }: Source): Uint8Array | undefined {
  if (!octets.includes(BACKSLASH)) return undefined;
  for (const pieces of linesOf(new Source(name, octets), new Diagnostics())) {
    const depth = new Depth();
    for (const [at, { token, gap }] of pieces.entries()) {
      const isLast = at === pieces.length - 1;
      const step = depth.next(token, at > 0 && gap.continued);
      if (at > 0 && !isLast && gap.continued && step === 1) return gap.indent;
    }
  }
  return undefined;
}

function markOf({ kind, octets, start }: Token): number {
  return kind === "punctuation" ? octets[start]! : 0;
}

/** Whether a blank goes between two tokens of one line; where it does not matter it is as written. */
function isApart(before: Token, token: Token, gap: Gap, inMacro: boolean): boolean {
  const left = markOf(before), right = markOf(token);
  if (right === COMMA || right === CLOSE || left === OPEN) return false;
  if (inMacro && (left === EQUALS || right === EQUALS)) return true;
  if (left === COMMA || left === CLOSE || left === OPEN_LIST || left === CLOSE_LIST) return true;
  if (right === OPEN || right === OPEN_LIST || right === CLOSE_LIST) return true;
  return !gap.empty;
}

class Printer {
  readonly writer: Writer;
  /** An empty line stands before the next one. */
  #apart = false;

  constructor(size: number, readonly indent: Uint8Array) {
    this.writer = new Writer(size);
  }

  line(pieces: readonly Piece[]): void {
    const { comment, continued } = pieces.at(-1)!.gap;
    const isEmpty = pieces.length === 1 && comment.length === 0;
    if (isEmpty) {
      this.#apart ||= this.writer.length > 0;
      return;
    }
    if (this.#apart) this.writer.u8(NEWLINE);
    this.#statement(pieces);
    if (comment.length > 0) {
      this.#comment(comment, pieces.length === 1 ? "alone" : continued ? "own" : "same");
    } else this.#guardBackslash(pieces.at(-2)!.token);
    this.writer.u8(NEWLINE);
    // A backslash before an empty line: the statement ends there, and the empty line is one
    this.#apart = continued && comment.length === 0;
  }

  #statement(pieces: readonly Piece[]): void {
    const depth = new Depth();
    for (let at = 0; at < pieces.length - 1; at++) {
      const { token, gap } = pieces[at]!;
      const step = depth.next(token, at > 0 && gap.continued);
      if (at > 0 && gap.continued) this.#continue(step);
      else if (at > 0) {
        const inMacro = at <= 2 && markOf(pieces[1]!.token) === EQUALS;
        if (isApart(pieces[at - 1]!.token, token, gap, inMacro)) this.writer.u8(SPACE);
      }
      this.writer.octets(token.octets.subarray(token.start, token.end));
    }
  }

  #continue(step: number): void {
    this.writer.octets(CONTINUED);
    for (let i = 0; i < step; i++) this.writer.octets(this.indent);
  }

  #comment(comment: Uint8Array, where: "alone" | "same" | "own"): void {
    if (where === "own") this.#continue(1);
    else if (where === "same") this.writer.u8(SPACE);
    let end = comment.length;
    while (isBlank(comment[end - 1])) end--;
    this.writer.octets(comment.subarray(0, end));
    if (comment[end - 1] === BACKSLASH) this.writer.u8(SPACE);
  }

  /** A word that ends in a backslash would take the next line with it. */
  #guardBackslash({ octets, end }: Token): void {
    if (octets[end - 1] === BACKSLASH) this.writer.u8(SPACE);
  }
}

/** The file laid out; undefined where it is no sequence of tokens, and the diagnostics say why. */
export function formatConfiguration(source: Source, diagnostics: Diagnostics): Uint8Array | undefined {
  const printer = new Printer(source.octets.length + 64, indentation(firstIndent(source)));
  for (const pieces of linesOf(source, diagnostics)) printer.line(pieces);
  return diagnostics.failed ? undefined : printer.writer.finish();
}

/** Tokens without the newlines that end no statement. */
function* statementTokens(octets: Uint8Array): Generator<Token> {
  const lexer = new Lexer(octets, new Source("", octets), new Diagnostics());
  let newline: Token | undefined, started = false;
  for (let token = lexer.next(); token.kind !== "end"; token = lexer.next()) {
    if (token.kind === "newline") {
      if (started) newline = token;
      continue;
    }
    if (newline !== undefined) yield newline;
    newline = undefined;
    started = true;
    yield token;
  }
}

function isSameToken(a: Token, b: Token): boolean {
  if (a.kind !== b.kind || a.secret !== b.secret || a.end - a.start !== b.end - b.start) return false;
  for (let i = a.end - a.start - 1; i >= 0; i--) {
    if (a.octets[a.start + i] !== b.octets[b.start + i]) return false;
  }
  return true;
}

/** Whether two files have the same statements, token by token: then they mean the same. */
export function isSameText(a: Uint8Array, b: Uint8Array): boolean {
  const left = statementTokens(a), right = statementTokens(b);
  for (;;) {
    const one = left.next(), other = right.next();
    if (one.done === true || other.done === true) return one.done === other.done;
    if (!isSameToken(one.value, other.value)) return false;
  }
}
