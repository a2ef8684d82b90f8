/**
 * Octets of an iked.conf(5) to tokens, one at a time.
 *
 * It works on octets so that keys in a file do not become JavaScript strings: a token is a part of the file, and its
 * text or octets are made only where they are asked for. Tokens behind `psk` and the like are marked secret.
 */
import { directiveIn } from "./allow.ts";
import { type Diagnostics, WARNINGS } from "./diagnostics.ts";
import { isReserved, RESERVED } from "./keywords.ts";
import type { Place, Source } from "./source.ts";
import { editDistance } from "./suggest.ts";

export type TokenKind = "word" | "string" | "variable" | "punctuation" | "newline" | "end";

/** One token. `start` and `end` bound it in its octets, quotes included. */
export interface Token {
  readonly kind: TokenKind;
  readonly octets: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly place: Place;
  /** Not to be shown, nor turned into a string. */
  readonly secret: boolean;
}

const NEWLINE = 0x0a, BACKSLASH = 0x5c, HASH = 0x23, DOLLAR = 0x24, SLASH = 0x2f, EQUALS = 0x3d;
const DOUBLE_QUOTE = 0x22, SINGLE_QUOTE = 0x27, SPACE = 0x20, TAB = 0x09, CARRIAGE_RETURN = 0x0d;
/** `( ) , < = > { } !` */
const PUNCTUATION: ReadonlySet<number> = new Set([0x28, 0x29, 0x2c, 0x3c, 0x3d, 0x3e, 0x7b, 0x7d, 0x21]);
/** Words behind which a secret stands; the number is how many operands come before it. */
const BEFORE_SECRET: readonly (readonly [word: string, operands: number])[] = [
  ["psk", 0],
  ["secret", 0],
  ["user", 1],
];
/** Words that are none of the language, and behind which people write secrets. */
const LIKE_SECRET = ["password", "key"] as const;

const decoder = new TextDecoder();

function isBlank(octet: number): boolean {
  return octet === SPACE || octet === TAB || octet === CARRIAGE_RETURN;
}

function isQuote(octet: number): boolean {
  return octet === DOUBLE_QUOTE || octet === SINGLE_QUOTE;
}

function isNameOctet(octet: number): boolean {
  return (octet >= 0x30 && octet <= 0x39) || (octet >= 0x41 && octet <= 0x5a) ||
    (octet >= 0x61 && octet <= 0x7a) || octet === 0x5f;
}

/** Whether these octets are this word of ASCII letters. They do not become a string: they may be a secret. */
export function isTextAt(octets: Uint8Array, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false;
  for (let at = 0; at < word.length; at++) if (octets[start + at] !== word.charCodeAt(at)) return false;
  return true;
}

/** Whether these octets are a word of the language. */
function isReservedAt(octets: Uint8Array, start: number, end: number): boolean {
  for (const word of RESERVED) if (isTextAt(octets, start, end, word)) return true;
  return false;
}

/** Whether a word that is none of the language suggests that a secret is meant to follow. */
function looksSecret(octets: Uint8Array, start: number, end: number): boolean {
  if (LIKE_SECRET.some((one) => isTextAt(octets, start, end, one))) return true;
  if (end - start < 2 || end - start > 4) return false;
  const word = decoded(octets, start, end);
  return !isReserved(word) && editDistance(word, "psk", 1) <= 1;
}

/** Longest text that is put together by hand: that is faster than the decoder up to here. */
const SHORT = 48;

function decoded(octets: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT) return decoder.decode(octets.subarray(start, end));
  let text = "";
  for (let at = start; at < end; at++) {
    const octet = octets[at]!;
    if (octet >= 0x80) return decoder.decode(octets.subarray(start, end));
    text += String.fromCharCode(octet);
  }
  return text;
}

/** Octets of a word or string; of a string what its quotes and escapes mean, in a copy of its own. */
export function valueOf({ kind, octets, start, end }: Token): Uint8Array {
  if (kind === "variable") return octets.subarray(start + 1, end);
  if (kind !== "string") return octets.subarray(start, end);
  const quote = octets[start]!;
  const last = octets[end - 1] === quote && end - start > 1 ? end - 1 : end;
  const value = new Uint8Array(last - start - 1);
  let length = 0;
  for (let at = start + 1; at < last; at++) {
    let octet = octets[at]!;
    if (octet === BACKSLASH && at + 1 < last) {
      const next = octets[at + 1]!;
      if (next === quote || next === SPACE || next === TAB || next === NEWLINE) octet = octets[++at]!;
    }
    if (octet !== NEWLINE) value[length++] = octet;
  }
  return value.subarray(0, length);
}

