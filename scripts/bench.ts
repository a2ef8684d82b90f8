/**
 * `deno task bench [--quick] [--json]`: iked side by side with strongSwan in interleaved runs (../shared/bench), as
 * root. Medians; CPU time by the OS's accounting, without the initiator's and the load generator's. IKED_BIN names the
 * executable; without it, it is compiled. Exits 0 where all was measured, whether targets are met or not.
 * `deno task bench lookup [--json]`: the lookup of policies alone, by anybody.
 * `deno task bench configuration [--json]`: reading a file of 100,000 policies alone, by anybody.
 */
import process from "node:process";
import { runBench } from "./bench/bench.ts";
import { formatFigures } from "./bench/figures.ts";
import { BenchError } from "./bench/harness.ts";
import { benchConfiguration, formatReading } from "./bench/configuration.ts";
import { benchLookup, formatLookup } from "./bench/lookup.ts";

const known = new Set(["lookup", "configuration", "--quick", "--json"]);
const unknown = Deno.args.find((word) => !known.has(word));
if (unknown !== undefined) {
  console.error(
    `bench: unknown word "${unknown}"\nusage: deno task bench [lookup|configuration] [--quick] [--json]`,
  );
  Deno.exit(1);
}
if (Deno.args.includes("lookup")) {
  const rows = benchLookup();
  console.log(Deno.args.includes("--json") ? JSON.stringify({ rows }) : formatLookup(rows));
  Deno.exit(0);
}
if (Deno.args.includes("configuration")) {
  const reading = await benchConfiguration(() => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  console.log(Deno.args.includes("--json") ? JSON.stringify(reading) : formatReading(reading));
  Deno.exit(0);
}
try {
  const figures = await runBench(Deno.args.includes("--quick"), (line) => console.error(line));
  console.log(Deno.args.includes("--json") ? JSON.stringify({ figures }) : formatFigures(figures));
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  console.error(`bench: ${error.message}`);
  Deno.exit(1);
}
