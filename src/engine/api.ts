/**
 * The face of the engine towards whoever drives it: the daemon's worker, a test with simulated time, a fuzzer.
 *
 * Four kinds of calls: input from outside (`handle…`), time (`nextTimeout`, `handleTimeout`), commands (`configure`,
 * `setActive`, `reset`, `shutdown`), getters (`snapshot`). Output goes through the ports given at creation.
 * Nothing here throws because of what a peer sent.
 */
import type { Result } from "../bytes/mod.ts";
import type { CryptoProvider, Random } from "../crypto/provider.ts";
import type { Endpoint } from "../ip/mod.ts";
import type { EngineConfiguration, Policy } from "../policy/types.ts";
import type { Timing } from "../exchange/context.ts";
import type { Clock, Datagram, Datapath, DatapathEvent, Keys } from "../exchange/ports.ts";
import type { Limits } from "./options.ts";
import type { ReloadPlan, ReloadSummary } from "./reload/types.ts";
import type { EngineEvent, IkeSnapshot } from "./types.ts";

export interface EngineOptions {
  readonly keys: Keys;
  readonly datapath: Datapath;
  readonly clock: Clock;
  readonly random: Random;
  /** Sends datagrams; nothing is known of their fate. Called with all that one input produced. */
  readonly send: (datagrams: readonly Datagram[]) => void;
  readonly emit: (event: EngineEvent) => void;
  /** Called when `nextTimeout` became earlier outside of `handle…` calls (an awaited answer set a timer). */
  readonly wake: () => void;
  /** Our addresses that a policy without `local` may send from, as the host routes to a peer. */
  readonly sourceFor: (peer: Endpoint) => Promise<Endpoint | undefined>;
  readonly version: string;
  /** Ciphers and MACs of packets; `portable` where absent. */
  readonly crypto?: CryptoProvider;
  /** UDP ports: our own, and the peer's that we send to first; 500 and 4500 where absent. */
  readonly ports?: { readonly ike: number; readonly natt: number };
  /** In place of `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits>;
  /** In place of `DEFAULT_TIMING`. */
  readonly timing?: Partial<Timing>;
}

export interface Engine {
  /**
   * Takes a configuration in place of the one before; SAs of policies that say the same are not touched. On a failure,
   * which the error says in words, nothing has changed. Several at once are taken one after the other.
   */
  configure(configuration: EngineConfiguration): Promise<Result<ReloadSummary, string>>;
  /** What `configure` would do to the SAs that are there now. */
  plan(configuration: EngineConfiguration): ReloadPlan;
  handleDatagrams(batch: readonly Datagram[]): void;
  handleDatapath(event: DatapathEvent): void;
  /** Monotonic milliseconds at which `handleTimeout` wants to be called; undefined: never. */
  nextTimeout(): number | undefined;
  handleTimeout(now: number): void;
  /** `active`/`passive` of ikectl(8). */
  setActive(active: boolean): void;
  /** Other policies, all else as it is now: names in them have other addresses. */
  setPolicies(policies: readonly Policy[]): Promise<Result<ReloadSummary, string>>;
  /** `couple`/`decouple` of ikectl(8): as a configuration that says so. */
  setCoupled(coupled: boolean): Promise<Result<ReloadSummary, string>>;
  /** Deletes SAs at the peers and here; `all` forgets half-open ones and cookies too. Resolves when the answers came or time is out. */
  reset(what: "all" | "sa"): Promise<void>;
  /** Deletes at every peer, cleans the data path; resolves within 3 s of its clock. */
  shutdown(): Promise<void>;
  snapshot(): Promise<readonly IkeSnapshot[]>;
  /** Work in progress: messages whose handlers still wait for keys or data path. A driver of simulated time drains it. */
  pending(): number;
}
