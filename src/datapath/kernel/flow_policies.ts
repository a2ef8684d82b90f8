/**
 * Policies of flows without an SA: what goes out waits for one (the kernel asks for it where it is told the peer), what
 * comes in in clear is dropped.
 */
import { rangeHolds, rangeOfPrefix } from "../../ip/mod.ts";
import { covers, matchesPacket, type PacketFields, type TrafficSelector } from "../../selector/mod.ts";
import type { ChildInstall, FlowInstall } from "../types.ts";
import { type KernelSelector, kernelSelectors, reverseSelector } from "./selector.ts";
import type { KernelPolicy, Template } from "./values.ts";

/** Policies of this daemon have the priorities from here on: behind those of others, whose number is lower. */
const FIRST_PRIORITY = 0x1ced_0000;
const LAST_PRIORITY = 0x1ced_ffff;

/** IP protocol number. */
const ICMPV6 = 58;

export function isOwnPriority(priority: number): boolean {
  return priority >= FIRST_PRIORITY && priority <= LAST_PRIORITY;
}

/** Each flow has three priorities: with an SA, of neighbour discovery, without an SA. */
const PRIORITIES = 3;

/** Flows are numbered in the order of their precedence: an SA of a flow wins over the flow, and over all later ones. */
export function flowPriority(index: number, withSa: boolean): number {
  return Math.min(FIRST_PRIORITY + PRIORITIES * index + (withSa ? 0 : 2), LAST_PRIORITY);
}

/** Which flow has a policy without SA of this priority: its number. */
export function flowOfPriority(priority: number): number {
  return Math.floor((priority - FIRST_PRIORITY) / PRIORITIES);
}

/** A flow, and its number. */
export interface PlacedFlow {
  readonly flow: FlowInstall;
  readonly index: number;
}

/** The number of the flow that a Child SA carries, among those of its policy: the first that has one of its selectors each. */
export function placeOf(child: ChildInstall, flows: readonly PlacedFlow[]): number | undefined {
  const { localSelectors, remoteSelectors } = child;
  return flows.find(({ flow }) =>
    localSelectors.some((one) => covers(flow.local, one)) &&
    remoteSelectors.some((one) => covers(flow.remote, one))
  )?.index;
}

/**
 * The local side of a flow as its packets come; undefined where that is as agreed on. What comes to an interface of the
 * tunnel has been translated before.
 */
export function trueSource({ local, sourceNat, iface }: FlowInstall): TrafficSelector | undefined {
  return sourceNat && iface === undefined ? { ...local, addresses: rangeOfPrefix(sourceNat) } : undefined;
}

/** Whether the flow has this outgoing packet, before translation or after it. */
export function flowHas(flow: FlowInstall, packet: PacketFields): boolean {
  const { local, remote } = flow, source = trueSource(flow);
  return matchesPacket(local, remote, packet) ||
    (source !== undefined && matchesPacket(source, remote, packet));
}

/** Outgoing selectors of a flow. */
export interface FlowSelectors {
  /** Those that its SA is for. */
  readonly agreed: readonly KernelSelector[];
  /** And those before translation. */
  readonly all: readonly KernelSelector[];
}

/** Outgoing selectors of a flow, or why the kernel has no word for it. */
export function flowSelectors(flow: FlowInstall): FlowSelectors | { readonly message: string } {
  const agreed = kernelSelectors(flow.local, flow.remote);
  if ("message" in agreed) return agreed;
  const source = trueSource(flow);
  const translated = source === undefined ? [] : kernelSelectors(source, flow.remote);
  return "message" in translated ? translated : { agreed, all: [...agreed, ...translated] };
}

/** The policies of the flow that is number `index`. */
export function flowPolicies(
  flow: FlowInstall,
  selectors: readonly KernelSelector[],
  index: number,
  reqid: number,
): KernelPolicy[] {
  const priority = flowPriority(index, false);
  const { outer, protocol = "esp", mode = "tunnel", interfaceId } = flow;
  const own = interfaceId === undefined ? {} : { interfaceId };
  const asks = outer !== undefined || mode === "transport";
  const template: Template = {
    ...(outer?.local === undefined || mode === "transport" ? {} : { source: outer.local }),
    ...(outer === undefined || mode === "transport" ? {} : { destination: outer.remote }),
    protocol,
    mode,
    reqid,
    spi: 0,
    optional: false,
  };
  const held = selectors.flatMap((selector): KernelPolicy[] => {
    const back = reverseSelector(selector);
    const into = { ...own, selector: back, action: "block", priority, templates: [] } as const;
    return [
      asks
        ? { ...own, selector, direction: "out", action: "protect", priority, templates: [template] }
        : { ...own, selector, direction: "out", action: "block", priority, templates: [] },
      { ...into, direction: "in" },
      { ...into, direction: "forward" },
    ];
  });
  // The link to the peer is none of what is routed into an interface of the tunnel.
  const hasPeer = interfaceId === undefined && (mode === "transport" ||
    (outer !== undefined && rangeHolds(flow.remote.addresses, outer.remote)));
  return hasPeer ? [...neighbourPolicies(selectors, priority - 1), ...held] : held;
}

/** ICMPv6: neighbour solicitation and advertisement (RFC 4861 §4.3, §4.4). */
const NEIGHBOUR_TYPES = [135, 136];

/**
 * A flow to the peer itself has the neighbour discovery of a link that both are on, too, without which not even IKE gets through:
 * until there is an SA it passes in clear (RFC 4301 §4.4.1 leaves it to the configuration; it never leaves the link).
 */
function neighbourPolicies(selectors: readonly KernelSelector[], priority: number): KernelPolicy[] {
  return selectors.flatMap((selector): KernelPolicy[] => {
    const { family, protocol, sourcePort } = selector;
    if (family === 4 || (protocol !== 0 && protocol !== ICMPV6) || sourcePort.mask !== 0) return [];
    return NEIGHBOUR_TYPES.flatMap((type): KernelPolicy[] => {
      const one = { ...selector, protocol: ICMPV6, sourcePort: { port: type, mask: 0xffff } };
      const pass = { action: "protect", priority, templates: [] } as const;
      return [
        { ...pass, selector: one, direction: "out" },
        { ...pass, selector: reverseSelector(one), direction: "in" },
      ];
    });
  });
}
