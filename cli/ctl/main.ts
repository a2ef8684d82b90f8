/** `iked ctl`: words in, the daemon's answer out, for people or as JSON. */
import { resolve } from "node:path";
import { argumentTokens } from "../argument_tokens.ts";
import { fail, ok, type Result } from "../../src/bytes/mod.ts";
import {
  type CommandError,
  commandList,
  type ConfigurationRefusal,
  type ControlRequest,
  type DatapathState,
  type MonitorEvent,
  parseCommand,
  type ReloadAnswer,
  renderDatapath,
  renderEvent,
  renderReload,
  renderSas,
  type Reply,
  RPC_ERROR,
  type SaList,
  type ToldDiagnostic,
} from "../../src/control/mod.ts";
import { ask } from "./client.ts";

const CTL_USAGE = "usage: iked ctl [-q] [-s SOCKET] [--json] [--plan] COMMAND ...";

const HELP =
  "A word may be cut short. --plan is for reload and load: what would become of each SA, and nothing is done.";

const SPEC = {
  q: { type: "boolean", short: "q" },
  s: { type: "string", short: "s" },
  json: { type: "boolean" },
  plan: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

interface Asked {
  readonly words: readonly string[];
  readonly socket: string;
  readonly json: boolean;
  readonly plan: boolean;
  readonly help: boolean;
}

function readArgs(args: readonly string[]): Result<Asked, string> {
  const words: string[] = [];
  let socket = "/var/run/iked.sock", json = false, plan = false, help = false;
  for (const token of argumentTokens(args, SPEC)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") words.push(token.value);
    else if (token.rawName === "--json" && token.value === undefined) json = true;
    else if (token.rawName === "--plan" && token.value === undefined) plan = true;
    else if ((token.rawName === "--help" || token.rawName === "-h") && token.value === undefined) help = true;
    else if (token.rawName === "-s" && token.value === undefined) return fail("option -s needs an argument");
    else if (token.rawName === "-s") socket = token.value!;
    else if (token.rawName !== "-q") return fail(`unknown option: ${token.rawName}`);
  }
  return ok({ words, socket, json, plan, help });
}

/** JSON in one line, or indented where it goes to a terminal. */
function json(value: unknown): string {
  return JSON.stringify(value, null, Deno.stdout.isTerminal() ? 2 : undefined);
}

/** Writes a line to stdout; false once nobody reads it any more. */
function print(text: string): boolean {
  const octets = new TextEncoder().encode(`${text}\n`);
  try {
    for (let at = 0; at < octets.length;) at += Deno.stdout.writeSync(octets.subarray(at));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

/** Says what is wrong in a configuration as contracts.md has it, on stderr. */
function printDiagnostics(diagnostics: readonly ToldDiagnostic[]): void {
  for (const { text } of diagnostics) console.error(text);
}

/** Says why nothing was done, on stderr, and with `--json` also as an object; the exit code. */
function refuse(
  asked: Pick<Asked, "json">,
  code: string,
  message: string,
  data?: ConfigurationRefusal,
): number {
  const diagnostics = data?.diagnostics ?? [];
  const where = diagnostics.find((one) => one.severity === "error")?.where;
  if (asked.json) {
    const place = where && { where: `${where.file}:${where.line}:${where.column}` };
    print(json({ error: { code, message, ...place, ...data } }));
  }
  printDiagnostics(diagnostics);
  console.error(`ikectl: ${message}`);
  return 1;
}

function codeOf(number: number): string {
  const name = (Object.keys(RPC_ERROR) as (keyof typeof RPC_ERROR)[]).find((key) =>
    RPC_ERROR[key] === number
  );
  return (name ?? "REFUSED").toLowerCase().replaceAll("_", "-");
}

function render(request: ControlRequest, result: unknown): string | undefined {
  switch (request.method) {
    case "show.sa":
      return renderSas(result as SaList);
    case "show.datapath":
      return renderDatapath(result as DatapathState);
    case "reload":
    case "load":
      return renderReload(result as ReloadAnswer);
    default:
      return undefined;
  }
}

/** The request of words and options: paths are the caller's, and only a configuration has a plan. */
function requestOf({ words, plan }: Asked): Result<ControlRequest, CommandError> {
  const command = parseCommand(words);
  if (!command.ok) return command;
  const request = command.value;
  switch (request.method) {
    case "reload":
      return ok({ ...request, params: { plan } });
    case "load":
      return ok({ ...request, params: { file: resolve(request.params.file), plan } });
    default:
      return plan ? fail({ code: "usage", text: "--plan is for reload and load" }) : command;
  }
}

/** Runs one command; the exit code. */
export async function runCtl(args: readonly string[]): Promise<number> {
  const read = readArgs(args);
  if (!read.ok) return refuse({ json: args.includes("--json") }, "usage", `${read.error}\n${CTL_USAGE}`);
  const asked = read.value;
  if (asked.help) {
    print([CTL_USAGE, "commands:", ...commandList().map((command) => `  ${command}`), HELP].join("\n"));
    return 0;
  }
  const command = requestOf(asked);
  if (!command.ok) return refuse(asked, command.error.code, command.error.text);
  const request = command.value;
  let exit = 0;
  const take = (reply: Reply): "more" | "done" => {
    if (reply.kind === "error") {
      exit = refuse(asked, codeOf(reply.error.code), reply.error.message, reply.error.data);
      return "done";
    }
    if (reply.kind === "event") {
      const event = reply.event as MonitorEvent;
      return print(asked.json ? JSON.stringify(event) : renderEvent(event)) ? "more" : "done";
    }
    if (request.method === "monitor") return "more";
    if (request.method === "reload" || request.method === "load") {
      printDiagnostics((reply.result as ReloadAnswer).diagnostics);
    }
    const text = asked.json ? json(reply.result) : render(request, reply.result);
    if (text !== undefined) print(text);
    return "done";
  };
  const outcome = await ask(asked.socket, request, take);
  return outcome.ok ? exit : refuse(asked, outcome.error.code, outcome.error.message);
}
