import { formatRange } from "../ip/mod.ts";
import { hasMessageType, isAnyPort, isOpaque, type TrafficSelector } from "./types.ts";

/** IP protocols that people name (IANA's protocol numbers, in the spelling of /etc/protocols). */
const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, "icmp"],
  [2, "igmp"],
  [4, "ipencap"],
  [6, "tcp"],
  [17, "udp"],
  [41, "ipv6"],
  [47, "gre"],
  [50, "esp"],
  [51, "ah"],
  [58, "ipv6-icmp"],
  [89, "ospf"],
  [103, "pim"],
  [112, "vrrp"],
  [132, "sctp"],
  [135, "mobility-header"],
]);

/** Name of an IP protocol, or its number where it has none here. */
export function formatIpProtocol(protocol: number): string {
  return PROTOCOL_NAMES.get(protocol) ?? String(protocol);
}

function formatPorts({ protocol, ports }: TrafficSelector): string {
  if (isAnyPort(ports)) return "";
  if (isOpaque(ports)) return "/OPAQUE";
  if (!hasMessageType(protocol)) {
    return ports.start === ports.end ? `/${ports.start}` : `/${ports.start}-${ports.end}`;
  }
  const [from, to] = [ports.start >> 8, ports.end >> 8];
  const [first, last] = [ports.start & 255, ports.end & 255];
  if (first === 0 && last === 255) return from === to ? `/${from}` : `/${from}-${to}`;
  return ports.start === ports.end ? `/${from}/${first}` : `/${from}/${first}-${to}/${last}`;
}

/**
 * A selector for people: `10.1.0.0/16`, `10.1.0.0/16[tcp/23]`, `10.0.0.1-10.0.0.9[udp/1000-2000]`,
 * `192.0.2.0/24[icmp/8/0]` (type and code).
 */
export function formatSelector(selector: TrafficSelector): string {
  const addresses = formatRange(selector.addresses);
  const ports = formatPorts(selector);
  if (selector.protocol === 0 && ports === "") return addresses;
  const protocol = selector.protocol === 0 ? "any" : formatIpProtocol(selector.protocol);
  return `${addresses}[${protocol}${ports}]`;
}

/** Selectors one behind the other, for a log line. */
export function formatSelectors(selectors: readonly TrafficSelector[]): string {
  return selectors.map(formatSelector).join(", ");
}
