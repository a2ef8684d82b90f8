import { type IpAddress, type PortRange, rangeHolds } from "../ip/mod.ts";
import { hasMessageType, isAnyPort, isOpaque, type TrafficSelector } from "./types.ts";

/** What of a packet selectors look at (RFC 4301 §4.4.1.1). */
export interface PacketFields {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** IP protocol number. */
  readonly protocol: number;
  /**
   * Source port; for ICMP and ICMPv6 type and code, for the Mobility Header its type, in the form of a selector.
   * Absent where the packet does not show it.
   */
  readonly sourcePort?: number;
  /** Destination port, absent where the packet does not show it or has none. */
  readonly destinationPort?: number;
}

function portMatches(ports: PortRange, port: number | undefined): boolean {
  if (isAnyPort(ports)) return true;
  if (port === undefined) return isOpaque(ports);
  return ports.start <= port && port <= ports.end;
}

function endMatches(selector: TrafficSelector, address: IpAddress, protocol: number): boolean {
  return (selector.protocol === 0 || selector.protocol === protocol) &&
    rangeHolds(selector.addresses, address);
}

/**
 * Whether a packet goes from `source` to `destination`. ICMP and MH packets have one value, not two: it is the
 * sending side's selector that states what may be sent (RFC 4301 §4.4.1.3).
 */
export function matchesPacket(
  source: TrafficSelector,
  destination: TrafficSelector,
  packet: PacketFields,
): boolean {
  return endMatches(source, packet.source, packet.protocol) &&
    endMatches(destination, packet.destination, packet.protocol) &&
    portMatches(source.ports, packet.sourcePort) &&
    (hasMessageType(packet.protocol) || portMatches(destination.ports, packet.destinationPort));
}

/** The selectors of exactly this packet: what an initiator puts first in TSi and TSr (RFC 7296 §2.9). */
export function selectorsOfPacket(
  packet: PacketFields,
): { source: TrafficSelector; destination: TrafficSelector } {
  const one = (address: IpAddress, port: number | undefined): TrafficSelector => ({
    addresses: { family: address.family, start: address.value, end: address.value },
    protocol: packet.protocol,
    ports: port === undefined ? { start: 0, end: 65535 } : { start: port, end: port },
  });
  const twin = hasMessageType(packet.protocol) ? packet.sourcePort : packet.destinationPort;
  return { source: one(packet.source, packet.sourcePort), destination: one(packet.destination, twin) };
}
