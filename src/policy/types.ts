/** A policy as iked.conf(5) states it, compiled: what the engine works from. Values only: it crosses a MessagePort. */
import type { SecretRef } from "../bytes/mod.ts";
import type { Family, IpAddress, Prefix } from "../ip/mod.ts";
import type { Proposal } from "../proposal/types.ts";
import type { TrafficSelector } from "../selector/types.ts";

/** Where in a configuration file something stands; line and column count from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Which addresses an endpoint of a policy may have. */
export type HostSpec =
  | { readonly kind: "any" }
  | { readonly kind: "network"; readonly prefix: Prefix }
  /** A name and the addresses that it has now (perhaps none). */
  | { readonly kind: "name"; readonly name: string; readonly addresses: readonly IpAddress[] };

/** An identity: ID type of RFC 7296 §3.5 and the data of the payload. */
export interface Identity {
  readonly type: number;
  readonly data: Uint8Array;
}

/** One flow: what we protect on our side and on the peer's. */
export interface Flow {
  readonly local: TrafficSelector;
  readonly remote: TrafficSelector;
  /** The true source behind `local` (outgoing NAT, iked.conf(5)). */
  readonly sourceNat?: Prefix;
  readonly where?: SourcePlace;
}

/** How the two ends prove who they are. */
export type AuthSpec = { readonly method: "psk"; readonly secret: SecretRef };

/** Life of a Child SA: 0 is for ever. */
export interface ChildLifetime {
  readonly ms: number;
  readonly octets: number;
}

export interface Policy {
  readonly name: string;
  readonly where?: SourcePlace;
  /** Order of evaluation: the last match wins unless one is `quick`; `skip` takes no incoming peer; `default` is the fallback. */
  readonly evaluation: "normal" | "quick" | "skip" | "default";
  readonly mode: "active" | "passive";
  readonly encapsulation: "esp" | "ah";
  readonly tunnelMode: "tunnel" | "transport";
  /** UDP encapsulation even without NAT. */
  readonly forceNatt: boolean;
  readonly family?: Family;
  readonly flows: readonly Flow[];
  readonly local: HostSpec;
  readonly peer: HostSpec;
  readonly ikeProposals: readonly Proposal[];
  readonly childProposals: readonly Proposal[];
  readonly localId: Identity;
  /** Whom we expect; any identity where absent. */
  readonly peerId?: Identity;
  /** 0: the IKE SA is not rekeyed by us. */
  readonly ikeLifetimeMs: number;
  readonly childLifetime: ChildLifetime;
  readonly auth: AuthSpec;
}

/** The `set …` statements and options that concern the engine. */
export interface Globals {
  /** `set active` or `set passive` (iked.conf(5)): passive sends nothing of its own accord. */
  readonly active: boolean;
  /** `set couple`: SAs go into the data path. */
  readonly couple: boolean;
  /** 0: no liveness probes of our own. */
  readonly dpdIntervalMs: number;
  readonly enforceSingleIkeSa: boolean;
  readonly vendorId: boolean;
  /** `off` is option -T, `force` is -t or -p. */
  readonly natt: "on" | "off" | "force";
}

/** All that the engine is configured with. */
export interface EngineConfiguration {
  readonly globals: Globals;
  readonly policies: readonly Policy[];
}
