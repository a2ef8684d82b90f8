/** One `ikev2` statement. Its clauses may stand in any order, each once; those that are lists as often as one likes. */
import { parsePrefix } from "../ip/mod.ts";
import type {
  Amount,
  EndNode,
  FlowNode,
  HostNode,
  PolicyNode,
  SaNode,
  SecretNode,
  Text,
  TransformNode,
} from "./ast.ts";
import { type Cursor, describe } from "./cursor.ts";
import { WARNINGS } from "./diagnostics.ts";
import { isReserved, LATER_WORDS, RESERVED, WORDS } from "./keywords.ts";
import { textOf, type Token, valueOf } from "./lexer.ts";
import { closest, editDistance } from "./suggest.ts";

type Draft = {
  -readonly [K in keyof PolicyNode]: PolicyNode[K];
};

const SECONDS: ReadonlyMap<string, number> = new Map([["", 1], ["m", 60], ["h", 3600], ["d", 86_400]]);
const OCTETS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["K", 1024],
  ["M", 1024 ** 2],
  ["G", 1024 ** 3],
]);
/** Longest life: so that milliseconds fit a timer's arithmetic with room to spare. */
const MAX_SECONDS = 10 * 365 * 86_400;
const HOST_NAME = /^(?=.*[A-Za-z])[A-Za-z0-9_]([A-Za-z0-9_.:-]*[A-Za-z0-9_.])?$/;
const MAX_PROTOCOLS = 16;

/** A word that does not belong where it stands: the error says why. */
export function unknownWord(cursor: Cursor, token: Token, wanted: string): never {
  if (token.kind !== "word" || token.secret) {
    cursor.fail(token, `expected ${wanted}, found ${describe(token)}`);
  }
  const word = textOf(token);
  const instead = LATER_WORDS.get(word);
  if (instead !== undefined) cursor.fail(token, `"${word}" is not supported yet (${instead})`);
  if (WORDS.has(word)) cursor.fail(token, `expected ${wanted}, found ${describe(token)}`);
  cursor.fail(token, `unknown word ${describe(token)}`, closest(word, WORDS));
}

function once<K extends keyof Draft>(
  cursor: Cursor,
  token: Token,
  draft: Draft,
  key: K,
  value: Draft[K],
): void {
  if (draft[key] !== undefined) cursor.fail(token, `${describe(token)} is given twice`);
  draft[key] = value;
}

function host(cursor: Cursor): HostNode {
  const token = cursor.next();
  const { place } = token;
  if (token.kind !== "word" && token.kind !== "string") {
    cursor.fail(token, `expected an address, found ${describe(token)}`);
  }
  const text = textOf(token);
  if (token.kind === "word" && text === "any") return { kind: "any", place };
  if (token.kind === "word" && isReserved(text)) unknownWord(cursor, token, "an address");
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return { kind: "prefix", prefix, place };
  if (text.length > 255 || !HOST_NAME.test(text)) cursor.fail(token, `${describe(token)} is no address`);
  return { kind: "name", name: text, place };
}

function end(cursor: Cursor): EndNode {
  const node = host(cursor);
  const mark = cursor.isMark("(") ? cursor.next() : undefined;
  if (mark !== undefined) {
    cursor.fail(mark, "source NAT is not supported yet (this version negotiates what it sends)");
  }
  if (cursor.take("port") === undefined) return { host: node };
  const port = cursor.next();
  if (port.kind !== "word" && port.kind !== "string") {
    cursor.fail(port, `expected a port, found ${describe(port)}`);
  }
  return { host: node, port: { text: textOf(port), place: port.place } };
}

function flow(cursor: Cursor, first: Token): FlowNode {
  const other = textOf(first) === "from" ? "to" : "from";
  const near = end(cursor);
  const second = cursor.peek();
  if (cursor.take(other) === undefined) {
    const ends = second.kind === "newline" || second.kind === "end";
    if (ends || (second.kind === "word" && isReserved(textOf(second)))) {
      cursor.fail(first, `this flow has no "${other}"`);
    }
    cursor.fail(second, `expected "${other}", found ${describe(second)}`);
  }
  const far = end(cursor);
  cursor.take(",");
  const [from, to] = other === "to" ? [near, far] : [far, near];
  return { from, to, place: first.place };
}

function protocols(cursor: Cursor): Text[] {
  const list: Text[] = [];
  const one = () => {
    const token = cursor.next();
    if (token.kind !== "word" && token.kind !== "string") {
      cursor.fail(token, `expected an IP protocol, found ${describe(token)}`);
    }
    if (list.length === MAX_PROTOCOLS) cursor.fail(token, `more than ${MAX_PROTOCOLS} protocols`);
    list.push({ text: textOf(token), place: token.place });
  };
  if (cursor.take("{") === undefined) {
    one();
    return list;
  }
  do {
    one();
    cursor.take(",");
  } while (cursor.take("}") === undefined);
  return list;
}

function transforms(cursor: Cursor, blockToken: Token): SaNode {
  const block = textOf(blockToken) === "ikesa" ? "ikesa" : "childsa";
  const list: TransformNode[] = [];
  for (;;) {
    const token = cursor.peek();
    const word = token.kind === "word" ? textOf(token) : "";
    if (word === "esn" || word === "noesn") {
      cursor.next();
      list.push({ kind: "esn", name: { text: word, place: token.place } });
    } else if (word === "auth" || word === "enc" || word === "prf" || word === "group") {
      cursor.next();
      const name = cursor.next();
      if (name.kind !== "word" && name.kind !== "string") {
        cursor.fail(name, `expected a name for ${describe(token)}, found ${describe(name)}`);
      }
      list.push({ kind: word, name: { text: textOf(name), place: name.place } });
    } else if (list.length > 0) return { block, transforms: list, place: blockToken.place };
    else unknownWord(cursor, token, "auth, enc, prf or group");
  }
}

