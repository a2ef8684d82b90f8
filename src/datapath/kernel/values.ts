/** SAs, policies and events of a kernel's IPsec as values, whatever interface they come and go by. */
import type { Endpoint, IpAddress } from "../../ip/mod.ts";
import type { KernelAlgorithms } from "./algorithms.ts";
import type { KernelSelector } from "./selector.ts";

export type IpsecProtocol = "ah" | "esp" | "ipcomp";
export type Mode = "transport" | "tunnel";
/** Which packets a policy is for; `forward` are those that came in an SA and go on. */
export type Direction = "in" | "out" | "forward";

/** XFRM_STATE_…: flags of an SA. */
export const SA_FLAG = {
  noEcn: 1,
  decapDscp: 2,
  noPathMtu: 4,
  wildcardReceive: 8,
  icmp: 16,
  /** The inner family may differ from the outer one's. */
  anyFamily: 32,
  /** AH over IPv4 is padded to 32 bits (RFC 4302 §3.3.3.2.1); without it Linux pads to 64. */
  align4: 64,
  esn: 128,
} as const;

/** When the kernel says `soft` or `hard`. Absent or 0 is no limit. */
export interface Limits {
  /** Octets of whole packets, as the kernel counts them. */
  readonly softOctets?: bigint;
  readonly hardOctets?: bigint;
  readonly softPackets?: bigint;
  readonly hardPackets?: bigint;
  /** Seconds since the entry was made. */
  readonly softSeconds?: bigint;
  readonly hardSeconds?: bigint;
  /** Seconds since its first use. */
  readonly softUseSeconds?: bigint;
  readonly hardUseSeconds?: bigint;
}

/** What an entry has seen. Times are seconds since 1970; 0 is never. */
export interface Usage {
  readonly octets: bigint;
  readonly packets: bigint;
  readonly addedAt: bigint;
  readonly firstUsedAt: bigint;
}

/** ESP in UDP (RFC 3948): ports of the UDP header, as an SA's source and destination have them. */
export interface Encapsulation {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** The window, and where an SA stands that takes over from another one. */
export interface Replay {
  /** Packets, 0 is no check. With `esn` the kernel wants at least 1. */
  readonly window: number;
  readonly esn: boolean;
  /** The last sequence number sent and the highest received, with their high halves. */
  readonly sent?: bigint;
  readonly received?: bigint;
  /** The kernel's own map of what was received. */
  readonly bitmap?: Uint8Array;
}

/** What names an SA: where it ends, its protocol, its SPI. */
export interface SaName {
  readonly destination: IpAddress;
  readonly spi: number;
  readonly protocol: IpsecProtocol;
}

/** An SA, one direction. */
export interface KernelSa extends SaName {
  readonly source: IpAddress;
  readonly mode: Mode;
  /** Ties it to the templates of policies; 0 is none. */
  readonly reqid: number;
  /** SA_FLAG. */
  readonly flags: number;
  /** SA_EXTRA_FLAG. */
  readonly extraFlags?: number;
  /** The inner packets that it may carry; absent is any. Transport mode checks it for each. */
  readonly selector?: KernelSelector;
  readonly algorithms: KernelAlgorithms;
  readonly replay?: Replay;
  readonly encapsulation?: Encapsulation;
  readonly limits?: Limits;
  /** Interface of XFRM that it belongs to; absent is none. */
  readonly interfaceId?: number;
  /** Mark that packets get: those that leave on the outside for an outbound SA, those that came out of an inbound one. */
  readonly outputMark?: number;
}

/** An SA as the kernel tells of it. */
export interface KernelSaState extends KernelSa {
  readonly usage: Usage;
  /** Packets outside of the window, replayed, with a wrong ICV. */
  readonly dropped: { readonly window: number; readonly replayed: number; readonly integrity: number };
  /** Sequence of the ACQUIRE that it answers; 0 is none. */
  readonly sequence: number;
}

/** One SA that packets of a policy go through. */
export interface Template {
  /** Outer endpoints in tunnel mode; absent in transport mode, where they are the packet's own. */
  readonly source?: IpAddress;
  readonly destination?: IpAddress;
  readonly protocol: IpsecProtocol;
  readonly mode: Mode;
  /** SAs with this reqid, 0 any. */
  readonly reqid: number;
  /** Named where only this SA will do; 0 any. */
  readonly spi: number;
  /** A packet may come without it: IPComp of short packets. */
  readonly optional: boolean;
}

/** What names a policy: its selector, direction and, where there is one, XFRM interface. */
export interface PolicyName {
  readonly selector: KernelSelector;
  readonly direction: Direction;
  readonly interfaceId?: number;
}

export interface KernelPolicy extends PolicyName {
  /** `protect` wants the templates' SAs (none: passes in clear), `block` drops. */
  readonly action: "protect" | "block";
  /** The lowest one wins. */
  readonly priority: number;
  readonly templates: readonly Template[];
}

/** A policy as the kernel tells of it. */
export interface KernelPolicyState extends KernelPolicy {
  /** The kernel's own number, which an ACQUIRE repeats. */
  readonly index: number;
  readonly usage: Usage;
}

/** A packet met a policy that has no SA yet. */
export interface Acquire {
  readonly kind: "acquire";
  /** What the SA that answers repeats. */
  readonly sequence: number;
  readonly protocol: IpsecProtocol;
  /** The outer endpoints that the template has, or the packet's own in transport mode. */
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** The packet itself; absent where the interface does not tell. */
  readonly selector?: KernelSelector;
  /** The interface that the packet was routed into. */
  readonly interfaceId?: number;
  /** The kernel's number of the policy. */
  readonly policyIndex: number;
  /** The policy's. */
  readonly priority: number;
}

/** A limit of an SA. */
export interface Expire {
  readonly kind: "expire";
  readonly sa: SaName;
  readonly reqid: number;
  /** The SA is gone. */
  readonly hard: boolean;
}

/** A limit of a policy. */
export interface PolicyExpire {
  readonly kind: "policy-expire";
  readonly selector: KernelSelector;
  readonly direction: Direction;
  readonly hard: boolean;
}

/** ESP in UDP came from another port or address: a NAT made a new mapping. */
export interface Mapping {
  readonly kind: "mapping";
  /** It comes to this host. */
  readonly sa: Pick<SaName, "spi" | "protocol">;
  readonly from: Endpoint;
  readonly to: Endpoint;
}

/** Somebody removed an SA, perhaps this daemon. */
export interface SaGone {
  readonly kind: "sa-gone";
  readonly sa: SaName;
}

/** Somebody removed a policy, perhaps this daemon. */
export interface PolicyGone {
  readonly kind: "policy-gone";
  readonly policy: PolicyName;
}

/** Somebody removed all SAs, or all of a protocol, or all policies. */
export interface Flushed {
  readonly kind: "flushed";
}

/**
 * What the kernel tells of its own accord: traffic without an SA, limits that were reached, peers that moved, what is
 * gone.
 */
export type KernelEvent = Acquire | Expire | PolicyExpire | Mapping | SaGone | PolicyGone | Flushed;
