/** Errors and warnings about a configuration, in the form of contracts.md. */
import type { SourcePlace } from "../policy/types.ts";
import { type CommentWord, readDirective } from "./allow.ts";
import type { Place } from "./source.ts";
import { closest } from "./suggest.ts";

/** Codes of warnings; they keep their meaning for ever. `docs/warnings.md` explains each. */
export const WARNINGS = {
  unusedMacro: "W001",
  nameLikeKeyword: "W002",
  commentContinues: "W003",
  abbreviated: "W004",
  insecure: "W005",
  duplicateFlow: "W006",
  unresolved: "W007",
  noEffect: "W008",
  hostBits: "W009",
  noPolicies: "W010",
  passedOver: "W011",
  unreachable: "W012",
  allowance: "W013",
  sharedTraffic: "W014",
  flowWithinFlow: "W015",
  refusedByPeers: "W016",
  weakKey: "W017",
  noCertificate: "W018",
  rekeyAtOnce: "W019",
  sameEnds: "W020",
  duplicateUser: "W021",
  longString: "W022",
  noCredentials: "W023",
  noDomainName: "W024",
  outsideHosts: "W025",
} as const;

export type WarningCode = (typeof WARNINGS)[keyof typeof WARNINGS];

/** One thing to say about the configuration. Values only. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  /** A warning's code. */
  readonly code?: WarningCode;
  /** Sentence case is not used: it stands behind `error: `. */
  readonly message: string;
  /** Absent where it is about no file, such as a macro of the command line. */
  readonly where?: SourcePlace;
  /** The source line with secrets masked, and below it the caret. */
  readonly excerpt?: { readonly line: string; readonly caret: string };
  /** A word that is close to the one that is wrong. */
  readonly suggestion?: string;
}

/** `FILE:LINE:COLUMN: error: message`, the source line, a caret, and `did you mean …` where there is one. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { severity, code, message, where, excerpt, suggestion } = diagnostic;
  const place = where === undefined ? "" : `${where.file}:${where.line}:${where.column}: `;
  const lines = [`${place}${severity}: ${message}${code === undefined ? "" : ` [${code}]`}`];
  if (excerpt !== undefined) lines.push(excerpt.line, excerpt.caret);
  if (suggestion !== undefined) lines.push(`did you mean "${suggestion}"?`);
  return lines.join("\n");
}

/** Whether there is an error among them. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((one) => one.severity === "error");
}

/** The place as a value. */
export function placeValue({ source, line, column }: Place): SourcePlace {
  return { file: source.name, line, column };
}

/** Characters of a source line that are shown. */
const EXCERPT_WIDTH = 160;
/** Errors of one run, and warnings of one run; a file with more of them is no configuration. */
const MAX_EACH = 1000;

/** Where text that is wrong came from, if a macro stands for it. */
function viaMacro({ macro }: Place): string {
  if (macro === undefined) return "";
  const { name, place } = macro;
  const origin = place === undefined ? "-D" : `${place.source.name}:${place.line}:${place.column}`;
  return ` (in macro "${name}", ${origin})`;
}

/** The characters of the line that a place is in. */
function lineAt({ source, lineStart }: Place): string[] {
  // deno-lint-ignore no-control-regex -- control characters of a file must not reach a terminal
  return [...source.line(lineStart).replace(/\r$/, "").replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "?")];
}

function excerptAt({ column }: Place, line: readonly string[]): { line: string; caret: string } {
  const from = line.length <= EXCERPT_WIDTH ? 0 : Math.max(0, column - 1 - EXCERPT_WIDTH / 2);
  const before = line.slice(from, column - 1).map((one) => one === "\t" ? "\t" : " ");
  return { line: line.slice(from, from + EXCERPT_WIDTH).join(""), caret: `${before.join("")}^` };
}

interface Noted {
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly place: Place | undefined;
  readonly code?: WarningCode;
  readonly suggestion?: string;
}

/** One `# iked: allow …`, and the lines of the statement that it ends. */
interface Allowance {
  readonly place: Place;
  readonly firstLine: number;
  readonly codes: readonly CommentWord[];
  readonly needed: Set<string>;
}

const CODES: readonly string[] = Object.values(WARNINGS);
/** Codes of what is said on one host or day and not on another: allowing them is never too much. */
const PASSING: ReadonlySet<string> = new Set([WARNINGS.unresolved, WARNINGS.noCertificate]);
/** Codes of what is not seen while a name has no address. */
const BY_ADDRESS: ReadonlySet<string> = new Set([
  WARNINGS.unreachable,
  WARNINGS.sharedTraffic,
  WARNINGS.flowWithinFlow,
]);
/** Warnings that are kept until it is known which are allowed. */
const MAX_KEPT = 100_000;

/** Collects diagnostics. Source lines are read at the end, when all that is secret in them is known. */
export class Diagnostics {
  readonly #noted: Noted[] = [];
  /** In the order of their lines, file by file. */
  readonly #allowances = new Map<unknown, Allowance[]>();
  #errors = 0;
  #warnings = 0;
  /** Every check has run: what is not said is not there. */
  complete = false;

