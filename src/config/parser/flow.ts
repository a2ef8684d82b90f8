/** `proto`, `from … to …` and `to … from …`. */
import type { EndNode, FlowNode, Text } from "../ast.ts";
import { type Cursor, describe } from "../cursor.ts";
import { isReserved } from "../keywords.ts";
import { textOf, type Token } from "../lexer.ts";
import { host, word } from "./values.ts";

const MAX_PROTOCOLS = 16;
/** Words that follow a list of protocols in the manual's order. */
const NEXT: ReadonlySet<string> = new Set(["from", "to"]);

type Draft = { -readonly [K in keyof EndNode]: EndNode[K] };

/** One end; port and source NAT may stand in either order, as in the manual and in today's iked. */
function end(cursor: Cursor, isSource: boolean): EndNode {
  const draft: Draft = { host: host(cursor, "any", "dynamic") };
  for (;;) {
    const mark = cursor.isMark("(") ? cursor.next() : undefined;
    if (mark !== undefined) {
      const { kind } = draft.host;
      if (!isSource) cursor.fail(mark, 'source NAT belongs behind "from": the peer\'s side has none');
      if (kind === "any" || kind === "dynamic") cursor.fail(mark, `"${kind}" cannot have source NAT`);
      if (draft.sourceNat !== undefined) cursor.fail(mark, "source NAT is given twice");
      draft.sourceNat = host(cursor);
      if (cursor.take(")") === undefined) {
        cursor.fail(cursor.peek(), `expected ")", found ${describe(cursor.peek())}`);
      }
      continue;
    }
    const keyword = cursor.take("port");
    if (keyword === undefined) return draft;
    if (draft.port !== undefined) cursor.fail(keyword, '"port" is given twice');
    draft.port = word(cursor, "a port");
  }
}

/** What stands behind `from` or `to`, whichever came first. */
export function flow(cursor: Cursor, first: Token): FlowNode {
  const fromFirst = textOf(first) === "from";
  const other = fromFirst ? "to" : "from";
  const near = end(cursor, fromFirst);
  const second = cursor.peek();
  if (cursor.take(other) === undefined) {
    const ends = second.kind === "newline" || second.kind === "end";
    if (ends || (second.kind === "word" && isReserved(textOf(second)))) {
      cursor.fail(first, `this flow has no "${other}"`);
    }
    cursor.fail(second, `expected "${other}", found ${describe(second)}`);
  }
  const far = end(cursor, !fromFirst);
  cursor.take(",");
  const [from, to] = fromFirst ? [near, far] : [far, near];
  return { from, to, place: first.place };
}

/** What stands behind `proto`: one, or several in braces with or without commas. */
export function protocols(cursor: Cursor): Text[] {
  const one = () => word(cursor, "an IP protocol");
  const open = cursor.take("{");
  if (open === undefined) return [one()];
  const list: Text[] = [];
  do {
    const token = cursor.peek();
    const ends = token.kind === "newline" || token.kind === "end" ||
      (token.kind === "word" && NEXT.has(textOf(token)));
    if (ends) cursor.fail(open, 'this list of protocols has no "}"');
    if (list.length === MAX_PROTOCOLS) cursor.fail(cursor.peek(), `more than ${MAX_PROTOCOLS} protocols`);
    list.push(one());
    cursor.take(",");
  } while (cursor.take("}") === undefined);
  return list;
}
