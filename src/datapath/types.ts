/** What IPsec is asked for, as values; the exchanges' port (`exchange/ports.ts`) speaks in these, too. */
import type { EspSpi, Result } from "../bytes/mod.ts";
import type { Endpoint, IpAddress, Prefix } from "../ip/mod.ts";
import type { ChildSuite } from "../crypto/suite.ts";
import type { TrafficSelector } from "../selector/types.ts";

/** One direction of a Child SA. Key material is transferred, not kept by the engine. */
export interface SaInstall {
  readonly spi: EspSpi;
  /** Cipher key with its salt, as KEYMAT gives them; wiped once installed. */
  readonly encrKey: Uint8Array;
  readonly integKey: Uint8Array;
}

/** Where the packets of a route-based tunnel come by: an XFRM interface (`iface` of iked.conf(5)). */
export interface TunnelInterface {
  readonly iface?: string;
  /** The kernel's number of it, which the net role adds. */
  readonly interfaceId?: number;
}

/** A Child SA, both directions. */
export interface ChildInstall extends TunnelInterface {
  /** Names the pair from now on; unique in the life of the engine. */
  readonly id: number;
  readonly policy: string;
  readonly suite: ChildSuite;
  readonly mode: "tunnel" | "transport";
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** ESP in UDP (RFC 3948); else IP protocol 50. */
  readonly udpEncap: boolean;
  /** Packets are compressed before they are protected (RFC 3173): transform of the registry `IPCOMP`, and the CPIs. */
  readonly ipcomp?: {
    readonly transform: number;
    readonly inboundCpi: number;
    readonly outboundCpi: number;
  };
  /** Mark of packets that came out of it, and of those that leave on the outside; not 0. */
  readonly mark?: number;
  /** We are behind NAT: send keepalives (RFC 3948 §4). */
  readonly keepalive: boolean;
  /** The peer is behind NAT: tell when its address or port change (RFC 7296 §2.23). */
  readonly followPeer: boolean;
  /** Packets that the anti-replay window holds; 0 is off. */
  readonly replayWindow: number;
  /**
   * Inner octets in either direction after which the pair is spent (RFC 4301 §4.4.2.1: each SA counts by itself); absent
   * is no limit. `expired` says `soft` between three quarters and seven eighths, at random, `hard` at the end. Where the
   * kernel compresses (IPComp), it counts what it has compressed.
   */
  readonly lifetimeOctets?: number;
  readonly inbound: SaInstall;
  readonly outbound: SaInstall;
  readonly localSelectors: readonly TrafficSelector[];
  readonly remoteSelectors: readonly TrafficSelector[];
  /**
   * `now`: outgoing packets take this pair at once. `when-used`: only after the peer used its inbound half, or
   * `activate` (a responder of a rekey, RFC 7296 §2.8). `never`: it only receives, for it is about to be deleted (§2.8.1).
   */
  readonly outboundFrom: "now" | "when-used" | "never";
}

/** Counters of one Child SA: inner octets, as `lifetimeOctets` counts them, and packets that passed all checks. */
export interface ChildUsage {
  readonly id: number;
  readonly octetsIn: number;
  readonly octetsOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  /** Monotonic time of the last authentic packet from the peer; absent where there was none. */
  readonly lastInMs?: number;
}

/**
 * One flow of a policy, to be protected: without an SA its packets are held back, never sent in clear. The order of flows
 * is their precedence: the first that matches a packet decides.
 */
export interface FlowInstall extends TunnelInterface {
  readonly policy: string;
  readonly local: TrafficSelector;
  readonly remote: TrafficSelector;
  /** Where packets come from that the packet filter gives an address of `local` (source NAT, iked.conf(5)). */
  readonly sourceNat?: Prefix;
  /** Absent: ESP, tunnel mode. */
  readonly protocol?: "esp" | "ah";
  readonly mode?: "tunnel" | "transport";
  /** Where the SA would go, where that is one address: a kernel asks for an SA only between addresses that it is told. */
  readonly outer?: { readonly local?: IpAddress; readonly remote: IpAddress };
}

/** Why the data path refused. `message` is one line for the log. */
export interface DatapathError {
  readonly code: "unsupported" | "spi-in-use" | "failed";
  readonly message: string;
}

/** What the data path reports of its own accord. */
export type DatapathEvent =
  /** A packet matched a flow that has no SA. */
  | {
    readonly kind: "acquire";
    readonly policy: string;
    /** The packet's; absent where the kernel does not tell. */
    readonly source?: IpAddress;
    readonly destination?: IpAddress;
  }
  /** An authentic packet came from elsewhere: the peer's NAT gave it a new address or port. */
  | { readonly kind: "moved"; readonly id: number; readonly remote: Endpoint }
  /** A limit of octets or sequence numbers is near (`soft`) or reached (`hard`), or the pair is lost (`hard`). */
  | { readonly kind: "expired"; readonly id: number; readonly limit: "soft" | "hard" }
  /** Somebody else removed an SA of the pair. Told again, now and then, as long as the pair is asked for. */
  | { readonly kind: "vanished"; readonly id: number }
  /** What else the data path found, and what it does: a line for the log. */
  | { readonly kind: "noticed"; readonly text: string };

/** The outcome of an order to the data path. */
export type DatapathResult = Result<void, DatapathError>;
