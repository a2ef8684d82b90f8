/** The command line of `iked`, as contracts.md states it: getopt's manners, read by parseArgs' tokens. */
import { argumentTokens } from "./argument_tokens.ts";
import { fail, ok, type Result } from "../src/bytes/mod.ts";
import { parseMacro } from "./config/macro_option.ts";

const DATAPATHS = ["userland", "xfrm", "pfkey", "none"] as const;

/** What a user may ask for with `-K`; not all of it is there. */
export type DatapathWord = typeof DATAPATHS[number];

/** Options of the daemon. */
export interface DaemonOptions {
  /** `-d`: stay, log to stderr. */
  readonly foreground: boolean;
  /** `-n`: check the configuration and leave. */
  readonly configTest: boolean;
  /** `--mask`: what `-nv` prints has no secret in it. */
  readonly mask: boolean;
  /** How often `-v` was given. */
  readonly verbose: number;
  /** `-S`, or `-s` without a socket. */
  readonly passive: boolean;
  readonly natt: "on" | "off" | "force";
  /** `-p`: UDP port of NAT traversal. */
  readonly nattPort: number;
  readonly macros: ReadonlyMap<string, string>;
  readonly file: string;
  readonly socket: string;
  /** `--dir`: keys and certificates. */
  readonly directory: string;
  readonly datapath?: DatapathWord;
  /** Said before anything else. */
  readonly warnings: readonly string[];
}

/** What the arguments ask for. */
export type Invocation =
  | { readonly kind: "daemon"; readonly options: DaemonOptions }
  | { readonly kind: "check-json"; readonly options: DaemonOptions }
  | { readonly kind: "ctl"; readonly args: readonly string[] }
  | { readonly kind: "decode"; readonly args: readonly string[] }
  | { readonly kind: "explain"; readonly args: readonly string[] }
  | { readonly kind: "fmt"; readonly args: readonly string[] }
  | {
    readonly kind: "print-permissions";
    readonly json: boolean;
    readonly probe: boolean;
    readonly directory: string;
  }
  | { readonly kind: "selftest" }
  | { readonly kind: "version" }
  | { readonly kind: "help" };

/** Why the arguments are refused: one line; `usage` where the usage line helps. */
export interface OptionError {
  readonly message: string;
  readonly usage: boolean;
}

export const USAGE =
  "usage: iked [-dnSTtvV6] [-D macro=value] [-f file] [-K datapath] [-p port] [-s [socket]]\n" +
  "            [--dir DIR] [--socket PATH]";

export const HELP = `${USAGE}
       iked ctl [-q] [-s SOCKET] [--json] [--plan] COMMAND ...
       iked decode [--json] [--keys FILE] FILE.pcap|FILE.pcapng
       iked decode [--json] [--keys FILE] --raw FILE ...
       iked explain [--json] [-D macro=value] [FILE]
       iked fmt [-w | --check] [FILE ...]
       iked selftest
       iked --print-permissions [--json] [--probe]

  -d              stay in the foreground, log to stderr
  -D macro=value  define a macro; overrides the configuration file
  -f file         configuration file; - is standard input (default /etc/iked.conf)
  -K datapath     userland, xfrm, pfkey or none (default: set datapath, else
                  xfrm where the kernel can, else userland)
  -n              check the configuration; with -v print it back, with --json as JSON
  -p port         UDP port for NAT traversal; forces it
  -S, -s          passive: send nothing of our own accord
  -s socket       control socket, a path with a slash (default /var/run/iked.sock)
  -T              no NAT traversal
  -t              force NAT traversal
  -v              more log lines
  -V              print the version
  -6              no effect
  --dir DIR       keys and certificates (default /etc/iked)
  --mask          with -nv: print (secret) in place of keys and passwords
  --socket PATH   control socket`;

/** Subcommands of contracts.md that are not there. */
const NOT_YET = ["ca"];

const SPEC = {
  d: { type: "boolean", short: "d" },
  D: { type: "string", short: "D" },
  f: { type: "string", short: "f" },
  K: { type: "string", short: "K" },
  n: { type: "boolean", short: "n" },
  p: { type: "string", short: "p" },
  S: { type: "boolean", short: "S" },
  s: { type: "boolean", short: "s" },
  T: { type: "boolean", short: "T" },
  t: { type: "boolean", short: "t" },
  v: { type: "boolean", short: "v" },
  V: { type: "boolean", short: "V" },
  6: { type: "boolean", short: "6" },
  dir: { type: "string" },
  help: { type: "boolean" },
  json: { type: "boolean" },
  mask: { type: "boolean" },
  "print-permissions": { type: "boolean" },
  probe: { type: "boolean" },
  socket: { type: "string" },
} as const;

type OptionName = `${keyof typeof SPEC}`;

/** One option as given; a flag has the empty value, `-s` perhaps the socket behind it. */
interface Given {
  readonly name: OptionName;
  readonly value: string;
}

function usageFault(message: string): Result<never, OptionError> {
  return fail({ message, usage: true });
}

