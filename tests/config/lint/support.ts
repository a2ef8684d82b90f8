import {
  compile,
  type Diagnostic,
  Diagnostics,
  formatDiagnostic,
  parse,
  Source,
} from "../../../src/config/mod.ts";
import { lint, type LintFacts } from "../../../src/config/lint/mod.ts";
import { parseIdentity } from "../../../src/policy/mod.ts";
import { environment, octetsOf, type ReadOptions } from "../support.ts";

/** What is said about a file. */
export interface Checked {
  readonly diagnostics: readonly Diagnostic[];
  /** As it is printed. */
  readonly text: string;
}

/** Reads and checks a configuration as the daemon does, out of memory. */
export function check(text: string | Uint8Array, options: ReadOptions & LintFacts = {}): Checked {
  const diagnostics = new Diagnostics();
  const context = {
    macros: new Map(Object.entries(options.macros ?? {})),
    include: (path: string) => {
      const file = options.files?.[path];
      return file === undefined ? "there is no such file" : new Source(path, octetsOf(file));
    },
  };
  const { tree, wipe } = parse(new Source("iked.conf", octetsOf(text)), context, diagnostics);
  const compiled = compile(tree, options.environment ?? environment, diagnostics, options);
  if (compiled !== undefined) lint(tree, compiled, options, diagnostics);
  const finished = diagnostics.finish();
  wipe();
  return { diagnostics: finished, text: finished.map(formatDiagnostic).join("\n") };
}

/** `LINE:COLUMN CODE` of all that is said; of errors the message. */
export function codesOf(text: string | Uint8Array, options: ReadOptions & LintFacts = {}): string[] {
  return check(text, options).diagnostics.map(({ where, code, message }) =>
    `${where?.line}:${where?.column} ${code ?? `error: ${message}`}`
  );
}

/** `WORD CODE` of all warnings: the word that the caret stands under. */
export function wordsOf(text: string | Uint8Array, options: ReadOptions & LintFacts = {}): string[] {
  return check(text, options).diagnostics.map(({ excerpt, code }) =>
    `${excerpt!.line.slice(excerpt!.caret.length - 1).split(/\s/)[0]} ${code}`
  );
}

/** A certificate with these names. */
export function certificate(...names: readonly string[]): NonNullable<LintFacts["certificates"]>[number] {
  return { file: "certs/example.crt", identities: names.map((name) => parseIdentity(name)!) };
}
