/** How a policy authenticates: `psk`, `psk file`, `eap`, and the signatures. */
import type { AuthNode, SecretNode } from "../ast.ts";
import type { Cursor } from "../cursor.ts";
import { textOf, type Token } from "../lexer.ts";
import { operand } from "./values.ts";

/** Octets of a file with a key (iked.conf(5) of OpenBSD 4.8). */
const MAX_KEY_FILE = 1024;

function hexDigit(octet: number): number {
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function hexOctets(digits: Uint8Array): Uint8Array | undefined {
  if (digits.length === 0 || digits.length % 2 !== 0) return undefined;
  const octets = new Uint8Array(digits.length / 2);
  for (let at = 0; at < octets.length; at++) {
    const high = hexDigit(digits[2 * at]!), low = hexDigit(digits[2 * at + 1]!);
    if (high < 0 || low < 0) {
      octets.fill(0);
      return undefined;
    }
    octets[at] = high << 4 | low;
  }
  return octets;
}

function startsWithHexMark(octets: Uint8Array): boolean {
  return octets[0] === 0x30 && octets[1] === 0x78;
}

/** Hex digits of a key file, blanks at their end left away. */
function digitsOf(file: Uint8Array): Uint8Array {
  let end = file.length;
  while (end > 0 && file[end - 1]! <= 0x20) end--;
  return file.subarray(startsWithHexMark(file) ? 2 : 0, end);
}

export type KeyReader = (path: string) => Uint8Array | string;

function keyFile(cursor: Cursor, readKey: KeyReader): SecretNode {
  const { text, place, token } = cursor.text("the name of a file");
  const file = readKey(text);
  if (typeof file === "string") cursor.fail(token, `cannot use this key file: ${file}`);
  const key = file.length > MAX_KEY_FILE ? undefined : hexOctets(digitsOf(file));
  file.fill(0);
  if (file.length > MAX_KEY_FILE) cursor.fail(token, `this key file is longer than ${MAX_KEY_FILE} octets`);
  if (key === undefined) cursor.fail(token, "this key file holds no even number of hex digits");
  return { octets: key, place };
}

/** A key: a string, hex digits behind `0x`, or `file` and the name of one. */
function presharedKey(cursor: Cursor, readKey: KeyReader): SecretNode {
  const { token, octets } = cursor.operand("a pre-shared key");
  const isFile = token.kind === "word" && octets.length === 4 &&
    octets.every((one, at) => one === "file".charCodeAt(at));
  if (isFile) {
    const { kind, secret } = cursor.peekRaw();
    if (secret && kind !== "newline" && kind !== "end") return keyFile(cursor, readKey);
  }
  if (octets.length === 0) cursor.fail(token, "this pre-shared key is empty");
  if (!startsWithHexMark(octets)) return { octets: octets.slice(), place: token.place };
  const key = hexOctets(octets.subarray(2));
  if (key === undefined) cursor.fail(token, "this pre-shared key is no even number of hex digits behind 0x");
  return { octets: key, place: token.place };
}

/** What the word begins: `psk`, `eap`, or the name of a signature. */
export function authentication(cursor: Cursor, token: Token, readKey: KeyReader): AuthNode {
  const word = textOf(token);
  const { place } = token;
  if (word === "psk") return { kind: "psk", secret: presharedKey(cursor, readKey), place };
  if (word === "eap") return { kind: "eap", type: operand(cursor, "an EAP method"), place };
  return { kind: "signature", method: { text: word, place }, place };
}
