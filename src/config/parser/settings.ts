/** `set`, `user` and `radius`. */
import type { RadiusNode, SetNode, UserNode } from "../ast.ts";
import { type Cursor, describe } from "../cursor.ts";
import { wordsOf } from "../keywords.ts";
import { textOf, type Token } from "../lexer.ts";
import { closest } from "../suggest.ts";
import { operand, seconds, secret, unknownWord, word } from "./values.ts";

const OPTIONS = wordsOf("set", "option");
/** Options with a value, and what that is. */
const VALUES: ReadonlyMap<string, string> = new Map([
  ["dpd_check_interval", "a number of seconds"],
  ["datapath", "userland, xfrm, pfkey or none"],
  ["ocsp", "the URL of a responder"],
]);

/** What stands behind `set`. */
export function setting(cursor: Cursor): SetNode {
  const token = cursor.next();
  if (token.kind !== "word") cursor.fail(token, `expected an option of set, found ${describe(token)}`);
  const text = textOf(token);
  if (!OPTIONS.includes(text)) {
    cursor.fail(token, `unknown option ${describe(token)} of set`, () => closest(text, OPTIONS));
  }
  const option = { text, place: token.place };
  const wanted = VALUES.get(text);
  if (wanted === undefined) return { option };
  const value = operand(cursor, wanted);
  if (text !== "ocsp" || cursor.take("tolerate") === undefined) return { option, value };
  const tolerate = seconds(cursor);
  return cursor.take("maxage") === undefined
    ? { option, value, tolerate }
    : { option, value, tolerate, maxage: seconds(cursor) };
}

/** What stands behind `user`. */
export function user(cursor: Cursor, first: Token): UserNode {
  const { text, place, token } = cursor.text("the name of a user");
  if (text === "") cursor.fail(token, "the name of this user is empty");
  if (text.length > 255 || /\p{Cc}/u.test(text)) cursor.fail(token, "this is no name for a user");
  return {
    name: { text, place },
    password: secret(cursor, "a password", "password"),
    place: first.place,
  };
}

const RADIUS_WORDS = wordsOf("radius", "inner");

function port(cursor: Cursor): { readonly port?: { text: string; place: Token["place"] } } {
  return cursor.take("port") === undefined ? {} : { port: word(cursor, "a port") };
}

function expect(cursor: Cursor, keyword: string): void {
  if (cursor.take(keyword) === undefined) {
    cursor.fail(cursor.peek(), `expected "${keyword}", found ${describe(cursor.peek())}`);
  }
}

function radiusSecret(cursor: Cursor) {
  expect(cursor, "secret");
  return secret(cursor, "a shared secret", "secret");
}

/** What stands behind `radius`. */
export function radius(cursor: Cursor, { place }: Token): RadiusNode {
  const accounting = cursor.take("accounting") !== undefined;
  const token = cursor.next();
  const text = token.kind === "word" ? textOf(token) : "";
  if (text === "server") {
    const address = operand(cursor, "the address of a server");
    return { kind: text, accounting, address, ...port(cursor), secret: radiusSecret(cursor), place };
  }
  if (text === "max-tries" || text === "max-failovers") {
    return { kind: text, accounting, count: operand(cursor, "a number"), place };
  }
  if (text === "config" && !accounting) {
    const family = cursor.isWord("inet") || cursor.isWord("inet6")
      ? { family: word(cursor, "inet or inet6") }
      : {};
    const option = word(cursor, "an option of config, or none");
    const first = word(cursor, "the type of a RADIUS attribute");
    if (cursor.atEnd()) return { kind: text, ...family, option, type: first, place };
    const type = word(cursor, "the type of a RADIUS attribute");
    return { kind: text, ...family, option, vendor: first, type, place };
  }
  if (text !== "dae" || accounting) {
    const wanted = accounting
      ? "server, max-tries or max-failovers"
      : "server, max-tries, max-failovers, config or dae";
    unknownWord(cursor, token, wanted, RADIUS_WORDS);
  }
  if (cursor.take("listen") !== undefined) {
    expect(cursor, "on");
    return { kind: "listen", address: operand(cursor, "an address"), ...port(cursor), place };
  }
  if (cursor.take("client") === undefined) {
    unknownWord(cursor, cursor.peek(), '"listen on" or "client"', RADIUS_WORDS);
  }
  return {
    kind: "client",
    address: operand(cursor, "the address of a client"),
    secret: radiusSecret(cursor),
    place,
  };
}
