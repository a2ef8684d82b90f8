/** Traffic selectors as values (RFC 7296 §2.9 and §3.13.1). */
import { type AddressRange, ANY_PORT, type PortRange } from "../ip/mod.ts";

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

/** Ports that a packet does not show, as in a fragment: OPAQUE of RFC 4301 §4.4.1.1, on the wire as 65535–0. */
export const OPAQUE_PORTS: PortRange = { start: 65535, end: 0 };

/** Whether the range stands for OPAQUE. */
export function isOpaque(ports: PortRange): boolean {
  return ports.start > ports.end;
}

/** Whether the range is ANY, which has OPAQUE in it (RFC 4301 §4.4.1.1). */
export function isAnyPort(ports: PortRange): boolean {
  return ports.start === ANY_PORT.start && ports.end === ANY_PORT.end;
}

/** IP protocols whose selectors carry a type (and code) in place of ports: ICMP, ICMPv6, Mobility Header. */
export function hasMessageType(protocol: number): boolean {
  return protocol === 1 || protocol === 58 || protocol === 135;
}

/** Range of ports for one ICMP type, and code if given (RFC 7296 §3.13.1: type in the high octet). */
export function icmpPorts(type: number, code?: number): PortRange {
  return { start: (type << 8) | (code ?? 0), end: (type << 8) | (code ?? 255) };
}
