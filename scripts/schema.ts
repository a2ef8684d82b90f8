/** `deno task schema`: writes the JSON Schema of `iked -n --json`; `--check` only compares. */
import { CONFIGURATION_SCHEMA } from "../src/config/json/schema.ts";

const FILE = "docs/schema/configuration.json";

/** The file's text. */
export function schemaText(): string {
  return `${JSON.stringify(CONFIGURATION_SCHEMA, null, 2)}\n`;
}

if (import.meta.main) {
  if (!Deno.args.includes("--check")) {
    await Deno.mkdir("docs/schema", { recursive: true });
    await Deno.writeTextFile(FILE, schemaText());
  } else if (await Deno.readTextFile(FILE).catch(() => "") !== schemaText()) {
    console.error(`${FILE} is not what src/config/json/schema.ts says: deno task schema`);
    Deno.exit(1);
  }
}
