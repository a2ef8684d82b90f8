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
  /** The end whose address is leased (RFC 7296 §2.19): until then its selector has every address of the family. */
  readonly dynamic?: "local" | "remote" | "both";
  /** The true source behind `local` (outgoing NAT, iked.conf(5)). */
  readonly sourceNat?: Prefix;
  readonly where?: SourcePlace;
}

/** Which signatures both ends may use: any, one of RFC 7296 §3.8 and RFC 4754, or RFC 7427's alone. */
export type SignatureMethod = "any" | "rsa" | "ecdsa256" | "ecdsa384" | "ecdsa521" | "rfc7427";

/** EAP methods by which the responder authenticates the initiator (RFC 7296 §2.16); `radius` asks a server. */
export type EapMethod = "mschap-v2" | "radius";

/** How the two ends prove who they are. With EAP the responder signs. */
export type AuthSpec =
  | { readonly method: "psk"; readonly secret: SecretRef }
  | { readonly method: "signature"; readonly signature: SignatureMethod }
  | { readonly method: "eap"; readonly eap: EapMethod };

/** Attributes of configuration payloads by their names in iked.conf(5) (RFC 7296 §3.15.1). */
export type ConfigAttribute =
  | "address"
  | "netmask"
  | "name-server"
  | "netbios-server"
  | "dhcp-server"
  | "protected-subnet"
  | "access-server";

/** What we tell an initiator. An `address` shorter than the whole address is a pool. */
export interface ConfigOption {
  readonly attribute: ConfigAttribute;
  readonly prefix: Prefix;
}

/** What we ask a responder for; any value where `prefix` is absent. */
export interface ConfigRequest {
  readonly attribute: ConfigAttribute;
  readonly family: Family;
  readonly prefix?: Prefix;
}

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
  /** Compression is negotiated (RFC 7296 §2.22). */
  readonly ipcomp?: boolean;
  /** UDP encapsulation even without NAT. */
  readonly forceNatt: boolean;
  /** Family of the endpoints; the flows may be of another one. */
  readonly family?: Family;
  /** Routing domain of the unprotected traffic, 0 to 255. */
  readonly rdomain?: number;
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
  /** As responder: at most 16 together with `request`. */
  readonly config?: readonly ConfigOption[];
  /** As initiator. */
  readonly request?: readonly ConfigRequest[];
  /** Interface that gets leased addresses, routes and name servers; `secN` is a route-based tunnel. */
  readonly iface?: string;
  /** Tag of all packets, `$id`, `$eapid`, `$domain` and `$name` not yet expanded. */
  readonly tag?: string;
  /** Interface for decapsulated traffic, `encN`. */
  readonly tap?: string;
}

/** One `user` of the EAP database. */
export interface User {
  readonly name: string;
  /** The password. */
  readonly secret: SecretRef;
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
  /** IKE fragmentation (RFC 7383) is offered. */
  readonly fragmentation: boolean;
  /** A peer may move (MOBIKE, RFC 4555). */
  readonly mobike: boolean;
  /** A peer gets the pool address again that its identity had. */
  readonly stickyAddress: boolean;
  /** `off` is option -T, `force` is -t or -p. */
  readonly natt: "on" | "off" | "force";
}

/** All that the engine is configured with. */
export interface EngineConfiguration {
  readonly globals: Globals;
  readonly policies: readonly Policy[];
  readonly users?: readonly User[];
}
