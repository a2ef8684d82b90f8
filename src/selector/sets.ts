import { intersectRanges, type PortRange, rangeCovers } from "../ip/mod.ts";
import { isAnyPort, isOpaque, type TrafficSelector } from "./types.ts";

function portsCover(outer: PortRange, inner: PortRange): boolean {
  if (isAnyPort(outer)) return true;
  if (isOpaque(outer) || isOpaque(inner)) return isOpaque(outer) && isOpaque(inner);
  return outer.start <= inner.start && inner.end <= outer.end;
}

function intersectPorts(a: PortRange, b: PortRange): PortRange | undefined {
  if (portsCover(a, b)) return b;
  if (portsCover(b, a)) return a;
  if (isOpaque(a) || isOpaque(b)) return undefined;
  const start = Math.max(a.start, b.start);
  const end = Math.min(a.end, b.end);
  return start <= end ? { start, end } : undefined;
}

/** Whether two protocols have one in common, where 0 is any. */
export function protocolsMeet(a: number, b: number): boolean {
  return a === 0 || b === 0 || a === b;
}

/** Whether every packet of `inner` is one of `outer`. */
export function covers(outer: TrafficSelector, inner: TrafficSelector): boolean {
  return (outer.protocol === 0 || outer.protocol === inner.protocol) &&
    portsCover(outer.ports, inner.ports) && rangeCovers(outer.addresses, inner.addresses);
}

/** The packets that both have; undefined where there are none. */
export function intersect(a: TrafficSelector, b: TrafficSelector): TrafficSelector | undefined {
  if (!protocolsMeet(a.protocol, b.protocol)) return undefined;
  const ports = intersectPorts(a.ports, b.ports);
  if (ports === undefined) return undefined;
  const addresses = intersectRanges(a.addresses, b.addresses);
  return addresses && { addresses, protocol: a.protocol === 0 ? b.protocol : a.protocol, ports };
}

/** Whether both select the same packets. */
export function sameSelector(a: TrafficSelector, b: TrafficSelector): boolean {
  return a.protocol === b.protocol && a.ports.start === b.ports.start && a.ports.end === b.ports.end &&
    a.addresses.family === b.addresses.family && a.addresses.start === b.addresses.start &&
    a.addresses.end === b.addresses.end;
}
