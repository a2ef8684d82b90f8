/** The states of one Child SA, a pair of ESP or AH SAs (RFC 7296 §1.3, §2.8), as values. */
import type { EspSpi } from "../bytes/mod.ts";
import type { ChildSuite } from "../crypto/suite.ts";
import type { TrafficSelector } from "../selector/types.ts";

/** IPComp of the packets before they are protected (RFC 3173). */
export interface Ipcomp {
  /** Of the registry `IPCOMP`. */
  readonly transform: number;
  /** The CPI that we chose: compressed packets that come in carry it. */
  readonly cpiIn: number;
  /** The CPI that the peer chose: compressed packets that go out carry it. */
  readonly cpiOut: number;
}

/** What decides between two Child SAs that are to replace the same one. */
export interface Rival {
  /** Id of the one to be replaced. */
  readonly of: number;
  readonly lowerNonce: Uint8Array;
}

interface ChildCommon {
  /** Names the pair at the data path; unique in the life of the engine. */
  readonly id: number;
  readonly policy: string;
  readonly suite: ChildSuite;
  readonly mode: "tunnel" | "transport";
  /** Whether we sent the request that made it. */
  readonly initiated: boolean;
  /** The SPI that we chose: packets that come in carry it. */
  readonly spiIn: EspSpi;
  /** The SPI that the peer chose: packets that go out carry it. */
  readonly spiOut: EspSpi;
  readonly localSelectors: readonly TrafficSelector[];
  readonly remoteSelectors: readonly TrafficSelector[];
  readonly udpEncap: boolean;
  /** Absent: packets are not compressed. */
  readonly ipcomp?: Ipcomp;
  /** What the packet filter knows its packets by, as text and as the mark that stands for it. */
  readonly tag?: { readonly text: string; readonly mark: number };
  readonly createdAtMs: number;
  /** A limit of it is near: it is to be replaced, at once or by a later try. */
  readonly nearEnd?: true;
  /** The policy that it was made by has changed: another one is to be made in its place. */
  readonly outdated?: true;
  /**
   * The peer made it in place of the Child SA `of`, which a request of ours is to replace, too; the lower nonce of that
   * exchange (RFC 7296 §2.8.1). Absent once our request is answered.
   */
  readonly rival?: Rival;
  /**
   * Id of the Child SA of ours that was made at the same time and is to stay: the peer is to delete this one (§2.8.1).
   * Not every peer does; till then it is one like others.
   */
  readonly besides?: number;
  /** It is not in the data path: SAs are not coupled with it. */
  readonly decoupled?: true;
}

/** Carries traffic. */
export interface InstalledChild extends ChildCommon {
  readonly state: "installed";
}

/** Carries traffic; our request to replace it is on its way. */
export interface RekeyingChild extends ChildCommon {
  readonly state: "rekeying";
}

/** Another Child SA replaces it; it still takes packets until it is deleted. */
export interface RekeyedChild extends ChildCommon {
  readonly state: "rekeyed";
  /** Id of the Child SA that replaces it. */
  readonly replacedBy: number;
}

/** Our DELETE is on its way; it is out of the data path. */
export interface DeletingChild extends ChildCommon {
  readonly state: "deleting";
}

export type ChildSa = InstalledChild | RekeyingChild | RekeyedChild | DeletingChild;

export type ChildState = ChildSa["state"] | "closed";

/** The Child SA of this outbound SPI, as a peer's DELETE or REKEY_SA names it (RFC 7296 §1.4.1). */
export function childByOutboundSpi(
  children: Iterable<ChildSa>,
  protocol: number,
  spi: number,
): ChildSa | undefined {
  for (const child of children) if (child.suite.protocol === protocol && child.spiOut === spi) return child;
  return undefined;
}
