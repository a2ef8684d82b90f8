/**
 * What IPsec is asked for, as values: the same shapes as the exchanges' port (`exchange/ports.ts`), which this room
 * may not import. A test holds the two equal.
 */
import type { EspSpi, Result } from "../bytes/mod.ts";
import type { Endpoint, IpAddress } from "../ip/mod.ts";
import type { ChildSuite } from "../crypto/suite.ts";
import type { TrafficSelector } from "../selector/types.ts";

/** One direction of a Child SA. */
export interface SaInstall {
  readonly spi: EspSpi;
  /** Cipher key with its salt, as KEYMAT gives them; wiped once installed. */
  readonly encrKey: Uint8Array;
  readonly integKey: Uint8Array;
}

/** A Child SA, both directions. */
export interface ChildInstall {
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
  /** The peer is behind NAT: tell when its address or port change (RFC 7296 §2.23). */
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
  readonly outboundFrom: "now" | "when-used";
}

/** Counters of one Child SA; inner octets and packets that passed all checks. */
export interface ChildUsage {
  readonly id: number;
  readonly octetsIn: number;
  readonly octetsOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  /** Monotonic time of the last authentic packet from the peer; absent where there was none. */
  readonly lastInMs?: number;
}

/** One flow of a policy. The order of flows is their precedence: the first that matches a packet decides. */
export interface FlowInstall {
  readonly policy: string;
  readonly local: TrafficSelector;
  readonly remote: TrafficSelector;
}

/** Why the data path refused. */
export interface DatapathError {
  readonly code: "unsupported" | "spi-in-use" | "failed";
  readonly message: string;
}

/** What the data path reports of its own accord. */
export type DatapathEvent =
  | {
    readonly kind: "acquire";
    readonly policy: string;
    readonly source: IpAddress;
    readonly destination: IpAddress;
  }
  | { readonly kind: "moved"; readonly id: number; readonly remote: Endpoint }
  | { readonly kind: "expired"; readonly id: number; readonly limit: "soft" | "hard" };

/** The outcome of an order to the data path. */
export type DatapathResult = Result<void, DatapathError>;
