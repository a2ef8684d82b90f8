import { concat } from "../../bytes/mod.ts";
import type { Cursor } from "../cursor.ts";
import { isReserved } from "../keywords.ts";
import { textOf, type Token, valueOf } from "../lexer.ts";
import { MAX_MACRO_LENGTH } from "../macros.ts";

const NEWLINE = 0x0a;
const BLANK = Uint8Array.of(0x20);
const MACRO_NAME = /^[A-Za-z0-9][A-Za-z0-9_]*$/;

function macroValue(cursor: Cursor, name: string, nested: string[]): Uint8Array {
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

/** `name = value …`: the values with blanks between them, quotes taken away, macros in it expanded now. */
export function defineMacro(cursor: Cursor, nameToken: Token, name: string): void {
  const { macros, diagnostics } = cursor;
  if (!MACRO_NAME.test(name)) {
    cursor.fail(nameToken, `"${name}" cannot name a macro: only letters, digits and "_" can`);
  }
  if (isReserved(name)) cursor.fail(nameToken, `"${name}" is a reserved word and cannot name a macro`);
  cursor.nextRaw();
  const first = cursor.peekRaw();
  const { place } = nameToken;
  const nested: string[] = [];
  const errors = diagnostics.errors;
  let octets: Uint8Array | undefined;
  try {
    octets = macroValue(cursor, name, nested);
  } finally {
    const broken = octets === undefined || diagnostics.errors > errors;
    // Up to where reading came; an error ends it somewhere in its line
    const newline = first.octets.indexOf(NEWLINE, cursor.peekRaw().start);
    const end = broken && newline >= 0 ? newline : cursor.peekRaw().end;
    const hide = () => place.source.hide(first.start, end);
    macros.define(name, { octets: octets ?? new Uint8Array(0), place, broken }, hide, nested);
  }
}
