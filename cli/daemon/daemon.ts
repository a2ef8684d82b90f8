/** The running daemon, as main sees it: it answers the control socket, reloads, passes on events, stops. */
import {
  type ControlRequest,
  type DatapathState,
  type LogLine,
  logLineOf,
  type MonitorEvent,
  monitorEventOf,
  type ReloadAnswer,
  type SaList,
  summaryText,
  type ToldDiagnostic,
} from "../../src/control/mod.ts";
import { type Diagnostic, formatDiagnostic } from "../../src/config/mod.ts";
import type { EngineEvent } from "../../src/engine/types.ts";
import { NameWatch } from "../../src/policy/name_watch.ts";
import type { LoadedConfiguration, Named } from "../config/mod.ts";
import { resolveNames } from "../config/names.ts";
import { Configurator, type Loaded } from "./configurator.ts";
import { ControlServer, Refusal } from "./control.ts";
import type { Log } from "./log.ts";
import { NameWatcher } from "./name_watcher.ts";
import type { EngineForMain, KeysForMain, NetForMain } from "./ports.ts";

/** The roles, as main talks to them. */
export interface Links {
  readonly engine: EngineForMain;
  readonly keys: KeysForMain;
  readonly net: NetForMain;
}

/** Longest wait for the peers' answers to our DELETEs, and for the data path to be taken down; 5 s are the contract. */
const SHUTDOWN_MS = 3300, CLOSE_MS = 1000;

/** What is wrong in the configuration, on one line of the log. */
export function logLineOfDiagnostic({ severity, code, message, where, suggestion }: Diagnostic): LogLine {
  const place = where === undefined ? "" : `${where.file}:${where.line}:${where.column}: `;
  const number = code === undefined ? "" : ` [${code}]`;
  const hint = suggestion === undefined ? "" : `: did you mean "${suggestion}"?`;
  return { level: severity, text: `${place}${message}${number}${hint}` };
}

function told(diagnostic: Diagnostic): ToldDiagnostic {
  const { excerpt: _shown, ...rest } = diagnostic;
  return { ...rest, text: formatDiagnostic(diagnostic) };
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof Refusal)) throw error;
}

/** What `reload` and `load` ask for: another file than the daemon's own, only the plan. */
interface ReloadRequest {
  readonly file?: string;
  readonly plan: boolean;
}

const REFUSED = "reload refused, nothing changed";
const ENDING = "iked is about to end";
/** Longest wait for names that are looked up again. */
const LOOK_UP_MS = 5000;

