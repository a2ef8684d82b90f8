/** The daemon with a role keys that fails: `FAULT` and then iked's arguments. */
import { runDaemon } from "../../cli/daemon/main.ts";
import { parseCommandLine } from "../../cli/options.ts";

const [fault, ...args] = Deno.args;
const parsed = parseCommandLine("iked", args);
if (!parsed.ok || parsed.value.kind !== "daemon") throw new Error("not a daemon's command line");
const worker = (name: string) => new URL(`../../cli/daemon/${name}_worker.ts`, import.meta.url);
Deno.exit(
  await runDaemon(parsed.value.options, {
    workers: {
      engine: worker("engine"),
      keys: new URL(`./faulty_role.ts?fault=${fault}`, import.meta.url),
      net: worker("net"),
    },
    watch: { pingIntervalMs: 100, silenceMs: 3000, heapLimit: 0.05 },
  }),
);
