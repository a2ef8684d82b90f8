/** `iked -n --json`: the configuration and all that is said about it, on stdout; `docs/schema` has the form. */
import { configurationJson } from "../src/config/mod.ts";
import { loadConfiguration } from "./config/mod.ts";
import type { DaemonOptions } from "./options.ts";

/** Checks what the options name; the exit code. Nothing of a secret is printed. */
export async function checkAsJson(options: DaemonOptions): Promise<number> {
  const { file, macros, passive, natt, directory } = options;
  for (const warning of options.warnings) console.error(`iked: warning: ${warning}`);
  const loaded = await loadConfiguration({ file, macros, passive, natt, directory });
  if (loaded.ok) { for (const { octets } of loaded.secrets) octets.fill(0); }
  const value = configurationJson(loaded.ok ? loaded : undefined, loaded.diagnostics);
  console.log(JSON.stringify(value, null, Deno.stdout.isTerminal() ? 2 : undefined));
  const errors = loaded.diagnostics.filter(({ severity }) => severity === "error").length;
  console.error(
    loaded.ok ? "configuration OK" : `iked: error: ${file} has ${errors} error${errors === 1 ? "" : "s"}`,
  );
  return loaded.ok ? 0 : 1;
}