function amount(cursor: Cursor, units: ReadonlyMap<string, number>, max: number, wanted: string): Amount {
  const { text, place, token } = cursor.text(wanted);
  const [, digits, unit] = /^([0-9]{1,16})([A-Za-z]?)$/.exec(text) ?? [];
  const scale = unit === undefined ? undefined : units.get(unit);
  if (digits === undefined || scale === undefined) {
    cursor.fail(token, `expected ${wanted}, found ${describe(token)}`);
  }
  const value = Number(digits) * scale;
  if (value > max) cursor.fail(token, `${describe(token)} is too much`);
  return { value, place };
}

/** A key: a string, or hex digits behind `0x`. Its octets are copied, for the file's are wiped. */
function secret(cursor: Cursor): SecretNode {
  const { token, octets } = cursor.operand("a pre-shared key");
  if (
    token.kind === "word" && octets.length === 4 && octets.every((one, at) => one === "file".charCodeAt(at))
  ) {
    const { kind, secret } = cursor.peekRaw();
    if (secret && kind !== "newline" && kind !== "end") {
      cursor.fail(token, '"psk file" is not supported yet (write the key itself)');
    }
  }
  if (octets.length === 0) cursor.fail(token, "this pre-shared key is empty");
  const isHex = octets[0] === 0x30 && octets[1] === 0x78;
  if (!isHex) return { octets: octets.slice(), place: token.place };
  const key = hexOctets(octets.subarray(2));
  if (key === undefined) cursor.fail(token, "this pre-shared key is no even number of hex digits behind 0x");
  return { octets: key, place: token.place };
}

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
    if (high < 0 || low < 0) return undefined;
    octets[at] = high << 4 | low;
  }
  return octets;
}

/** The name behind `ikev2`: a string, or a word that is none of the language. */
function policyName(cursor: Cursor): Text | undefined {
  const raw = cursor.peekRaw();
  const octets = raw.kind === "variable" ? cursor.macro(raw).octets : valueOf(raw);
  const isName = raw.kind === "string" || ((raw.kind === "word" || raw.kind === "variable") &&
    !isReserved(new TextDecoder().decode(octets)));
  if (!isName) return undefined;
  const { text, place, token } = cursor.text("a name");
  // deno-lint-ignore no-control-regex -- a name is printed in every log line of its policy
  if (text === "" || text.length > 128 || /[\x00-\x1f\x7f]/.test(text)) {
    cursor.fail(token, "this is no name for a policy");
  }
  if (raw.kind === "word") {
    const keyword = RESERVED.find((one) => text.length > 2 && editDistance(text, one, 1) <= 1);
    if (keyword !== undefined) {
      const message = `"${text}" names the policy, but looks like the word "${keyword}"`;
      cursor.diagnostics.warn(WARNINGS.nameLikeKeyword, place, message, keyword);
    }
  }
  return { text, place };
}

/** Parses what stands behind `ikev2`. */
export function parsePolicy(cursor: Cursor, first: Token): PolicyNode {
  const flows: FlowNode[] = [];
  const sas: SaNode[] = [];
  const draft: Draft = { place: first.place, natt: false, protocols: [], flows, sas };
  const name = policyName(cursor);
  if (name !== undefined) draft.name = name;
  while (!cursor.atEnd()) {
    const token = cursor.next();
    const word = token.kind === "word" && !token.secret ? textOf(token) : "";
    const text = { text: word, place: token.place };
    switch (word) {
      case "quick":
      case "skip":
      case "default":
        once(cursor, token, draft, "evaluation", text);
        break;
      case "active":
      case "passive":
        once(cursor, token, draft, "mode", text);
        break;
      case "inet":
      case "inet6":
        once(cursor, token, draft, "family", text);
        break;
      case "esp":
      case "tunnel":
        break;
      case "natt":
        draft.natt = true;
        break;
      case "proto":
        if (draft.protocols.length > 0) cursor.fail(token, '"proto" is given twice');
        draft.protocols = protocols(cursor);
        break;
      case "from":
      case "to":
        flows.push(flow(cursor, token));
        break;
      case "local":
      case "peer":
        once(cursor, token, draft, word, host(cursor));
        break;
      case "ikesa":
      case "childsa":
        sas.push(transforms(cursor, token));
        break;
      case "srcid":
      case "dstid": {
        const { text, place } = cursor.text("an identity");
        once(cursor, token, draft, word, { text, place });
        break;
      }
      case "ikelifetime":
        once(
          cursor,
          token,
          draft,
          "ikeLifetime",
          amount(cursor, SECONDS, MAX_SECONDS, "seconds, or a number with m, h or d"),
        );
        break;
      case "lifetime":
        once(
          cursor,
          token,
          draft,
          "lifetime",
          amount(cursor, SECONDS, MAX_SECONDS, "seconds, or a number with m, h or d"),
        );
        if (cursor.take("bytes") !== undefined) {
          draft.lifetimeBytes = amount(
            cursor,
            OCTETS,
            Number.MAX_SAFE_INTEGER,
            "octets, or a number with K, M or G",
          );
        }
        break;
      case "psk":
        once(cursor, token, draft, "psk", secret(cursor));
        break;
      case "auth":
      case "enc":
      case "prf":
      case "group":
      case "esn":
      case "noesn":
        cursor.fail(token, `${describe(token)} belongs behind "ikesa" or "childsa"`);
        break;
      default:
        unknownWord(cursor, token, "a clause of the policy");
    }
  }
  return draft;
}
