/** From options to a running daemon, and from its end to an exit code. */
import { fail, ok, type Result } from "../../src/bytes/mod.ts";
import { printable } from "../../src/control/mod.ts";
import { formatDiagnostic, printConfiguration } from "../../src/config/mod.ts";
import { CaughtStderr, ignoreSignal, type Libc, openLibc } from "../../ffi/libc/mod.ts";
import { readHostFilesWith } from "../config/host_file.ts";
import { loadConfiguration, type LoadedConfiguration, refusedFor, supported } from "../config/mod.ts";
import type { DaemonOptions } from "../options.ts";
import { VERSION } from "../version.ts";
import { isBackgroundChild, openReport, READY, startInBackground } from "./background.ts";
import { checkSocketPath } from "./control.ts";
import { cryptoWarnings } from "./crypto_warnings.ts";
import { Daemon } from "./daemon.ts";
import { childNeeds, expressible, lackAsDiagnostic } from "./child_needs.ts";
import { capableChoices, type Choices, datapathChoices } from "./datapath_choice.ts";
import { faultOf, onUncaught } from "./errors.ts";
import { awaitLastWords } from "./last_words.ts";
import { Log, redirectErrors, writeError } from "./log.ts";
import { Syslog } from "./net/syslog.ts";
import {
  findLibraries,
  grantsOf,
  type Libraries,
  missingFlags,
  permissionsOf,
  revokeUntilReady,
} from "./permissions.ts";
import {
  ENGINE_FOR_MAIN,
  type EngineForMain,
  type EngineStart,
  KEYS_FOR_MAIN,
  type KeysForMain,
  type KeysStart,
  MAIN_FOR_ROLES,
  type MainForRoles,
  NET_FOR_MAIN,
  type NetForMain,
  type NetStart,
  type RoleName,
} from "./ports.ts";
import { Link } from "./rpc.ts";
import { type RolePlan, type Roles, startRoles, WATCH, type Watch } from "./supervisor.ts";
import { workerUrl } from "./workers.ts";

/** What a test may put in place of the product's own. */
export interface DaemonParts {
  readonly workers: Readonly<Record<RoleName, URL>>;
  readonly watch: Watch;
}

const PARTS: DaemonParts = {
  workers: {
    engine: workerUrl("engine"),
    keys: workerUrl("keys"),
    net: workerUrl("net"),
  },
  watch: WATCH,
};

const IKE_PORT = 500;

const SIGUSR1 = 10, SIGPIPE = 13;

/**
 * SIGUSR1 would open V8's inspector on Deno 2.9.6, listener or not, and end the process on 2.5.7; SIGPIPE comes from
 * control clients and readers of stderr that went away.
 */
function ignoreSignals(libc: Libc): void {
  // Deno installs its handler of a signal once: half a second after the start for the inspector, unless a listener
  // made it do so before. What is set after that stays.
  Deno.addSignalListener("SIGUSR1", () => {});
  for (const signal of [SIGUSR1, SIGPIPE]) ignoreSignal(libc, signal);
}

type FoundLibraries = Libraries & { readonly libc: string };

/** Where a running daemon's lines go, and how it ends. */
interface Outlets {
  readonly stderr: CaughtStderr;
  /** Ready: the start's lines have all been said, later ones may go elsewhere. */
  ready(log: Log, net: NetForMain): void;
  /** The one line that the daemon goes down with. */
  lastLine(text: string): void;
}

function load(options: DaemonOptions, file = options.file): Promise<LoadedConfiguration> {
  const { macros, passive, natt, directory } = options;
  return loadConfiguration({ file, macros, passive, natt, directory });
}

/** What a reload of `-f -` comes to. */
const READ_ONCE: LoadedConfiguration = {
  ok: false,
  diagnostics: [{
    severity: "error",
    message: 'the configuration came from the standard input and cannot be read again: "iked ctl load FILE"',
  }],
};

/** Prints what is to be said about a configuration, in the form of contracts.md. */
function printDiagnostics({ diagnostics }: LoadedConfiguration): void {
  for (const diagnostic of diagnostics) writeError(formatDiagnostic(diagnostic));
}

/** `-n`: the exit code. */
async function testConfiguration(options: DaemonOptions): Promise<number> {
  const loaded = await load(options);
  printDiagnostics(loaded);
  if (!loaded.ok) return 1;
  if (options.verbose > 0) console.log(printConfiguration(loaded, options.mask ? undefined : loaded.secrets));
  for (const { octets } of loaded.secrets) octets.fill(0);
  for (const warning of await cryptoWarnings(loaded.configuration, findLibraries().libcrypto)) {
    writeError(`iked: warning: ${warning}`);
  }
  writeError("configuration OK");
  return 0;
}

