/** Text from elsewhere, made safe to show: identities and reasons come from peers. */

const UNPRINTABLE = /[\p{C}\u2028\u2029]/gu;

function escape(character: string): string {
  const code = character.codePointAt(0)!;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** The text with control, format and unassigned characters written as `\x1b` or `\u{202e}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escape);
}

/** The text in double quotes, with quotes, backslashes and unprintable characters escaped. */
export function quoted(text: string): string {
  return `"${printable(text.replace(/["\\]/g, "\\$&"))}"`;
}

/** A value of `key=value`: bare where that cannot be misread, else quoted. */
export function fieldValue(value: string | number): string {
  const text = String(value);
  return /^[\w.:/[\]@+-]+$/.test(text) ? text : quoted(text);
}
