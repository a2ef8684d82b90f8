import { type Diagnostics } from "./diagnostics.ts";
import { isReserved } from "./keywords.ts";
import { isTextAt, Lexer, textOf, textOfOctets, type Token, valueOf } from "./lexer.ts";
import { type Macro, type Macros } from "./macros.ts";
import type { Source } from "./source.ts";
import { closest } from "./suggest.ts";

/** Ends the parsing of one statement; it never leaves this room. */
export class Abandoned extends Error {}
const BACKSLASH = 0x5c;
/** Names of macros among which one is looked for that is like a wrong one. */
const MAX_NAMES = 1000;
const ABANDONED = new Abandoned("The statement is given up");

/** A token in words, for a message. Secrets stay out of it. */
export function describe(token: Token): string {
  if (token.kind === "newline" || token.kind === "end") return "the end of the statement";
  if (token.secret) return "a word behind a secret";
  const text = token.kind === "variable" ? `$${textOf(token)}` : textOf(token);
  const short = text.length > 64 ? `${text.slice(0, 64)}…` : text;
  return token.kind === "string" ? `string "${short}"` : `"${short}"`;
}

/** The tokens of one file with macros expanded where they are met. */
export class Cursor {
  readonly #lexer: Lexer;
  #expansion: Lexer | undefined;
  /** The next token as it stands in the file or the expansion. */
  #raw: Token | undefined;
  /** The token taken last, and the one before it. */
  #taken: Token | undefined;
  #before: Token | undefined;

  constructor(source: Source, readonly macros: Macros, readonly diagnostics: Diagnostics) {
    this.#lexer = new Lexer(source.octets, source, diagnostics);
  }

  /** The next token, a macro not yet expanded. */
  peekRaw(): Token {
    for (;;) {
      this.#raw ??= (this.#expansion ?? this.#lexer).next();
      if (this.#expansion === undefined || this.#raw.kind !== "end") return this.#raw;
      this.#expansion = undefined;
      this.#raw = undefined;
    }
  }

  /** The next token; a macro is replaced by what it stands for. */
  peek(): Token {
    for (let token = this.peekRaw();; token = this.peekRaw()) {
      if (token.kind !== "variable" || this.#expansion !== undefined) return token;
      const macro = this.macro(token);
      const name = textOf(token);
      this.#raw = undefined;
      const place = { ...token.place, macro: { name, place: macro.place } };
      const origin = { place, secret: token.secret, hide: () => this.macros.hide(name) };
      this.#expansion = new Lexer(macro.octets, token.place.source, this.diagnostics, origin);
    }
  }

  next(): Token {
    return this.#take(this.peek());
  }

  nextRaw(): Token {
    return this.#take(this.peekRaw());
  }

  #take(token: Token): Token {
    this.#before = this.#taken;
    this.#taken = token;
    this.#raw = undefined;
    return token;
  }

  /** The macro that a variable names; it is an error if there is none. */
  macro(token: Token): Macro {
    const name = textOf(token);
    const macro = this.macros.use(name);
    if (macro === undefined) {
      this.fail(
        token,
        `macro "${name}" is not defined`,
        () => closest(name, this.macros.names().take(MAX_NAMES)),
      );
    }
    if (macro.broken === true) throw ABANDONED;
    if (!this.macros.spend(macro.octets.length + 1)) this.fail(token, "macros expand to too much text");
    if (token.secret) this.macros.hide(name);
    return macro;
  }

  /**
   * A string operand as octets: a macro stands for it with its whole value, blanks and all. `wanted` says in words
   * what is expected.
   */
  operand(wanted: string): { readonly token: Token; readonly octets: Uint8Array } {
    const token = this.peekRaw();
    if (token.kind === "variable" && this.#expansion === undefined) {
      const macro = this.macro(token);
      this.#raw = undefined;
      const place = { ...token.place, macro: { name: textOf(token), place: macro.place } };
      return { token: { ...token, place }, octets: macro.octets };
    }
    if (token.kind !== "word" && token.kind !== "string") {
      this.fail(token, `expected ${wanted}, found ${describe(token)}`);
    }
    this.#take(token);
    return { token, octets: valueOf(token) };
  }

  /** A string operand as text. Not for secrets. */
  text(wanted: string): { readonly text: string; readonly place: Token["place"]; readonly token: Token } {
    const word = this.peekRaw();
    if (word.kind === "word" && isReserved(textOf(word))) {
      this.fail(word, `expected ${wanted}, found ${describe(word)}: a word of the language needs quotes`);
    }
    const { token, octets } = this.operand(wanted);
    this.refuseBackslash(token, octets);
    return { text: textOfOctets(octets), place: token.place, token };
  }

  /** An operand cannot end in a backslash: it is most often one that has a blank behind it at the end of a line. */
  refuseBackslash(token: Token, octets: Uint8Array): void {
    if (octets.at(-1) === BACKSLASH) {
      this.fail(token, "this ends in a backslash, which continues a line only as its last character");
    }
  }

  /** Whether the next token is this word, unquoted. */
  isWord(word: string): boolean {
    const { kind, octets, start, end } = this.peek();
    return kind === "word" && isTextAt(octets, start, end, word);
  }

  /** Whether the next token is this word as it stands in the file. */
  isRawWord(word: string): boolean {
    const { kind, octets, start, end } = this.peekRaw();
    return kind === "word" && isTextAt(octets, start, end, word);
  }

  /** Whether the next token is this punctuation mark. */
  isMark(mark: string): boolean {
    const { kind, octets, start, end } = this.peek();
    return kind === "punctuation" && isTextAt(octets, start, end, mark);
  }

  /** Takes the next token if it is this word or mark. */
  take(text: string): Token | undefined {
    return this.isWord(text) || this.isMark(text) ? this.next() : undefined;
  }

  atEnd(): boolean {
    const { kind } = this.peek();
    return kind === "newline" || kind === "end";
  }

  /** Passes over the rest of the statement, macros unexpanded. */
  skipStatement(): void {
    if (this.#expansion !== undefined) this.#raw = this.#expansion = undefined;
    for (
      let token = this.peekRaw();
      token.kind !== "newline" && token.kind !== "end";
      token = this.peekRaw()
    ) {
      this.#raw = undefined;
    }
  }

  /** Notes an error and gives the statement up. Where the token stands in a new line, the one before it is told. */
  fail(token: Token, message: string, suggest?: () => string | undefined): never {
    const before = this.#taken === token ? this.#before : this.#taken, { place } = token;
    const suggestion = this.diagnostics.full ? undefined : suggest?.();
    const apart = suggestion === undefined && before !== undefined &&
      before.place.source === place.source && before.place.line < place.line && before.kind !== "newline";
    const what = before?.secret ? "a secret" : before && describe(before);
    const behind = apart ? ` (behind ${what} in line ${before.place.line})` : "";
    this.diagnostics.error(place, message + behind, () => suggestion);
    throw ABANDONED;
  }
}
