/**
 * Who asks whom for what: the interfaces on the ports between the roles, their tables for `Link`, and the options
 * that each role starts with. Values only.
 */
import type { Result, SecretRef } from "../../src/bytes/mod.ts";
import type { ChildNeed } from "../../src/datapath/need.ts";
import type { Endpoint } from "../../src/ip/mod.ts";
import type { ReloadPlan, ReloadSummary } from "../../src/engine/reload/types.ts";
import type { EngineEvent, IkeSnapshot } from "../../src/engine/types.ts";
import type { Datagram, Datapath, DatapathEvent, Keys } from "../../src/exchange/ports.ts";
import type { EngineConfiguration, Policy } from "../../src/policy/types.ts";
import type { Choice } from "./datapath_choice.ts";
import type { MethodTable } from "./rpc.ts";

/** The roles beside main. */
export type RoleName = "engine" | "keys" | "net";

/** Data paths that are there. */
export type DatapathName = "userland" | "xfrm" | "pfkey" | "none";

/** Options of `keys_worker.ts`; its ports are `main` and `engine`. */
export interface KeysStart {
  /** Full path of libcrypto; absent: `portable`. */
  readonly libcrypto?: string;
}

/** What role net needs to watch over main. */
export interface MainWatchPlan {
  /** Descriptor that what the runtime says on standard error is read from. */
  readonly words: number;
  /** Descriptor that lines for the user go to; absent: they go to syslog. */
  readonly out?: number;
  /** The control socket, which does not outlive the daemon. */
  readonly socket: string;
  readonly pingIntervalMs: number;
  /** Main, once it has not pinged for so long, is gone. */
  readonly silenceMs: number;
}

/** Options of `net_worker.ts`; its ports are `main` and `engine`. */
export interface NetStart {
  /** Absent: it is started by something that pings nobody. */
  readonly main?: MainWatchPlan;
  readonly libc: string;
  readonly libcrypto?: string;
  /** Those that may be taken, at least one: the first that works on this host is. */
  readonly datapaths: readonly Choice[];
  /** What is said behind the reasons where none of them does. */
  readonly otherwise: string;
  /** What the configuration's Child SAs need of it. */
  readonly needs: readonly ChildNeed[];
  readonly ikePort: number;
  /** Absent with `-T`: nothing is bound, no encapsulation. */
  readonly nattPort?: number;
}

/** Options of `engine_worker.ts`; its ports are `main`, `keys` and `net`. */
export interface EngineStart {
  readonly version: string;
  /** False with the data path `none`: a message to role net, which has nothing to do, costs more than all else. */
  readonly installs: boolean;
  readonly ikePort: number;
  readonly nattPort: number;
}

/** engine → keys. */
export const KEYS: MethodTable<Keys> = {
  startKe: "call",
  finishIke: "call",
  authenticate: "call",
  deriveChild: "call",
  release: "note",
};

/** A PSK, password or private key on its way to the key holder; the octets are transferred. */
export interface SecretEntry {
  readonly ref: SecretRef;
  readonly octets: Uint8Array;
}

/** main → keys. */
export interface KeysForMain {
  /** Takes these secrets beside those that are there; the name of each from now on: of the same octets the same. */
  loadSecrets(secrets: readonly SecretEntry[]): Promise<readonly SecretRef[]>;
  /** Wipes these secrets. */
  forgetSecrets(refs: readonly SecretRef[]): Promise<void>;
}
export const KEYS_FOR_MAIN: MethodTable<KeysForMain> = { loadSecrets: "call", forgetSecrets: "call" };

/** engine → net. */
export interface NetForEngine extends Datapath {
  send(datagrams: readonly Datagram[]): void;
  /** Our address that the host would send from to this peer, with the IKE port. */
  sourceFor(peer: Endpoint): Promise<Endpoint | undefined>;
}
export const NET_FOR_ENGINE: MethodTable<NetForEngine> = {
  setFlows: "call",
  install: "call",
  activate: "note",
  move: "note",
  remove: "call",
  usage: "call",
  send: "note",
  sourceFor: "call",
};

/** net → engine. */
export interface EngineForNet {
  /** A batch of IKE datagrams as they came; octets are transferred. */
  datagrams(batch: readonly Datagram[]): void;
  datapath(events: readonly DatapathEvent[]): void;
}
export const ENGINE_FOR_NET: MethodTable<EngineForNet> = { datagrams: "note", datapath: "note" };

/** One line for syslog(3); `severity` is RFC 5424's number, the facility is daemon. */
export interface SyslogLine {
  readonly severity: number;
  readonly text: string;
}

/** A need that a data path cannot meet. */
export interface DatapathLack {
  /** Which of them; 0 where there are none. */
  readonly at: number;
  /** Why, in one line. */
  readonly message: string;
}

/** main → net. */
export interface NetForMain {
  syslog(lines: readonly SyslogLine[]): void;
  /** The data path in use, and why. */
  choice(): Promise<Choice>;
  /** What of these needs the data path in use cannot meet; undefined where it meets them all. */
  lack(needs: readonly ChildNeed[]): Promise<DatapathLack | undefined>;
  /** Packets that the data path dropped since the start, by cause; only causes that there were. */
  drops(): Promise<Readonly<Record<string, number>>>;
  /** Takes the data path down: device, rules, sockets. Flows stop being steered. */
  close(): Promise<void>;
}
export const NET_FOR_MAIN: MethodTable<NetForMain> = {
  syslog: "note",
  choice: "call",
  lack: "call",
  drops: "call",
  close: "call",
};

/** main → engine. */
export interface EngineForMain {
  configure(configuration: EngineConfiguration): Promise<Result<ReloadSummary, string>>;
  /** What `configure` would do to the SAs. */
  plan(configuration: EngineConfiguration): Promise<ReloadPlan>;
  setActive(active: boolean): void;
  setPolicies(policies: readonly Policy[]): Promise<Result<ReloadSummary, string>>;
  setCoupled(coupled: boolean): Promise<Result<ReloadSummary, string>>;
  reset(what: "all" | "sa"): Promise<void>;
  shutdown(): Promise<void>;
  snapshot(): Promise<readonly IkeSnapshot[]>;
}
export const ENGINE_FOR_MAIN: MethodTable<EngineForMain> = {
  configure: "call",
  plan: "call",
  setActive: "note",
  setPolicies: "call",
  setCoupled: "call",
  reset: "call",
  shutdown: "call",
  snapshot: "call",
};

/** engine → main, net → main. */
export interface MainForRoles {
  events(batch: readonly EngineEvent[]): void;
}
export const MAIN_FOR_ROLES: MethodTable<MainForRoles> = { events: "note" };
