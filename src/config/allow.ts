/**
 * `# iked: allow W012 …` at the end of a statement's last line: the warnings of that statement with these codes are
 * not said. Behind the codes may stand why.
 */
const HASH = 0x23, NEWLINE = 0x0a, BLANK = 0x20, TAB = 0x09;
const MARK = "iked:";
/** Octets of a comment that are looked at. */
const MAX_COMMENT = 1024;

/** One word of a comment, and how many characters stand before it. */
export interface CommentWord {
  readonly text: string;
  readonly offset: number;
}

/** The octets of `iked:` are there. */
function isMarked(octets: Uint8Array, at: number): boolean {
  for (let i = 0; i < MARK.length; i++) if (octets[at + i] !== MARK.charCodeAt(i)) return false;
  return true;
}

/** The words behind `iked:` of a comment that begins at this octet; undefined where it is for people alone. */
export function directiveIn(octets: Uint8Array, start: number): readonly CommentWord[] | undefined {
  let at = start;
  while (octets[at] === HASH || octets[at] === BLANK || octets[at] === TAB) at++;
  if (!isMarked(octets, at)) return undefined;
  const limit = Math.min(octets.length, start + MAX_COMMENT);
  let end = at;
  while (end < limit && octets[end] !== NEWLINE) end++;
  const before = at + MARK.length - start;
  const text = new TextDecoder().decode(octets.subarray(at + MARK.length, end));
  return [...text.matchAll(/[^\s,\\]+/g)].map((match) => ({
    text: match[0],
    offset: before + [...text.slice(0, match.index)].length,
  }));
}

/** The codes that a directive names, and the word that is no directive. */
export function readDirective(words: readonly CommentWord[]): {
  readonly codes: readonly CommentWord[];
  readonly fault?: {
    readonly word: CommentWord | undefined;
    readonly message: string;
    readonly instead?: string;
  };
} {
  const [verb, ...rest] = words;
  if (verb?.text !== "allow") {
    const message = `expected "allow" behind "# iked:"${
      verb === undefined ? "" : `, found "${verb.text.slice(0, 32)}"`
    }`;
    return { codes: [], fault: { word: verb, message, instead: "allow" } };
  }
  const end = rest.findIndex(({ text }) => !/^[Ww][0-9]+$/.test(text));
  const codes = end < 0 ? rest : rest.slice(0, end);
  if (codes.length > 0) return { codes };
  return {
    codes,
    fault: { word: rest[0], message: 'expected the code of a warning behind "allow", such as W012' },
  };
}
