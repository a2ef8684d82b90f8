/** Traffic selectors as values (RFC 7296 §2.9 and §3.13.1). */
import type { AddressRange, PortRange } from "../ip/mod.ts";

/** Which packets: one range of addresses, one IP protocol (0: any), one range of ports. */
export interface TrafficSelector {
  readonly addresses: AddressRange;
  /** IP protocol number; 0 is any. */
  readonly protocol: number;
  /**
   * 0–65535 is any; for ICMP type and code packed as RFC 7296 §3.13.1 says. OPAQUE is start 65535, end 0.
   */
  readonly ports: PortRange;
}
