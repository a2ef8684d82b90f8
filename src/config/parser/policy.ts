/** One `ikev2` statement. Its clauses may stand in any order, each once; those that are lists as often as one likes. */
import type { ConfigNode, FlowNode, PolicyNode, SaNode, Text } from "../ast.ts";
import { type Cursor, describe } from "../cursor.ts";
import { WARNINGS } from "../diagnostics.ts";
import { isReserved, RESERVED, wordsOf } from "../keywords.ts";
import { textOf, type Token } from "../lexer.ts";
import { editDistance } from "../suggest.ts";
import { authentication, type KeyReader } from "./auth.ts";
import { flow, protocols } from "./flow.ts";
import { proposal } from "./proposal.ts";
import { host, number, octetCount, operand, seconds, unknownWord, word } from "./values.ts";

const CLAUSES = wordsOf("ikev2", "clause");
/** Words inside of `ikesa` and `childsa`, which are easily written without them. */
const INNER: ReadonlySet<string> = new Set([...wordsOf("ikesa", "inner"), ...wordsOf("childsa", "inner")]);
const MAX_RDOMAIN = 255;

type Draft = { -readonly [K in keyof PolicyNode]: PolicyNode[K] } & {
  readonly flows: FlowNode[];
  readonly sas: SaNode[];
  readonly config: ConfigNode[];
};

/** Clauses that are one word, and what they decide. */
const FLAGS: ReadonlyMap<
  string,
  "evaluation" | "mode" | "ipcomp" | "tunnelMode" | "natt" | "encapsulation" | "family"
> = new Map([
  ["quick", "evaluation"],
  ["skip", "evaluation"],
  ["default", "evaluation"],
  ["active", "mode"],
  ["passive", "mode"],
  ["ipcomp", "ipcomp"],
  ["tunnel", "tunnelMode"],
  ["transport", "tunnelMode"],
  ["natt", "natt"],
  ["esp", "encapsulation"],
  ["ah", "encapsulation"],
  ["inet", "family"],
  ["inet6", "family"],
]);

/** The name behind `ikev2`: a string, or a word that is none of the language. */
function policyName(cursor: Cursor): Text | undefined {
  const raw = cursor.peekRaw();
  const isName = raw.kind === "string" || (raw.kind === "word" && !isReserved(textOf(raw))) ||
    (raw.kind === "variable" && !isReserved(new TextDecoder().decode(cursor.macro(raw).octets)));
  if (!isName) return undefined;
  const { text, place, token } = cursor.text("a name");
  // deno-lint-ignore no-control-regex -- a name is printed in every log line of its policy
  if (text === "" || text.length > 128 || /[\x00-\x1f\x7f]/.test(text)) {
    cursor.fail(token, "this is no name for a policy");
  }
  if (raw.kind === "word" && text.length > 2) warnOfKeyword(cursor, text, place);
  return { text, place };
}

/** A word whose letters are nearly a keyword's is more often a slip than a name. */
function warnOfKeyword(cursor: Cursor, text: string, place: Token["place"]): void {
  let keyword = CLAUSES.find((one) => one === text);
  if (keyword === undefined) {
    for (const one of RESERVED) {
      if (editDistance(text, one, 1) > 1) continue;
      keyword = one;
      break;
    }
  }
  if (keyword === undefined) return;
  const message = `"${text}" names the policy, but looks like the word "${keyword}"`;
  cursor.diagnostics.warn(WARNINGS.nameLikeKeyword, place, message, keyword);
}

class PolicyParser {
  readonly draft: Draft;

  constructor(readonly cursor: Cursor, first: Token, readonly readKey: KeyReader) {
    this.draft = { place: first.place, protocols: [], flows: [], sas: [], config: [] };
  }

  parse(): PolicyNode {
    const { cursor, draft } = this;
    const name = policyName(cursor);
    if (name !== undefined) draft.name = name;
    while (!cursor.atEnd()) {
      const token = cursor.next();
      this.#clause(token, token.kind === "word" && !token.secret ? textOf(token) : "");
    }
    return draft;
  }

  #once<K extends keyof Draft>(token: Token, key: K, value: Draft[K]): void {
    const { cursor, draft } = this;
    const before = draft[key];
    if (before !== undefined) {
      const other = (before as Partial<Text>).text;
      const known = other === undefined || token.secret || other === textOf(token) || !FLAGS.has(other);
      cursor.fail(token, known ? `${describe(token)} is given twice` : `"${other}" stands there already`);
    }
    draft[key] = value;
  }

  #clause(token: Token, text: string): void {
    const { cursor, draft } = this;
    const flag = FLAGS.get(text);
    if (flag !== undefined) return this.#once(token, flag, { text, place: token.place });
    switch (text) {
      case "proto":
        if (draft.protocols.length > 0) cursor.fail(token, '"proto" is given twice');
        draft.protocols = protocols(cursor);
        break;
      case "rdomain":
        this.#once(token, "rdomain", number(cursor, MAX_RDOMAIN, `a number from 0 to ${MAX_RDOMAIN}`));
        break;
      case "from":
      case "to":
        draft.flows.push(flow(cursor, token));
        break;
      case "local":
      case "peer":
        this.#once(token, text, host(cursor, "any"));
        break;
      case "ikesa":
      case "childsa":
        draft.sas.push(proposal(cursor, token));
        break;
      case "srcid":
      case "dstid":
        this.#once(token, text, operand(cursor, "an identity"));
        break;
      case "ikelifetime":
        this.#once(token, "ikeLifetime", seconds(cursor));
        break;
      case "lifetime":
        this.#once(token, "lifetime", seconds(cursor));
        if (cursor.take("bytes") !== undefined) draft.lifetimeBytes = octetCount(cursor);
        break;
      case "psk":
      case "rsa":
      case "eap":
      case "ecdsa256":
      case "ecdsa384":
      case "ecdsa521":
      case "rfc7427":
      case "signature":
        this.#authentication(token);
        break;
      case "config":
      case "request":
        draft.config.push({
          action: text,
          option: word(cursor, "an option such as address or name-server"),
          host: text === "config" ? host(cursor) : host(cursor, "any"),
          place: token.place,
        });
        break;
      case "iface":
        this.#once(token, "iface", operand(cursor, "an interface"));
        break;
      case "tag":
        this.#once(token, "tag", operand(cursor, "a tag"));
        break;
      case "tap":
        this.#once(token, "tap", operand(cursor, "an interface such as enc1"));
        break;
      default:
        if (INNER.has(text)) cursor.fail(token, `${describe(token)} belongs behind "ikesa" or "childsa"`);
        unknownWord(cursor, token, "a clause of the policy", CLAUSES);
    }
  }

  #authentication(token: Token): void {
    const { cursor, draft } = this;
    const before = draft.auth;
    if (before !== undefined) {
      const name = before.kind === "signature" ? before.method.text : before.kind;
      const twice = name === textOf(token);
      cursor.fail(
        token,
        twice ? `${describe(token)} is given twice` : `the policy authenticates with "${name}" already`,
      );
    }
    draft.auth = authentication(cursor, token, this.readKey);
  }
}

/** Overwrites the key of a policy that is given up. */
export function wipePolicy({ auth }: PolicyNode): void {
  if (auth?.kind === "psk") auth.secret.octets.fill(0);
}

/** Parses what stands behind `ikev2`. */
export function policy(cursor: Cursor, first: Token, readKey: KeyReader): PolicyNode {
  const parser = new PolicyParser(cursor, first, readKey);
  try {
    return parser.parse();
  } catch (error) {
    wipePolicy(parser.draft);
    throw error;
  }
}
