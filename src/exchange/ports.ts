/**
 * What the exchanges ask of the world: the key holder, the data path, the wire, time, randomness, the log.
 * The daemon implements them over MessagePorts, tests in memory.
 */
import type { Result } from "../bytes/mod.ts";
import type { Endpoint } from "../ip/mod.ts";
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
import type { ChildInstall, ChildUsage, DatapathResult, FlowInstall } from "../datapath/types.ts";

export type {
  ChildInstall,
  ChildUsage,
  DatapathError,
  DatapathEvent,
  DatapathResult,
  FlowInstall,
  SaInstall,
} from "../datapath/types.ts";

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

/** IPsec, in this process or in the kernel. What it does not know (any more) it passes over. */
export interface Datapath {
  /** Replaces all flows by these. */
  setFlows(flows: readonly FlowInstall[]): Promise<DatapathResult>;
  install(child: ChildInstall): Promise<DatapathResult>;
  /** Outgoing packets take this pair from now on. */
  activate(id: number): void;
  /** New outer endpoints of these pairs (NAT floating). */
  move(ids: readonly number[], local: Endpoint, remote: Endpoint, udpEncap: boolean): void;
  remove(ids: readonly number[]): Promise<void>;
  usage(ids: readonly number[]): Promise<readonly ChildUsage[]>;
}

/** Time as the engine sees it. */
export interface Clock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Milliseconds since 1970, for people. */
  wall(): number;
}