/** Resolves with the promise, or after so many milliseconds; never rejects. */
function within(ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    promise.catch(() => {}).finally(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

export class Daemon {
  readonly #configurator: Configurator;
  readonly #names: NameWatcher;
  #named: Named | undefined;
  /** The host names that each policy, by its name, talks to. */
  #hostsOf: ReadonlyMap<string, readonly string[]> = new Map();
  #control: ControlServer | undefined;
  #working: Promise<unknown> = Promise.resolve();
  #signalled = false;
  #stopping = false;

  /** `load` reads this file, or the daemon's own. */
  constructor(
    private readonly links: Links,
    private readonly log: Log,
    private readonly load: (file?: string) => Promise<LoadedConfiguration>,
  ) {
    this.#configurator = new Configurator(links);
    this.#names = new NameWatcher(new NameWatch(), (names) => resolveNames(names, LOOK_UP_MS), {
      moved: () => void this.#inTurn(() => this.#moveNames()).catch(ignoreRefusal),
      lost: (name) =>
        this.log.write({ level: "warning", text: `"${name}" has no address now; what it had stays in use` }),
    });
  }

  /** Logs events of the roles and passes them on to monitors. */
  events(batch: readonly EngineEvent[]): void {
    this.log.write(...batch.map(logLineOf));
    const time = new Date().toISOString();
    for (const event of batch) {
      this.#control?.broadcast(monitorEventOf(event, time));
      if (event.kind === "failed") this.#hurry(event.report.policy);
      else if (event.kind === "ike-down") this.#hurry(event.policy);
    }
  }

  /** Where a peer is not to be reached, its name may have another address by now. */
  #hurry(policy: string | undefined): void {
    for (const name of this.#hostsOf.get(policy ?? "") ?? []) this.#names.hurry(name);
  }

  /** The first configuration: the error, if there is one. */
  async configure(loaded: Loaded & Named): Promise<string | undefined> {
    const done = await this.#configurator.take(loaded);
    if (!done.ok) return done.error;
    this.#follow(loaded);
    return undefined;
  }

  /** Names of this configuration are looked up from now on. */
  #follow(loaded: Loaded & Named): void {
    this.#named = loaded.names.size > 0 ? loaded : undefined;
    this.#hostsOf = new Map(
      loaded.configuration.policies.map(({ name, local, peer }) => [
        name,
        [local, peer].flatMap((host) => host.kind === "name" ? [host.name] : []),
      ]),
    );
    this.#names.watch(loaded.names);
  }

  /** Names have other addresses: policies move there. */
  async #moveNames(): Promise<void> {
    const configuration = this.#named?.withAddresses(this.#names.addresses());
    const done = configuration && await this.#configurator.setPolicies(configuration);
    if (done?.ok) return this.#tell({ level: "notice", text: `names moved, ${summaryText(done.value)}` });
    const text = "names moved to addresses that do not fit the configuration: nothing changed";
    this.#tell({ level: "warning", text: done === undefined ? text : `${text}: ${done.error}` });
  }

  /** Opens the control socket; the error is one line. */
  listen(path: string): string | undefined {
    const opened = ControlServer.open(path, (request) => this.#handle(request));
    if (!opened.ok) return opened.error;
    this.#control = opened.value;
    return undefined;
  }

  async #handle(request: ControlRequest): Promise<unknown> {
    switch (request.method) {
      case "show.sa":
        return { version: 1, ikeSas: await this.links.engine.snapshot() } satisfies SaList;
      case "show.datapath":
        return {
          version: 1,
          ...await this.links.net.choice(),
          drops: await this.links.net.drops(),
        } satisfies DatapathState;
      case "monitor":
        break;
      case "reset":
        await this.links.engine.reset(request.params.what);
        break;
      case "log":
        this.log.verbose = request.params.level === "verbose";
        break;
      case "mode":
        this.links.engine.setActive(request.params.active);
        break;
      case "couple":
        await this.#couple(request.params.coupled);
        break;
      case "reload":
      case "load":
        return await this.#inTurn(() => this.#reload(request.params));
    }
    return { version: 1 };
  }

  /** SIGHUP: reads the configuration again. Those that come before it was read are one. */
  async reload(): Promise<void> {
    if (this.#signalled || this.#stopping) return;
    this.#signalled = true;
    const asked = this.#inTurn(() => {
      this.#signalled = false;
      return this.#reload({ plan: false });
    });
    // What is wrong is in the log.
    await asked.catch(ignoreRefusal);
  }

  /** Configurations are taken one after the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#working.then(() => {
      if (this.#stopping) throw new Refusal(ENDING);
      return work();
    });
    this.#working = done.catch(() => {});
    return done;
  }

  async #couple(coupled: boolean): Promise<void> {
    const done = await this.#inTurn(() => this.links.engine.setCoupled(coupled));
    if (!done.ok) throw new Refusal(done.error);
  }

  /** Everything is read and checked first: a configuration is taken as a whole, or nothing changes. */
  async #reload({ file, plan }: ReloadRequest): Promise<ReloadAnswer> {
    const loaded = await this.load(file);
    const said = loaded.diagnostics.map(logLineOfDiagnostic), diagnostics = loaded.diagnostics.map(told);
    if (!loaded.ok) {
      if (!plan) this.#tell(...said, { level: "error", text: REFUSED });
      throw new Refusal(REFUSED, { diagnostics });
    }
    if (plan) return { version: 1, plan: await this.#configurator.plan(loaded), diagnostics };
    const done = await this.#configurator.take(loaded);
    if (!done.ok) {
      this.#tell(...said, { level: "error", text: `${REFUSED}: ${done.error}` });
      throw new Refusal(`${REFUSED}: ${done.error}`);
    }
    this.#follow(loaded);
    this.#tell(...said, { level: "notice", text: `configuration reloaded, ${summaryText(done.value)}` });
    return { version: 1, summary: done.value, diagnostics };
  }

  /** Logs lines about the configuration; the last of them is the monitors' event. */
  #tell(...lines: readonly LogLine[]): void {
    this.log.write(...lines);
    const time = new Date().toISOString(), text = lines.at(-1)!.text;
    this.#control?.broadcast(
      { time, event: "config", policy: null, peer: null, text } satisfies MonitorEvent,
    );
  }

  /** Takes the control socket away. */
  close(): void {
    this.#names.close();
    this.#control?.close();
    this.#control = undefined;
  }

  /** Deletes the SAs at every peer, then takes the data path down; within the 5 s of the contract. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.close();
    await within(SHUTDOWN_MS, this.links.engine.shutdown());
    await within(CLOSE_MS, this.links.net.close());
  }
}