  /** How many errors there were. */
  get errors(): number {
    return this.#errors;
  }

  /** Whether there was an error. */
  get failed(): boolean {
    return this.#errors > 0;
  }

  /** Whether there are so many errors that no other one is shown. */
  get full(): boolean {
    return this.#errors >= MAX_EACH;
  }

  /** Notes an error; a suggestion that takes a search is looked for only where it is shown. */
  error(place: Place | undefined, message: string, suggest?: () => string | undefined): void {
    const suggestion = this.full ? undefined : suggest?.();
    this.#errors++;
    const rest = suggestion === undefined ? {} : { suggestion };
    if (this.#errors <= MAX_EACH) this.#noted.push({ severity: "error", message, place, ...rest });
    else if (this.#errors === MAX_EACH + 1) {
      this.#noted.push({ severity: "error", message: "too many errors, the others are not shown", place });
    }
  }

  warn(code: WarningCode, place: Place | undefined, message: string, suggestion?: string): void {
    if (++this.#warnings > MAX_KEPT) return;
    const rest = suggestion === undefined ? {} : { suggestion };
    this.#noted.push({ severity: "warning", code, message, place, ...rest });
  }

  /** A comment of the form `# iked: …` at `place`, which ends the statement that began in `firstLine`. */
  directive(place: Place, firstLine: number, words: readonly CommentWord[]): void {
    const { codes, fault } = readDirective(words);
    if (fault !== undefined) {
      this.warn(WARNINGS.allowance, wordPlace(place, fault.word), fault.message, fault.instead);
    }
    for (const code of codes) {
      if (CODES.includes(code.text)) continue;
      const message = `there is no warning "${code.text.slice(0, 32)}"`;
      this.warn(WARNINGS.allowance, wordPlace(place, code), message, closest(code.text, CODES));
    }
    const list = this.#allowances.get(place.source) ?? [];
    this.#allowances.set(place.source, list);
    list.push({ place, firstLine, codes, needed: new Set() });
  }

  /** All of them, file by file, in the order of the lines. Call it before the sources are wiped. */
  finish(): Diagnostic[] {
    const said = this.#noted.filter((one) => one.severity === "error" || !this.#allowed(one));
    // With an error, or beyond what is kept, a warning may be missing that would come.
    if (this.complete && !this.failed && this.#warnings <= MAX_KEPT) said.push(...this.#unneeded());
    return shown(withoutExcess(inOrder(said)));
  }

  #allowed({ code, place }: Noted): boolean {
    if (code === undefined || place === undefined) return false;
    const list = this.#allowances.get(place.source) ?? [];
    // The first that does not end before the line
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle]!.place.line < place.line) low = middle + 1;
      else high = middle;
    }
    const found = list[low];
    if (found === undefined || found.firstLine > place.line) return false;
    if (!found.codes.some(({ text }) => text === code)) return false;
    found.needed.add(code);
    return true;
  }

  #unneeded(): Noted[] {
    const noted: Noted[] = [];
    const unresolved = this.#noted.some(({ code }) => code === WARNINGS.unresolved);
    for (const { place, codes, needed } of [...this.#allowances.values()].flat()) {
      if (codes.some(({ text }) => text === WARNINGS.allowance)) continue;
      for (const code of codes) {
        if (needed.has(code.text) || PASSING.has(code.text) || !CODES.includes(code.text)) continue;
        if (unresolved && BY_ADDRESS.has(code.text)) continue;
        const message = `"allow ${code.text}" is not needed: this statement has no such warning`;
        noted.push({ severity: "warning", code: WARNINGS.allowance, message, place: wordPlace(place, code) });
      }
    }
    return noted;
  }
}

/** The place of a word of a comment; of the comment where there is none. */
function wordPlace(place: Place, word: CommentWord | undefined): Place {
  return word === undefined ? place : { ...place, column: place.column + word.offset };
}

function inOrder(noted: readonly Noted[]): readonly Noted[] {
  const order = new Map<unknown, number>();
  for (const { place } of noted) if (!order.has(place?.source)) order.set(place?.source, order.size);
  return noted.toSorted(({ place: a }, { place: b }) =>
    order.get(a?.source)! - order.get(b?.source)! || (a?.line ?? 0) - (b?.line ?? 0) ||
    (a?.column ?? 0) - (b?.column ?? 0)
  );
}

/** All errors, and as many warnings as one may read. */
function withoutExcess(noted: readonly Noted[]): readonly Noted[] {
  let warnings = 0;
  return noted.filter(({ severity }) => severity === "error" || ++warnings <= MAX_EACH);
}

function shown(noted: readonly Noted[]): Diagnostic[] {
  let last: Place | undefined;
  let line: readonly string[] = [];
  return noted.map(({ place, ...rest }) => {
    if (place === undefined) return rest;
    // Many may be in one line, and a line may be as long as the file
    if (last?.source !== place.source || last.lineStart !== place.lineStart) line = lineAt(place);
    last = place;
    const message = rest.message + viaMacro(place);
    return { ...rest, message, where: placeValue(place), excerpt: excerptAt(place, line) };
  });
}
