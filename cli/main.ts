/** `iked` and its subcommands, also started as `ikectl`: argv in, exit code out. */
import { basename } from "node:path";
import process from "node:process";
import { HELP, parseCommandLine, USAGE } from "./options.ts";
import { VERSION } from "./version.ts";

async function run(): Promise<number> {
  const invocation = parseCommandLine(basename(process.argv0), Deno.args);
  if (!invocation.ok) {
    console.error(`iked: ${invocation.error.message}`);
    if (invocation.error.usage) console.error(USAGE);
    return 1;
  }
  const asked = invocation.value;
  switch (asked.kind) {
    case "help":
      console.log(HELP);
      return 0;
    case "version":
      console.log(`iked ${VERSION} (deno ${Deno.version.deno})`);
      return 0;
    case "ctl":
      return (await import("./ctl/main.ts")).runCtl(asked.args);
    case "decode":
      return (await import("./decode/main.ts")).runDecode(asked.args);
    case "explain":
      return (await import("./explain.ts")).runExplain(asked.args);
    case "fmt":
      return (await import("./fmt.ts")).runFmt(asked.args);
    case "selftest":
      return (await import("./selftest.ts")).runSelftest();
    case "print-permissions":
      return (await import("./daemon/probe.ts")).printPermissions(asked);
    case "check-json":
      return (await import("./check_json.ts")).checkAsJson(asked.options);
    case "daemon":
      return (await import("./daemon/main.ts")).runDaemon(asked.options);
  }
}

Deno.exit(await run());
