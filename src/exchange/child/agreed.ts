/** What two ends agreed on for a Child SA. */
import type { EspSpi } from "../../bytes/mod.ts";
import type { ChildSuite } from "../../crypto/suite.ts";
import type { Chosen } from "../../proposal/mod.ts";
import type { Ipcomp } from "../../sa/mod.ts";
import type { SelectorLists } from "../../selector/mod.ts";

export interface AgreedChild {
  readonly chosen: Chosen<ChildSuite>;
  /** Chosen by us with `world.inboundSpis`: whoever does not install releases it. */
  readonly spiIn: EspSpi;
  readonly spiOut: EspSpi;
  readonly mode: "tunnel" | "transport";
  /** Absent: packets are not compressed. */
  readonly ipcomp?: Ipcomp;
  /** As TSi and TSr of this exchange say. */
  readonly lists: SelectorLists;
  /** The responder took less than was proposed. */
  readonly narrowed: boolean;
}

/** The SPI that a proposal names; undefined where it may not be used (RFC 4303 §2.1: 0 to 255). */
export function spiOfProposal(octets: Uint8Array): EspSpi | undefined {
  if (octets.length !== 4) return undefined;
  const spi = new DataView(octets.buffer, octets.byteOffset, 4).getUint32(0);
  return spi > 255 ? spi as EspSpi : undefined;
}