/** Octets as text. Not for secrets. */
export function textOfOctets(octets: Uint8Array): string {
  return decoded(octets, 0, octets.length);
}

/** The token as text. Not for tokens that are secret. */
export function textOf(token: Token): string {
  if (token.kind === "string") return textOfOctets(valueOf(token));
  return decoded(token.octets, token.kind === "variable" ? token.start + 1 : token.start, token.end);
}

/** For the value of a macro: where it is used, which is where its tokens stand. */
export interface Origin {
  readonly place: Place;
  /** It is used as a secret. */
  readonly secret: boolean;
  /** Hides the macro's definition: there is a secret in it. */
  readonly hide: () => void;
}

/** Reads tokens out of one run of octets: a file, or the value of a macro. */
export class Lexer {
  #at = 0;
  #line = 1;
  #lineStart = 0;
  /** Octet and column that the last place was made for: columns are counted on from there. */
  #columnAt = 0;
  #column = 1;
  /** Line in which the statement began; undefined between statements. */
  #statementLine: number | undefined;
  /** Quote characters for which no end was found; the search is not repeated. */
  readonly #open = new Set<number>();
  /** -1: no secret is near; else so many operands before it. */
  #untilSecret = -1;
  /** The secret has begun. */
  #hidden = false;

  constructor(
    readonly octets: Uint8Array,
    readonly source: Source,
    readonly diagnostics: Diagnostics,
    readonly origin?: Origin,
  ) {}

