/** What statements are made of: words, addresses, amounts, secrets. */
import { parsePrefix } from "../../ip/mod.ts";
import type { Amount, HostNode, SecretNode, Text } from "../ast.ts";
import { type Cursor, describe } from "../cursor.ts";
import { isReserved, WORDS } from "../keywords.ts";
import { textOf, type Token } from "../lexer.ts";
import { closest } from "../suggest.ts";

/** Units of time, in seconds. Letters count in either case. */
const SECONDS: ReadonlyMap<string, number> = new Map([["", 1], ["m", 60], ["h", 3600], ["d", 86_400]]);
/** Units of octets. */
const OCTETS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["k", 1024],
  ["m", 1024 ** 2],
  ["g", 1024 ** 3],
]);
const NONE: ReadonlyMap<string, number> = new Map([["", 1]]);
/** Longest life: so that milliseconds fit a timer's arithmetic with room to spare. */
const MAX_SECONDS = 10 * 365 * 86_400;
const HOST_NAME = /^(?=.*[A-Za-z])[A-Za-z0-9_]([A-Za-z0-9_.:-]*[A-Za-z0-9_.])?$/;

/** A word that does not belong where it stands: the error says what was expected, and what is close among `words`. */
export function unknownWord(
  cursor: Cursor,
  token: Token,
  wanted: string,
  words: Iterable<string> = WORDS,
): never {
  const word = token.kind === "word" && !token.secret ? textOf(token) : undefined;
  if (word === "\\") {
    cursor.fail(
      token,
      "a backslash continues a line only as its last character: a blank stands behind this one",
    );
  }
  if (word === undefined || WORDS.has(word) || isReserved(word)) {
    cursor.fail(token, `expected ${wanted}, found ${describe(token)}`);
  }
  cursor.fail(token, `unknown word ${describe(token)}`, () => closest(word, words));
}

/** The next token as text; it has to be a word or a string. */
export function word(cursor: Cursor, wanted: string): Text {
  const token = cursor.next();
  if (token.kind !== "word" && token.kind !== "string") {
    cursor.fail(token, `expected ${wanted}, found ${describe(token)}`);
  }
  return { text: textOf(token), place: token.place };
}

/** A string operand: a macro stands for it with its whole value. */
export function operand(cursor: Cursor, wanted: string): Text {
  const { text, place } = cursor.text(wanted);
  return { text, place };
}

/** What stands behind the slash that follows a macro, as in `$net/24`; undefined where none does. */
function suffix(cursor: Cursor, line: number): string | undefined {
  const { kind, place } = cursor.peek();
  if (kind !== "word" || place.line !== line) return undefined;
  const text = textOf(cursor.peek());
  if (/^\/[0-9]{1,3}$/.test(text)) {
    cursor.next();
    return text;
  }
  if (text !== "/") return undefined;
  cursor.next();
  return `/${word(cursor, "a prefix length").text}`;
}

/** Keywords that may stand for an address. */
export type HostWord = "any" | "dynamic";

/** An address, network or name, or one of these words. */
export function host(cursor: Cursor, ...words: readonly HostWord[]): HostNode {
  const token = cursor.next();
  const { place } = token;
  if (token.kind !== "word" && token.kind !== "string") {
    const list = token.kind === "punctuation" && textOf(token) === "{";
    const why = list ? ': a list may follow "proto" alone, write one flow for each address' : "";
    cursor.fail(token, `expected an address, found ${describe(token)}${why}`);
  }
  const first = textOf(token);
  if (token.kind === "word") {
    const kind = words.find((one) => one === first);
    if (kind !== undefined) return { kind, place };
    if (isReserved(first)) unknownWord(cursor, token, "an address");
  }
  const text = first.includes("/") ? first : first + (suffix(cursor, place.line) ?? "");
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return { kind: "prefix", prefix, place };
  const [, name = "", length] = /^([^/]*)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  if (name.length > 255 || !HOST_NAME.test(name)) cursor.fail(token, `${describe(token)} is no address`);
  return { kind: "name", name, ...(length === undefined ? {} : { length: Number(length) }), place };
}

function amount(cursor: Cursor, units: ReadonlyMap<string, number>, max: number, wanted: string): Amount {
  const { text, place, token } = cursor.text(wanted);
  const [, digits, unit] = /^([0-9]{1,16})([A-Za-z]?)$/.exec(text) ?? [];
  const scale = unit === undefined ? undefined : units.get(unit.toLowerCase());
  if (digits === undefined || scale === undefined) {
    cursor.fail(token, `expected ${wanted}, found ${describe(token)}`);
  }
  const value = Number(digits) * scale;
  if (value > max) cursor.fail(token, `${describe(token)} is too much`);
  return { value, place };
}

/** A time, in seconds. */
export function seconds(cursor: Cursor): Amount {
  return amount(cursor, SECONDS, MAX_SECONDS, "seconds, or a number with m, h or d");
}

/** An amount of data, in octets. */
export function octetCount(cursor: Cursor): Amount {
  return amount(cursor, OCTETS, Number.MAX_SAFE_INTEGER, "octets, or a number with K, M or G");
}

/** A number without unit. */
export function number(cursor: Cursor, max: number, wanted: string): Amount {
  return amount(cursor, NONE, max, wanted);
}

/** Length of the UTF-8 sequence that an octet begins (RFC 3629 §3), and the least and greatest second octet. */
function sequence(first: number): readonly [length: number, low: number, high: number] | undefined {
  if (first < 0x80) return [1, 0, 0];
  if (first >= 0xc2 && first < 0xe0) return [2, 0x80, 0xbf];
  if (first >= 0xe0 && first < 0xf0) return [3, first === 0xe0 ? 0xa0 : 0x80, first === 0xed ? 0x9f : 0xbf];
  if (first >= 0xf0 && first < 0xf5) return [4, first === 0xf0 ? 0x90 : 0x80, first === 0xf4 ? 0x8f : 0xbf];
  return undefined;
}

/** Whether octets are UTF-8 text. They do not become a string: they may be a secret. */
export function isUtf8(octets: Uint8Array): boolean {
  for (let at = 0; at < octets.length;) {
    const [length, low, high] = sequence(octets[at]!) ?? [0, 0, 0];
    if (length === 0 || at + length > octets.length) return false;
    if (length > 1 && (octets[at + 1]! < low || octets[at + 1]! > high)) return false;
    for (let more = 2; more < length; more++) if ((octets[at + more]! & 0xc0) !== 0x80) return false;
    at += length;
  }
  return true;
}

/** A secret as it stands, in UTF-8; its octets are copied, for the file's are wiped. */
export function secret(cursor: Cursor, wanted: string, name: string): SecretNode {
  const { token, octets } = cursor.operand(wanted);
  if (octets.length === 0) cursor.fail(token, `this ${name} is empty`);
  if (!isUtf8(octets)) cursor.fail(token, `this ${name} is no UTF-8 text`);
  cursor.refuseBackslash(token, octets);
  return { octets: octets.slice(), place: token.place };
}
