/**
 * What comes out of the engine for people: events and the snapshot that `show sa` prints (contracts.md).
 * Values only: they cross a MessagePort.
 */

/** Log levels, from the least to the most urgent. */
export type LogLevel = "debug" | "info" | "notice" | "warning" | "error";

/** Why a negotiation failed: one line of the log (contracts.md). `docs/reasons.md` explains each code. */
export interface FailureReport {
  readonly code: string;
  /** Absent where none was found yet. */
  readonly policy?: string;
  readonly peer: string;
  readonly wanted: string;
  readonly got: string;
  readonly fix: string;
}

export type EngineEvent =
  | {
    readonly kind: "ike-up" | "ike-down" | "ike-rekeyed";
    readonly policy: string;
    readonly peer: string;
    readonly reason?: string;
    readonly id: number;
  }
  | {
    readonly kind: "child-up" | "child-down" | "child-rekeyed";
    readonly policy: string;
    readonly peer: string;
    readonly reason?: string;
    readonly text?: string;
  }
  | { readonly kind: "failed"; readonly report: FailureReport }
  | {
    readonly kind: "log";
    readonly level: LogLevel;
    readonly text: string;
    readonly peer?: string;
    readonly policy?: string;
  };

/** One Child SA of `show sa`; SPIs as 8 hex digits, names are IANA's. */
export interface ChildSnapshot {
  readonly state: "installed" | "rekeying" | "deleting";
  readonly protocol: "ESP" | "AH";
  readonly mode: "tunnel" | "transport";
  readonly encap: "udp" | "none";
  readonly spiIn: string;
  readonly spiOut: string;
  readonly encr: string;
  readonly keyLength: number | null;
  readonly integ: string | null;
  readonly esn: boolean;
  /** IANA's name of the transform; null: packets are not compressed. */
  readonly ipcomp: string | null;
  /** With its variables expanded, and the mark that stands for it (`0x0000002a`); null: packets bear none. */
  readonly tag: string | null;
  readonly mark: string | null;
  /** `10.1.0.0/16` or `10.1.0.0/16[tcp/23]`. */
  readonly tsLocal: readonly string[];
  readonly tsRemote: readonly string[];
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
}

export interface EndpointSnapshot {
  readonly address: string;
  readonly port: number;
  readonly id: string | null;
}

/** One IKE SA of `show sa`; SPIs as 16 hex digits, times RFC 3339, names IANA's. */
export interface IkeSnapshot {
  readonly id: number;
  readonly policy: string;
  readonly role: "initiator" | "responder";
  readonly state: "connecting" | "established" | "rekeying" | "deleting";
  readonly spiI: string;
  readonly spiR: string;
  readonly local: EndpointSnapshot;
  readonly peer: EndpointSnapshot;
  readonly nat: "none" | "local" | "remote" | "both";
  readonly encr: string | null;
  readonly keyLength: number | null;
  readonly prf: string | null;
  readonly integ: string | null;
  readonly ke: string | null;
  readonly establishedAt: string | null;
  readonly children: readonly ChildSnapshot[];
}