/** Main's side of the ports between the roles, and the plans that take the other sides. */
function plan(
  options: DaemonOptions,
  libraries: Libraries & { libc: string },
  { datapaths, otherwise }: Choices,
  needs: NetStart["needs"],
  parts: DaemonParts,
  { words, out }: CaughtStderr,
) {
  const channels = {
    mainKeys: new MessageChannel(),
    mainNet: new MessageChannel(),
    mainEngine: new MessageChannel(),
    engineKeys: new MessageChannel(),
    engineNet: new MessageChannel(),
  };
  const { libc, libcrypto } = libraries;
  const crypto = libcrypto === undefined ? {} : { libcrypto };
  const { pingIntervalMs, silenceMs } = parts.watch;
  const line = options.foreground ? { out } : {};
  const net: NetStart = {
    main: { words, ...line, socket: options.socket, pingIntervalMs, silenceMs },
    libc,
    ...crypto,
    datapaths,
    otherwise,
    needs,
    ikePort: IKE_PORT,
    ...(options.natt === "off" ? {} : { nattPort: options.nattPort }),
  };
  const starts: Readonly<Record<RoleName, readonly [start: unknown, ports: Record<string, MessagePort>]>> = {
    engine: [
      {
        version: VERSION,
        installs: datapaths.some(({ datapath }) => datapath !== "none"),
        ikePort: IKE_PORT,
        nattPort: options.nattPort,
      } satisfies EngineStart,
      {
        main: channels.mainEngine.port2,
        keys: channels.engineKeys.port1,
        net: channels.engineNet.port1,
      },
    ],
    keys: [crypto satisfies KeysStart, { main: channels.mainKeys.port2, engine: channels.engineKeys.port2 }],
    net: [net, { main: channels.mainNet.port2, engine: channels.engineNet.port2 }],
  };
  const plans = grantsOf(libraries, options.directory).flatMap(({ role, grants }): RolePlan[] => {
    if (role === "main") return [];
    const [start, ports] = starts[role];
    return [{ name: role, url: parts.workers[role], permissions: permissionsOf(grants), start, ports }];
  });
  const links = {
    keys: new Link(channels.mainKeys.port1),
    net: new Link(channels.mainNet.port1),
    engine: new Link(channels.mainEngine.port1),
  };
  return { plans, links };
}

interface Running {
  readonly daemon: Daemon;
  readonly roles: Roles;
  readonly net: NetForMain;
  /** The data path was asked for by its name. */
  readonly asked: boolean;
}

/** Brings everything up; the error is one line for the user, absent where all has been said. */
async function start(
  options: DaemonOptions,
  libraries: FoundLibraries,
  log: Log,
  parts: DaemonParts,
  stderr: CaughtStderr,
): Promise<Result<Running, string | undefined>> {
  const loaded = await load(options);
  printDiagnostics(loaded);
  if (!loaded.ok) return fail(undefined);
  const free = await checkSocketPath(options.socket);
  if (!free.ok) return free;
  const choices = datapathChoices(options.datapath, loaded.options.datapath);
  const usable = expressible(supported(loaded, choices.map(({ datapath }) => datapath)), choices);
  if (!usable.ok) {
    const reasons = usable.diagnostics.slice(loaded.diagnostics.length).map(formatDiagnostic);
    return fail(reasons.join("\niked: error: "));
  }
  for (const text of await cryptoWarnings(loaded.configuration, libraries.libcrypto)) {
    log.write({ level: "warning", text });
  }

  const { plans, links } = plan(
    options,
    libraries,
    capableChoices(choices, loaded.uses),
    childNeeds(loaded.configuration).map(({ need }) => need),
    parts,
    stderr,
  );
  const engine = links.engine.connect<EngineForMain>(ENGINE_FOR_MAIN);
  const keys = links.keys.connect<KeysForMain>(KEYS_FOR_MAIN);
  const net = links.net.connect<NetForMain>(NET_FOR_MAIN);
  const reload = async (file = options.file) => {
    if (file === "-") return READ_ONCE;
    const { datapath } = await net.choice();
    const again = supported(await load(options, file), [datapath]);
    if (!again.ok) return again;
    const needs = childNeeds(again.configuration);
    const lack = await net.lack(needs.map(({ need }) => need));
    return lack === undefined ? again : refusedFor(again, [lackAsDiagnostic(datapath, lack, needs)]);
  };
  const daemon = new Daemon({ engine, keys, net }, log, reload);
  for (const link of [links.engine, links.net]) {
    link.serve<MainForRoles>(MAIN_FOR_ROLES, { events: (batch) => daemon.events(batch) });
  }
  const roles = await startRoles(plans, parts.watch);
  if (!roles.ok) return roles;
  // Not before role net watches over main: whoever says more than a packet waits for main to read it.
  stderr.begin();
  const tell = (text: string) => log.write({ level: "warning", text: `the runtime says: ${text}` });
  void awaitLastWords(() => stderr.reader.next(), tell).then(roles.value.blame);
  const configured = daemon.configure(loaded).then((refused) => ({ refused }));
  const outcome = await Promise.race([configured, roles.value.fault]);
  if (typeof outcome === "string") return fail(outcome);
  revokeUntilReady(grantsOf(libraries, options.directory).find(({ role }) => role === "main")!.grants);
  const refused = outcome.refused ?? daemon.listen(options.socket);
  if (refused === undefined) {
    return ok({ daemon, roles: roles.value, net, asked: choices.length === 1 });
  }
  await daemon.stop();
  return fail(refused);
}

