/** Which packets a policy or an SA of the kernel is for: its ports are a value and a mask, its addresses prefixes. */
import { type Family, type PortRange, type Prefix, prefixesOfRange } from "../../ip/mod.ts";
import {
  hasMessageType,
  isAnyPort,
  isOpaque,
  type PacketFields,
  type TrafficSelector,
} from "../../selector/mod.ts";

/** One selector of a Child SA becomes at most so many of the kernel's. */
export const MOST_SELECTORS = 256;

/** A port under a mask; both 0 is any. */
export interface MaskedPort {
  readonly port: number;
  readonly mask: number;
}

/** The kernel's selector. Source and destination are of one family. */
export interface KernelSelector {
  readonly family: Family;
  readonly source: Prefix;
  readonly destination: Prefix;
  /** IP protocol number; 0 is any. */
  readonly protocol: number;
  /** For ICMP the type, for the destination the code (the kernel's own convention). */
  readonly sourcePort: MaskedPort;
  readonly destinationPort: MaskedPort;
}

/** Any port. */
export const ANY_MASKED_PORT: MaskedPort = { port: 0, mask: 0 };

/** A text that is the same for selectors that are the same to the kernel. */
export function selectorKey(selector: KernelSelector): string {
  const { family, source, destination, protocol, sourcePort, destinationPort } = selector;
  return [
    family,
    `${source.address.value.toString(16)}/${source.length}`,
    `${destination.address.value.toString(16)}/${destination.length}`,
    protocol,
    `${sourcePort.port}/${sourcePort.mask}`,
    `${destinationPort.port}/${destinationPort.mask}`,
  ].join(" ");
}

/** The same packets, seen from the other side. */
export function reverseSelector(selector: KernelSelector): KernelSelector {
  // The type and code of ICMP stand where they are in either direction.
  if (hasMessageType(selector.protocol)) {
    return { ...selector, source: selector.destination, destination: selector.source };
  }
  return {
    ...selector,
    source: selector.destination,
    destination: selector.source,
    sourcePort: selector.destinationPort,
    destinationPort: selector.sourcePort,
  };
}

/** The fewest ports under masks that together are exactly this range. */
export function maskedPorts(range: PortRange): MaskedPort[] {
  if (isAnyPort(range)) return [ANY_MASKED_PORT];
  const ports: MaskedPort[] = [];
  for (let at = range.start; at <= range.end;) {
    let size = 1;
    while ((at & (2 * size - 1)) === 0 && at + 2 * size - 1 <= range.end) size *= 2;
    ports.push({ port: at, mask: 0x10000 - size });
    at += size;
  }
  return ports;
}

/** ICMP type and code (RFC 7296 §3.13.1) where the kernel looks for them: type as source, code as destination port. */
function messageTypes(range: PortRange): readonly (readonly [MaskedPort, MaskedPort])[] | undefined {
  if (isAnyPort(range)) return [[ANY_MASKED_PORT, ANY_MASKED_PORT]];
  const type = range.start >> 8;
  if (type !== range.end >> 8) {
    // Several types, each with all its codes.
    if ((range.start & 0xff) !== 0 || (range.end & 0xff) !== 0xff) return undefined;
    return maskedPorts({ start: type, end: range.end >> 8 }).map((one) => [one, ANY_MASKED_PORT]);
  }
  const codes = { start: range.start & 0xff, end: range.end & 0xff };
  const whole = codes.start === 0 && codes.end === 0xff;
  return (whole ? [ANY_MASKED_PORT] : maskedPorts(codes)).map((code) => [{ port: type, mask: 0xffff }, code]);
}

/** The packet that a selector of an ACQUIRE stands for: the kernel tells of one as of a selector with nothing open. */
export function packetOf(
  { source, destination, protocol, sourcePort, destinationPort }: KernelSelector,
): PacketFields {
  const shown = { source: source.address, destination: destination.address, protocol };
  if (hasMessageType(protocol)) {
    return { ...shown, sourcePort: (sourcePort.port << 8) | destinationPort.port };
  }
  return sourcePort.mask === 0 || destinationPort.mask === 0
    ? shown
    : { ...shown, sourcePort: sourcePort.port, destinationPort: destinationPort.port };
}

/** What the kernel cannot say, in words for the log. */
export interface SelectorFailure {
  readonly message: string;
}

/**
 * The kernel's selectors for what goes from `from` to `to`: every pair of prefixes and ports. A message instead where the
 * kernel has no word for it: OPAQUE ports, odd ranges of ICMP types, or more than `MOST_SELECTORS`.
 */
export function kernelSelectors(
  from: TrafficSelector,
  to: TrafficSelector,
): readonly KernelSelector[] | SelectorFailure {
  if (from.addresses.family !== to.addresses.family) return [];
  if (from.protocol !== 0 && to.protocol !== 0 && from.protocol !== to.protocol) return [];
  const protocol = from.protocol === 0 ? to.protocol : from.protocol;
  if (isOpaque(from.ports) || isOpaque(to.ports)) {
    return { message: "the kernel has no selector for OPAQUE ports" };
  }
  const ports = hasMessageType(protocol)
    ? messageTypes(narrower(from.ports, to.ports))
    : pairs(from.ports, to.ports);
  if (ports === undefined) {
    return { message: "the kernel has no selector for this range of ICMP types and codes" };
  }
  const sources = prefixesOfRange(from.addresses), destinations = prefixesOfRange(to.addresses);
  const count = sources.length * destinations.length * ports.length;
  if (count > MOST_SELECTORS) {
    return { message: `the kernel would need ${count} selectors for one flow, more than ${MOST_SELECTORS}` };
  }
  return sources.flatMap((source) =>
    destinations.flatMap((destination) =>
      ports.map(([sourcePort, destinationPort]) => ({
        family: from.addresses.family,
        source,
        destination,
        protocol,
        sourcePort,
        destinationPort,
      }))
    )
  );
}

function pairs(from: PortRange, to: PortRange): readonly (readonly [MaskedPort, MaskedPort])[] {
  return maskedPorts(from).flatMap((source) =>
    maskedPorts(to).map((destination) => [source, destination] as const)
  );
}

/** Either side may carry the ICMP type; the other one is any. */
function narrower(a: PortRange, b: PortRange): PortRange {
  return isAnyPort(a) ? b : a;
}

/** A rekeyed Child SA has the number of the old one, an SA that the kernel asked for that of the flow. */
export function reqidKey(
  policy: string,
  protocol: "esp" | "ah",
  mode: "tunnel" | "transport",
  selectors: readonly KernelSelector[],
): string {
  return [policy, protocol, mode, ...selectors.map(selectorKey).sort()].join("|");
}
