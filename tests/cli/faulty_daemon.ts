/**
 * The daemon with a fault in one thread: `ROLE:FAULT` and then iked's arguments. Roles are the real ones and fail at
 * SIGUSR2; `start:FAULT` has a stand-in for role keys that fails by itself, as soon as it is started or soon after.
 */
import { runDaemon } from "../../cli/daemon/main.ts";
import { WATCH } from "../../cli/daemon/supervisor.ts";
import { parseCommandLine } from "../../cli/options.ts";
import { failSoon } from "./faults.ts";

const [where, ...args] = Deno.args;
const [role, fault] = where!.split(":") as [string, string];
const parsed = parseCommandLine("iked", args);
if (!parsed.ok || parsed.value.kind !== "daemon") throw new Error("not a daemon's command line");

const started = new Map<string, Worker>();
globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options);
    started.set(options!.name!, this);
  }
};
Deno.addSignalListener("SIGUSR2", () => {
  if (role === "main") failSoon(fault);
  else started.get(role)!.postMessage({ fault });
});

const worker = (name: string) => new URL(`./faulty_${name}_worker.ts`, import.meta.url);
const byItself = role === "start";
// Patience where silence is not what is tested: a busy machine keeps sound roles waiting, too.
const bySilence = ["close", "exit", "hang"].includes(fault);
Deno.exit(
  await runDaemon(parsed.value.options, {
    workers: {
      engine: worker("engine"),
      keys: byItself ? new URL(`./faulty_role.ts?fault=${fault}`, import.meta.url) : worker("keys"),
      net: worker("net"),
    },
    watch: {
      pingIntervalMs: 100,
      silenceMs: bySilence ? 4000 : 60_000,
      startMs: bySilence ? 4000 : 60_000,
      heapLimit: fault === "leak" ? 0.5 : WATCH.heapLimit,
    },
  }),
);
