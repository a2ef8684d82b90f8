/**
 * What the exchanges ask of the world: the key holder, the data path, the wire, time, randomness, the log.
 * The daemon implements them over MessagePorts, tests in memory.
 */
import type { EspSpi, Result } from "../bytes/mod.ts";
import type { Endpoint, IpAddress } from "../ip/mod.ts";
import type { ChildSuite } from "../crypto/suite.ts";
import type { TrafficSelector } from "../selector/types.ts";
import type {
  Authenticate,
  AuthenticateResult,
  DeriveChild,
  DeriveChildResult,
  FinishIke,
  FinishIkeResult,
  KeHandle,
  KeysError,
  SaHandle,
} from "../auth/requests.ts";

/** The key holder. Every handle that it gave out is released exactly once; `finishIke` and `deriveChild` consume a `ke`. */
export interface Keys {
  /** A fresh private value for a key exchange method. */
  startKe(method: number): Promise<Result<{ ke: KeHandle; publicValue: Uint8Array }, KeysError>>;
  finishIke(request: FinishIke): Promise<Result<FinishIkeResult, KeysError>>;
  authenticate(request: Authenticate): Promise<Result<AuthenticateResult, KeysError>>;
  deriveChild(sa: SaHandle, request: DeriveChild): Promise<Result<DeriveChildResult, KeysError>>;
  /** Wipes what the handles name. Unknown ones are passed over. */
  release(handles: { readonly ke?: readonly KeHandle[]; readonly sa?: readonly SaHandle[] }): void;
}

/** One IKE datagram, without the non-ESP marker. */
export interface Datagram {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly data: Uint8Array;
  /** Came in, or goes out, with the non-ESP marker (RFC 3948 §2.2): the NAT-T port. */
  readonly natt: boolean;
}

/** One direction of a Child SA as the data path installs it. Key material is transferred, not kept by the engine. */
export interface SaInstall {
  readonly spi: EspSpi;
  readonly encrKey: Uint8Array;
  readonly integKey: Uint8Array;
}

/** A Child SA, both directions. */
export interface ChildInstall {
  /** Names the pair from now on; unique in the life of the engine. */
  readonly id: number;
  readonly policy: string;
  readonly suite: ChildSuite;
  readonly mode: "tunnel" | "transport";
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** ESP in UDP (RFC 3948); else IP protocol 50. */
  readonly udpEncap: boolean;
  /** We are behind NAT: send keepalives (RFC 3948 §4). */
  readonly keepalive: boolean;
  /** The peer is behind NAT: follow its address and port when they change (RFC 7296 §2.23). */
  readonly followPeer: boolean;
  /** Packets that the anti-replay window holds; 0 is off. */
  readonly replayWindow: number;
  /**
   * Inner octets, both directions together, after which the pair is spent; absent is no limit. `expired` says `soft`
   * at seven eighths, `hard` at the end.
   */
  readonly lifetimeOctets?: number;
  readonly inbound: SaInstall;
  readonly outbound: SaInstall;
  readonly localSelectors: readonly TrafficSelector[];
  readonly remoteSelectors: readonly TrafficSelector[];
  /**
   * `now`: outgoing packets take this pair at once. `when-used`: only after the peer used its inbound half, or
   * `activate` (a responder of a rekey, RFC 7296 §2.8).
   */
  readonly outboundFrom: "now" | "when-used";
}

/** Counters of one Child SA; inner octets and packets that passed all checks. */
export interface ChildUsage {
  readonly id: number;
  readonly octetsIn: number;
  readonly octetsOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  /** Monotonic time of the last good packet from the peer; undefined where there was none. */
  readonly lastInMs?: number;
}

/** Flows of a policy that are to be protected: without an SA their packets are held back, never sent in clear. */
export interface FlowInstall {
  readonly policy: string;
  readonly local: TrafficSelector;
  readonly remote: TrafficSelector;
}

/** Why the data path refused. `message` is one line for the log. */
export interface DatapathError {
  readonly code: "unsupported" | "spi-in-use" | "failed";
  readonly message: string;
}

export interface Datapath {
  /** Replaces all flows by these. */
  setFlows(flows: readonly FlowInstall[]): Promise<Result<void, DatapathError>>;
  install(child: ChildInstall): Promise<Result<void, DatapathError>>;
  /** Outgoing packets take this pair from now on. */
  activate(id: number): void;
  /** New outer endpoints of these pairs (NAT floating). */
  move(ids: readonly number[], local: Endpoint, remote: Endpoint, udpEncap: boolean): void;
  remove(ids: readonly number[]): Promise<void>;
  usage(ids: readonly number[]): Promise<readonly ChildUsage[]>;
}

/** What the data path reports of its own accord. */
export type DatapathEvent =
  /** A packet matched a flow that has no SA. */
  | {
    readonly kind: "acquire";
    readonly policy: string;
    readonly source: IpAddress;
    readonly destination: IpAddress;
  }
  /** An authentic packet came from elsewhere: the peer's NAT gave it a new address or port. */
  | { readonly kind: "moved"; readonly id: number; readonly remote: Endpoint }
  /** A limit of octets or sequence numbers is near (`soft`) or reached (`hard`). */
  | { readonly kind: "expired"; readonly id: number; readonly limit: "soft" | "hard" };

/** Time as the engine sees it. */
export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Milliseconds since 1970, for people. */
  wall(): number;
}