function fault(message: string): Result<never, OptionError> {
  return fail({ message, usage: false });
}

/** The options in order, `-s` with the socket that follows it, if one does. */
function readOptions(args: readonly string[]): Result<readonly Given[], OptionError> {
  const tokens = argumentTokens(args, SPEC);
  const given: Given[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") return usageFault(`unexpected argument: ${token.value}`);
    const spec = Object.hasOwn(SPEC, token.name) ? SPEC[token.name as OptionName] : undefined;
    const isLong = token.rawName.startsWith("--");
    if (spec === undefined || isLong === ("short" in spec)) {
      return usageFault(`unknown option: ${token.rawName}`);
    }
    if (spec.type === "string" && token.value === undefined) {
      return usageFault(`option ${token.rawName} needs an argument`);
    }
    if (spec.type === "boolean" && token.value !== undefined) {
      return usageFault(`option ${token.rawName} takes no argument`);
    }
    const next = tokens[at + 1];
    const takesNext = token.name === "s" && next?.kind === "positional" && next.index === token.index + 1 &&
      next.value.includes("/");
    given.push({ name: token.name as OptionName, value: takesNext ? next.value : token.value ?? "" });
    if (takesNext) at++;
  }
  return ok(given);
}

function macrosOf(definitions: readonly string[]): Result<ReadonlyMap<string, string>, OptionError> {
  const macros = new Map<string, string>();
  for (const definition of definitions) {
    const macro = parseMacro(definition);
    if (macro === undefined) return fault(`-D ${definition}: a macro is given as NAME=VALUE`);
    macros.set(...macro);
  }
  return ok(macros);
}

function portOf(text: string | undefined): Result<number, OptionError> {
  if (text === undefined) return ok(4500);
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65535 ? ok(port) : fault(`-p ${text}: a port is 1 to 65535`);
}

function daemonOf(given: readonly Given[]): Result<DaemonOptions, OptionError> {
  const values = (name: OptionName) =>
    given.filter((option) => option.name === name).map((option) => option.value);
  const last = (name: OptionName) => values(name).at(-1);
  const has = (name: OptionName) => last(name) !== undefined;
  if (has("T") && (has("t") || has("p"))) return fault("-T and -t or -p are mutually exclusive");
  const macros = macrosOf(values("D")), nattPort = portOf(last("p")), word = last("K");
  if (!macros.ok) return macros;
  if (!nattPort.ok) return nattPort;
  const datapath = DATAPATHS.find((name) => name === word);
  if (word !== undefined && datapath === undefined) {
    return fault(`-K ${word}: a data path is one of ${DATAPATHS.join(", ")}`);
  }
  const sockets = given.filter(({ name, value }) => value !== "" && (name === "socket" || name === "s"));
  return ok({
    foreground: has("d"),
    configTest: has("n"),
    mask: has("mask"),
    verbose: values("v").length,
    passive: has("S") || values("s").includes(""),
    natt: has("T") ? "off" : has("t") || has("p") ? "force" : "on",
    nattPort: nattPort.value,
    macros: macros.value,
    file: last("f") ?? "/etc/iked.conf",
    socket: sockets.at(-1)?.value ?? "/var/run/iked.sock",
    directory: last("dir") ?? "/etc/iked",
    ...(datapath === undefined ? {} : { datapath }),
    warnings: has("6") ? ["-6 has no effect"] : [],
  });
}

/** Reads the arguments; `name` is what the executable was started as. */
export function parseCommandLine(name: string, args: readonly string[]): Result<Invocation, OptionError> {
  if (name === "ikectl") return ok({ kind: "ctl", args });
  // `--json` may stand before the words, also before the first.
  const at = args[0] === "--json" ? 1 : 0;
  const word = args[at] ?? "", rest = args.toSpliced(at, 1);
  if (word === "ctl" || word === "decode" || word === "explain" || word === "fmt") {
    return ok({ kind: word, args: rest });
  }
  if (word === "selftest") {
    return rest.length === 0 ? ok({ kind: "selftest" }) : usageFault("selftest takes no arguments");
  }
  if (NOT_YET.includes(word)) return fault(`${word}: not supported yet`);
  const given = readOptions(args);
  if (!given.ok) return given;
  const has = (option: OptionName) => given.value.some((one) => one.name === option);
  if (has("help")) return ok({ kind: "help" });
  if (has("V")) return ok({ kind: "version" });
  if (has("print-permissions")) {
    const directory = given.value.findLast((one) => one.name === "dir")?.value ?? "/etc/iked";
    return ok({ kind: "print-permissions", json: has("json"), probe: has("probe"), directory });
  }
  if (has("probe")) return usageFault("--probe belongs to --print-permissions");
  if (has("json") && !has("n")) return usageFault("--json belongs to -n or --print-permissions");
  if (has("mask") && !has("n")) return usageFault("--mask belongs to -n");
  const options = daemonOf(given.value);
  return options.ok ? ok({ kind: has("json") ? "check-json" : "daemon", options: options.value }) : options;
}
