/** The running daemon, as main sees it: it answers the control socket, reloads, passes on events, stops. */
import {
  type ControlRequest,
  type DatapathState,
  type LogLine,
  logLineOf,
  type MonitorEvent,
  monitorEventOf,
  type SaList,
} from "../../src/control/mod.ts";
import type { SecretRef } from "../../src/bytes/mod.ts";
import type { Compiled, Diagnostic } from "../../src/config/mod.ts";
import type { EngineEvent } from "../../src/engine/types.ts";
import type { LoadedConfiguration } from "../config/mod.ts";
import { ControlServer } from "./control.ts";
import type { Choice } from "./datapath_choice.ts";
import type { Log } from "./log.ts";
import type { EngineForMain, KeysForMain, NetForMain } from "./ports.ts";
import { transfer } from "./rpc.ts";

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
  #control: ControlServer | undefined;
  #secrets: readonly SecretRef[] = [];
  #reloading: Promise<void> = Promise.resolve();

  constructor(
    private readonly links: Links,
    private readonly log: Log,
    private readonly choice: Choice,
    private readonly load: () => Promise<LoadedConfiguration>,
  ) {}

  /** Logs events of the roles and passes them on to monitors. */
  events(batch: readonly EngineEvent[]): void {
    this.log.write(...batch.map(logLineOf));
    const time = new Date().toISOString();
    for (const event of batch) this.#control?.broadcast(monitorEventOf(event, time));
  }

  /** Gives the secrets to role keys, the policies to role engine; nothing is kept here but the secrets' names. */
  async configure({ configuration, secrets }: Pick<Compiled, "configuration" | "secrets">): Promise<void> {
    const refs = secrets.map(({ ref }) => ref);
    await this.links.keys.loadSecrets(transfer([...secrets], secrets.map(({ octets }) => octets)));
    await this.links.engine.configure(configuration);
    const gone = this.#secrets.filter((ref) => !refs.includes(ref));
    this.#secrets = refs;
    if (gone.length > 0) await this.links.keys.forgetSecrets(gone);
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
        return { version: 1, ...this.choice, drops: await this.links.net.drops() } satisfies DatapathState;
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
    }
    return { version: 1 };
  }

  /** Reads the configuration again. It is taken as a whole, or nothing changes. */
  reload(): Promise<void> {
    return this.#reloading = this.#reloading.then(() => this.#reload());
  }

  async #reload(): Promise<void> {
    const loaded = await this.load();
    const said = loaded.diagnostics.map(logLineOfDiagnostic);
    if (!loaded.ok) return this.#tell(...said, { level: "error", text: "reload refused, nothing changed" });
    await this.configure(loaded);
    this.#tell(...said, { level: "notice", text: "configuration reloaded" });
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
    this.#control?.close();
    this.#control = undefined;
  }

  /** Deletes the SAs at every peer, then takes the data path down; within the 5 s of the contract. */
  async stop(): Promise<void> {
    this.close();
    await within(SHUTDOWN_MS, this.links.engine.shutdown());
    await within(CLOSE_MS, this.links.net.close());
  }
}
