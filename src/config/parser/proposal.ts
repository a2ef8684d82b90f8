import type { SaNode, TransformNode } from "../ast.ts";
import { type Cursor, describe } from "../cursor.ts";
import { wordsOf } from "../keywords.ts";
import { textOf, type Token } from "../lexer.ts";
import { unknownWord } from "./values.ts";

const WANTED = { ikesa: "auth, enc, prf or group", childsa: "auth, enc, group, esn or noesn" };
const INNER = { ikesa: wordsOf("ikesa", "inner"), childsa: wordsOf("childsa", "inner") };

/** What stands behind `ikesa` or `childsa`: one proposal, any number of transforms of each type. */
export function proposal(cursor: Cursor, blockToken: Token): SaNode {
  const block = textOf(blockToken) === "ikesa" ? "ikesa" : "childsa";
  const transforms: TransformNode[] = [];
  for (;;) {
    const token = cursor.peek();
    const word = token.kind === "word" ? textOf(token) : "";
    if (word === "esn" || word === "noesn") {
      cursor.next();
      transforms.push({ kind: "esn", name: { text: word, place: token.place } });
    } else if (word === "auth" || word === "enc" || word === "prf" || word === "group") {
      cursor.next();
      const name = cursor.next();
      if (name.kind !== "word" && name.kind !== "string") {
        cursor.fail(name, `expected a name for ${describe(token)}, found ${describe(name)}`);
      }
      transforms.push({ kind: word, name: { text: textOf(name), place: name.place } });
    } else if (transforms.length > 0) return { block, transforms, place: blockToken.place };
    else unknownWord(cursor, token, WANTED[block], INNER[block]);
  }
}
