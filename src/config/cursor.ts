import { type Diagnostics } from "./diagnostics.ts";
import { isTextAt, Lexer, textOf, type Token, valueOf } from "./lexer.ts";
import { type Macro, type Macros } from "./macros.ts";
import type { Source } from "./source.ts";
import { closest } from "./suggest.ts";

/** Ends the parsing of one statement; it never leaves this room. */
export class Abandoned extends Error {}
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
    const token = this.peek();
    this.#raw = undefined;
    return token;
  }

  nextRaw(): Token {
    const token = this.peekRaw();
    this.#raw = undefined;
    return token;
  }

  /** The macro that a variable names; it is an error if there is none. */
  macro(token: Token): Macro {
    const name = textOf(token);
    const macro = this.macros.use(name);
    if (macro === undefined) {
      this.fail(token, `macro "${name}" is not defined`, closest(name, this.macros.names()));
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
    this.#raw = undefined;
    return { token, octets: valueOf(token) };
  }

  /** A string operand as text. Not for secrets. */
  text(wanted: string): { readonly text: string; readonly place: Token["place"]; readonly token: Token } {
    const { token, octets } = this.operand(wanted);
    return { text: new TextDecoder().decode(octets), place: token.place, token };
  }

  /** Whether the next token is this word, unquoted. */
  isWord(word: string): boolean {
    const { kind, octets, start, end } = this.peek();
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

  /** Notes an error and gives the statement up. */
  fail(token: Token, message: string, suggestion?: string): never {
    this.diagnostics.error(token.place, message, suggestion);
    throw ABANDONED;
  }
}
