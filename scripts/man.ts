/**
 * Writes the parts of man/ that are made from the code into the pages, part of `deno task docs`; `--check` only
 * compares. A part stands between the comments `BEGIN name` and `END name`.
 */
import { commandsRegion } from "./man/commands.ts";
import {
  datapathsRegion,
  limitsRegion,
  reasonsRegion,
  transformsRegion,
  warningsRegion,
} from "./man/regions.ts";

const warnings = await Deno.readTextFile("docs/warnings.md");

const REGIONS: Readonly<Record<string, () => string>> = {
  commands: commandsRegion,
  datapaths: datapathsRegion,
  limits: limitsRegion,
  reasons: reasonsRegion,
  transforms: transformsRegion,
  warnings: () => warningsRegion(warnings),
};

/** A page with its parts made anew. */
function made(page: string): string {
  return page.replace(
    /^(\.\\" BEGIN (\w+): made by deno task docs\n)[^]*?(\.\\" END \2)$/gm,
    (_, begin: string, name: string, end: string) => `${begin}${REGIONS[name]!()}\n${end}`,
  );
}

let fine = true;
for (const name of ["iked.8", "iked.conf.5", "ikectl.8"]) {
  const path = `man/${name}`;
  const page = await Deno.readTextFile(path), anew = made(page);
  if (!Deno.args.includes("--check")) await Deno.writeTextFile(path, anew);
  else if (page !== anew) {
    console.error(`${path} is not what the code says: deno task docs`);
    fine = false;
  }
}
if (!fine) Deno.exit(1);
