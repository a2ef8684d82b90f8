/** `iked explain`: what a configuration means, in plain words or as JSON. */
import { argumentTokens } from "./argument_tokens.ts";
import { fail, ok, type Result } from "../src/bytes/mod.ts";
import { explain, printExplanation } from "../src/config/explain/mod.ts";
import { formatDiagnostic } from "../src/config/mod.ts";
import { loadConfiguration, parseMacro } from "./config/mod.ts";

interface ExplainOptions {
  readonly json: boolean;
  readonly macros: ReadonlyMap<string, string>;
  /** `-` is the standard input. */
  readonly file: string;
}

export const EXPLAIN_USAGE = "usage: iked explain [--json] [-D macro=value] [FILE]";

const SPEC = { json: { type: "boolean" }, D: { type: "string", short: "D" } } as const;

function readArgs(args: readonly string[]): Result<ExplainOptions, string> {
  const files: string[] = [], macros = new Map<string, string>();
  let json = false;
  for (const token of argumentTokens(args, SPEC)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") files.push(token.value);
    else if (token.rawName === "-D") {
      const macro = token.value === undefined ? undefined : parseMacro(token.value);
      if (macro === undefined) return fail("-D: a macro is given as NAME=VALUE");
      macros.set(...macro);
    } else if (token.rawName !== "--json") return fail(`unknown option: ${token.rawName}`);
    else if (token.value !== undefined) return fail("option --json takes no argument");
    else json = true;
  }
  if (files.length > 1) return fail(`superfluous argument: ${files[1]}`);
  return ok({ json, macros, file: files[0] ?? "/etc/iked.conf" });
}

/** JSON in one line, or indented where it goes to a terminal. */
function json(value: unknown): string {
  return `${JSON.stringify(value, null, Deno.stdout.isTerminal() ? 2 : undefined)}\n`;
}

function print(text: string): void {
  const octets = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < octets.length;) at += Deno.stdout.writeSync(octets.subarray(at));
  } catch (error) {
    // Nobody reads on: `| head` has seen enough.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Explains what the arguments name; the exit code. */
export async function runExplain(args: readonly string[]): Promise<number> {
  const options = readArgs(args);
  if (!options.ok) {
    if (args.includes("--json")) print(json({ error: { code: "usage", message: options.error } }));
    console.error(`iked: ${options.error}\n${EXPLAIN_USAGE}`);
    return 1;
  }
  const { file, macros } = options.value;
  const loaded = await loadConfiguration({ file, macros });
  for (const one of loaded.diagnostics) console.error(formatDiagnostic(one));
  if (!loaded.ok) {
    const { message, where } = loaded.diagnostics.find(({ severity }) => severity === "error")!;
    if (options.value.json) print(json({ error: { code: "configuration", message, where } }));
    return 1;
  }
  for (const { octets } of loaded.secrets) octets.fill(0);
  const explanation = explain(loaded.tree, loaded);
  print(options.value.json ? json(explanation) : printExplanation(explanation));
  return 0;
}
