/** Traffic selectors in the form in which a packet can be held against them without allocation (RFC 4301 §4.4.1). */
import { type InnerPacket, OPAQUE } from "./packet.ts";
import type { TrafficSelector } from "../../selector/types.ts";

/** One selector; addresses as 32-bit words, most significant first. */
interface CompiledSelector {
  readonly family: 4 | 6;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  readonly protocol: number;
  readonly portStart: number;
  readonly portEnd: number;
}

/** The selectors of one end. */
export type SelectorSet = readonly CompiledSelector[];

function words(family: 4 | 6, value: bigint): Uint32Array {
  const count = family === 4 ? 1 : 4;
  const result = new Uint32Array(count);
  for (let word = 0; word < count; word++) {
    result[word] = Number((value >> BigInt(32 * (count - 1 - word))) & 0xffff_ffffn);
  }
  return result;
}

/** Prepares selectors for matching. */
export function compileSelectors(selectors: readonly TrafficSelector[]): SelectorSet {
  return selectors.map(({ addresses, protocol, ports }) => ({
    family: addresses.family,
    start: words(addresses.family, addresses.start),
    end: words(addresses.family, addresses.end),
    protocol,
    portStart: ports.start,
    portEnd: ports.end,
  }));
}

/** Order of a number in the packet (from word `at`) against a bound. */
function compare(addresses: Uint32Array, at: number, bound: Uint32Array): number {
  for (let word = 0; word < bound.length; word++) {
    const difference = addresses[at + word]! - bound[word]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

function holdsPort(selector: CompiledSelector, port: number): boolean {
  if (selector.portStart === 0 && selector.portEnd === 65535) return true;
  // Start above end is OPAQUE (RFC 7296 §3.13.1): only packets whose port cannot be known.
  if (selector.portStart > selector.portEnd) return port === OPAQUE;
  return port !== OPAQUE && selector.portStart <= port && port <= selector.portEnd;
}

/** Whether one of the selectors holds this end of the packet: `at` is 0 for its source, 4 for its destination. */
function holds(set: SelectorSet, packet: InnerPacket, at: 0 | 4, port: number): boolean {
  for (let index = 0; index < set.length; index++) {
    const selector = set[index]!;
    if (
      selector.family === packet.family &&
      (selector.protocol === 0 || selector.protocol === packet.protocol) &&
      holdsPort(selector, port) &&
      compare(packet.addresses, at, selector.start) >= 0 && compare(packet.addresses, at, selector.end) <= 0
    ) return true;
  }
  return false;
}

/** Whether the packet goes from an address of `from` to one of `to`. */
export function matches(from: SelectorSet, to: SelectorSet, packet: InnerPacket): boolean {
  return holds(from, packet, 0, packet.sourcePort) && holds(to, packet, 4, packet.destinationPort);
}
