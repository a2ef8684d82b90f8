import { addressFromOctets, addressToOctets } from "../ip/mod.ts";
import type { AddressSelector, WireSelector } from "../wire/payload/types.ts";
import { TS_TYPE } from "../wire/registry.ts";
import { OPAQUE_PORTS, type TrafficSelector } from "./types.ts";

/**
 * The value of a selector from the wire. Undefined where it means nothing to us: an unknown type, or bounds that
 * are the wrong way round (ports 65535–0 are OPAQUE, RFC 7296 §3.13.1).
 */
export function selectorFromWire(wire: WireSelector): TrafficSelector | undefined {
  if (!("startPort" in wire)) return undefined;
  const start = addressFromOctets(wire.start);
  const end = addressFromOctets(wire.end);
  if (start === undefined || end === undefined) return undefined;
  const family = wire.tsType === TS_TYPE.TS_IPV4_ADDR_RANGE ? 4 : 6;
  if (start.family !== family || end.family !== family || start.value > end.value) return undefined;
  const ports = { start: wire.startPort, end: wire.endPort };
  const opaque = ports.start === OPAQUE_PORTS.start && ports.end === OPAQUE_PORTS.end;
  if (ports.start > ports.end && !opaque) return undefined;
  return { addresses: { family, start: start.value, end: end.value }, protocol: wire.protocol, ports };
}

/** The selectors of a TS payload that mean something to us, in its order; the others cannot be chosen. */
export function selectorsFromWire(wire: readonly WireSelector[]): TrafficSelector[] {
  const selectors: TrafficSelector[] = [];
  for (const one of wire) {
    const selector = selectorFromWire(one);
    if (selector !== undefined) selectors.push(selector);
  }
  return selectors;
}

/** A selector as it goes into a TS payload (RFC 7296 §3.13.1). */
export function selectorToWire(selector: TrafficSelector): AddressSelector {
  const { family, start, end } = selector.addresses;
  return {
    tsType: family === 4 ? TS_TYPE.TS_IPV4_ADDR_RANGE : TS_TYPE.TS_IPV6_ADDR_RANGE,
    protocol: selector.protocol,
    startPort: selector.ports.start,
    endPort: selector.ports.end,
    start: addressToOctets({ family, value: start }),
    end: addressToOctets({ family, value: end }),
  };
}