  next(): Token {
    const { octets } = this;
    for (;;) {
      this.#skipBlanks();
      const octet = octets[this.#at];
      if (octet === undefined) return this.#token("end", this.#at);
      if (octet === HASH) this.#skipComment();
      else if (octet === NEWLINE) return this.#newline();
      else if (isQuote(octet)) return this.#string(octet);
      else if (octet === DOLLAR && isNameOctet(octets[this.#at + 1] ?? 0)) return this.#variable();
      else if (PUNCTUATION.has(octet)) return this.#token("punctuation", this.#at + 1);
      else if (octet < SPACE || octet === 0x7f) this.#refuseOctet(octet);
      else return this.#word();
    }
  }

  /** Blanks and continued lines. */
  #skipBlanks(): void {
    const { octets } = this;
    for (;;) {
      const octet = octets[this.#at];
      if (octet === BACKSLASH && this.#continues(this.#at)) {
        this.#nextLine(octets.indexOf(NEWLINE, this.#at) + 1);
      } else if (octet !== undefined && isBlank(octet)) this.#at++;
      else return;
    }
  }

  /** Whether the backslash here ends its line, perhaps before a carriage return. */
  #continues(at: number): boolean {
    const { octets } = this;
    return octets[at + 1] === NEWLINE || (octets[at + 1] === CARRIAGE_RETURN && octets[at + 2] === NEWLINE);
  }

  #nextLine(at: number): void {
    this.#line++;
    this.#at = this.#lineStart = this.#columnAt = at;
    this.#column = 1;
  }

  #place(): Place {
    if (this.origin !== undefined) return this.origin.place;
    for (; this.#columnAt < this.#at; this.#columnAt++) {
      if ((this.octets[this.#columnAt]! & 0xc0) !== 0x80) this.#column++;
    }
    return { source: this.source, line: this.#line, column: this.#column, lineStart: this.#lineStart };
  }

  #token(kind: TokenKind, end: number): Token {
    const start = this.#at;
    const place = this.#place();
    this.#statementLine = kind === "newline" ? undefined : this.#statementLine ?? this.#line;
    this.#at = end;
    const secret = this.#markSecret(kind, start, end);
    return { kind, octets: this.octets, start, end, place, secret };
  }

  /** Whether this token is part of a secret; what is hidden ends at the next word of the language. */
  #markSecret(kind: TokenKind, start: number, end: number): boolean {
    if (this.origin?.secret) return true;
    if (kind === "newline" || kind === "end") this.#untilSecret = -1;
    if (kind !== "word" && kind !== "string" && kind !== "variable") return false;
    if (this.#untilSecret > 0) {
      this.#untilSecret--;
      return false;
    }
    const { octets } = this, isWord = kind === "word";
    if (this.#untilSecret === 0 && !(this.#hidden && isWord && isReservedAt(octets, start, end))) {
      this.#hidden = true;
      if (this.origin === undefined) this.source.hide(start, end);
      else this.origin.hide();
      return true;
    }
    this.#untilSecret = -1;
    this.#hidden = false;
    if (!isWord) return false;
    for (const [word, operands] of BEFORE_SECRET) {
      if (!isTextAt(octets, start, end, word)) continue;
      this.#untilSecret = operands;
      return false;
    }
    if (looksSecret(octets, start, end)) {
      this.#untilSecret = 0;
      this.#hidden = true;
    }
    return false;
  }

  #newline(): Token {
    const token = this.#token("newline", this.#at + 1);
    this.#nextLine(this.#at);
    return token;
  }

  /** As in the original, a backslash continues a comment too. */
  #skipComment(): void {
    const { octets } = this;
    if (this.origin !== undefined) {
      this.diagnostics.error(this.origin.place, "a macro cannot begin a comment");
    }
    const words = this.origin === undefined ? directiveIn(octets, this.#at) : undefined;
    if (words !== undefined) {
      this.diagnostics.directive(this.#place(), this.#statementLine ?? this.#line, words);
    }
    for (;;) {
      const end = octets.indexOf(NEWLINE, this.#at);
      const backslash = octets[end - 1] === CARRIAGE_RETURN ? end - 2 : end - 1;
      if (end < 0 || backslash < this.#at || octets[backslash] !== BACKSLASH) {
        this.#at = end < 0 ? octets.length : end;
        return;
      }
      const place = this.#place();
      this.diagnostics.warn(
        WARNINGS.commentContinues,
        place,
        "this comment ends in a backslash, so the next line belongs to it",
      );
      this.#nextLine(end + 1);
    }
  }

  #string(quote: number): Token {
    const { octets } = this;
    let end = this.#open.has(quote) ? octets.length : this.#at + 1;
    while (end < octets.length && octets[end] !== quote) {
      end += octets[end] === BACKSLASH && octets[end + 1] === quote ? 2 : 1;
    }
    if (end < octets.length) return this.#closed(end + 1);
    this.#open.add(quote);
    const mark = quote === DOUBLE_QUOTE ? '"' : "'";
    this.diagnostics.error(this.#place(), `this string has no closing ${mark}`);
    const newline = octets.indexOf(NEWLINE, this.#at);
    return this.#token("string", newline < 0 ? octets.length : newline);
  }

  /** A string that may reach over several lines. */
  #closed(end: number): Token {
    const token = this.#token("string", end);
    for (let at = token.start; at < end; at++) if (this.octets[at] === NEWLINE) this.#nextLine(at + 1);
    this.#at = end;
    if (this.#line !== token.place.line && this.origin === undefined) {
      const message = `this string goes on to line ${this.#line}; line breaks in it are dropped`;
      this.diagnostics.warn(WARNINGS.longString, token.place, message);
    }
    return token;
  }

  #variable(): Token {
    let at = this.#at + 1;
    while (isNameOctet(this.octets[at] ?? 0)) at++;
    return this.#token("variable", at);
  }

  /** A word ends at blanks, quotes, comments and punctuation; one that starts with a slash, a name, may have `=`. */
  #word(): Token {
    const { octets } = this;
    const isName = octets[this.#at] === SLASH;
    let at = this.#at;
    for (; at < octets.length; at++) {
      const octet = octets[at]!;
      if (octet <= SPACE || octet === 0x7f || octet === HASH || isQuote(octet)) break;
      if (PUNCTUATION.has(octet) && !(isName && octet === EQUALS)) break;
      if (octet === BACKSLASH && this.#continues(at)) break;
    }
    return this.#token("word", at);
  }

  #refuseOctet(octet: number): void {
    this.diagnostics.error(
      this.#place(),
      `control character 0x${octet.toString(16).padStart(2, "0")} in the file`,
    );
    const newline = this.octets.indexOf(NEWLINE, this.#at);
    this.#at = newline < 0 ? this.octets.length : newline;
  }
}
