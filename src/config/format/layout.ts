/** Where a continued line of a statement is indented to. */
import { KEYWORDS } from "../keywords.ts";
import { textOf, type Token } from "../lexer.ts";

/** Words that begin a clause of a policy. */
const CLAUSES: ReadonlySet<string> = new Set(
  KEYWORDS.filter(({ kind }) => kind === "clause").map(({ word }) => word),
);
const BLANK = 0x20, TAB = 0x09;
const MAX_SPACES = 8;

/** How deep the next continued line of a statement stands: 1 for what begins a clause, 2 for what goes on with one. */
export class Depth {
  /** A continued line began a clause, so that what goes on with one can stand deeper. */
  #begun = false;
  /** The other end that the flow still lacks. */
  #lacks: "from" | "to" | undefined;

  /** Takes the next token of the statement; its depth where it begins a continued line. */
  next(token: Token, beginsLine: boolean): 1 | 2 {
    const word = token.kind === "word" && !token.secret ? textOf(token) : "";
    const beginsClause = CLAUSES.has(word) && word !== this.#lacks;
    if (word === "from" || word === "to") {
      const other = word === "from" ? "to" : "from";
      this.#lacks = this.#lacks === word ? undefined : other;
    }
    if (!beginsLine) return 1;
    this.#begun ||= beginsClause;
    return beginsClause || !this.#begun ? 1 : 2;
  }
}

/** One step of indentation: what the file has in front of its first clause on a continued line; else a tab. */
export function indentation(found: Uint8Array | undefined): Uint8Array {
  const isSpaces = found !== undefined && found.length > 0 && found.length <= MAX_SPACES &&
    found.every((octet) => octet === BLANK);
  return isSpaces ? found : Uint8Array.of(TAB);
}