/** How long a start that is told to stop may go on until it has something that can be stopped properly. */
const START_GRACE_MS = 2000;

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Runs until told to stop, or until main or a role fails; the exit code. */
async function run(
  options: DaemonOptions,
  libraries: FoundLibraries,
  parts: DaemonParts,
  outlets: Outlets,
): Promise<number> {
  let stop!: () => void;
  const stopped = new Promise<"stopped">((resolve) => stop = () => resolve("stopped"));
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, stop);
  const failed = new Promise<string>((resolve) => {
    onUncaught(globalThis, (fault) => resolve(`main failed: ${fault}`));
  });
  const log = new Log(options.verbose > 0);
  const started = await Promise.race([
    start(options, libraries, log, parts, outlets.stderr).catch((error) =>
      fail(`main failed: ${faultOf(error)}`)
    ),
    failed.then((fault) => fail(fault)),
    stopped.then(() => after(START_GRACE_MS)),
  ]);
  if (typeof started !== "object") return 0;
  if (!started.ok) {
    if (started.error !== undefined) writeError(`iked: error: ${started.error}`);
    return 1;
  }
  const { daemon, roles, net } = started.value;
  Deno.addSignalListener("SIGHUP", () => void daemon.reload());
  outlets.ready(log, net);
  void tellChoice(log, started.value);
  const end = await Promise.race([
    stopped,
    roles.fault.then((fault) => ({ fault })),
    failed.then((fault) => ({ fault })),
  ]);
  if (end === "stopped") {
    await daemon.stop();
    return 0;
  }
  daemon.close();
  outlets.lastLine(`error: ${printable(end.fault)}`);
  return 1;
}

/** Which data path it is: of news to those who left it to us. */
async function tellChoice(log: Log, { net, asked }: Running): Promise<void> {
  const { datapath, reason } = await net.choice();
  log.write({ level: asked ? "debug" : "info", text: `data path ${datapath}: ${reason}` });
}

/** With `-d`: all lines go to standard error. */
function foregroundOutlets(stderr: CaughtStderr): Outlets {
  redirectErrors((octets) => stderr.write(octets));
  return { stderr, ready: () => writeError(READY), lastLine: (text) => writeError(`iked: ${text}`) };
}

/** In the background: until it is ready to the command that the user started, then to syslog. */
function backgroundOutlets(libc: Libc, stderr: CaughtStderr): Outlets {
  const report = openReport(libc);
  redirectErrors(report.write);
  const syslog = new Syslog(libc);
  libc.bind("sendto");
  return {
    stderr,
    ready(log, net) {
      writeError(READY);
      report.close();
      redirectErrors(() => {});
      log.toSyslog((lines) => net.syslog(lines));
    },
    // By itself: it may be role net that failed.
    lastLine: (text) => syslog.write([{ severity: 3, text }]),
  };
}

/** Runs the daemon as the options say; the exit code. */
export async function runDaemon(options: DaemonOptions, parts: DaemonParts = PARTS): Promise<number> {
  const { foreground } = options, isChild = !foreground && isBackgroundChild();
  if (!isChild) { for (const warning of options.warnings) writeError(`iked: warning: ${warning}`); }
  if (options.configTest) return await testConfiguration(options);
  const { libc: path, libcrypto } = findLibraries();
  if (path === undefined) {
    writeError("iked: error: libc.so.6 not found in any known place: iked needs glibc");
    return 1;
  }
  const libraries = { libc: path, ...(libcrypto === undefined ? {} : { libcrypto }) };
  const missing = missingFlags(libraries);
  if (missing.length > 0) {
    writeError(`iked: error: started without permissions that it needs: run it with ${missing.join(" ")}`);
    return 1;
  }
  const libc = openLibc(path);
  readHostFilesWith(libc);
  ignoreSignals(libc);
  if (!foreground && !isChild) {
    if (options.file !== "-") return await startInBackground(libc);
    writeError("iked: error: -f - needs -d: there is no standard input in the background");
    return 1;
  }
  const stderr = new CaughtStderr(libc);
  const outlets = foreground ? foregroundOutlets(stderr) : backgroundOutlets(libc, stderr);
  return stderr.exit(await run(options, libraries, parts, outlets));
}
