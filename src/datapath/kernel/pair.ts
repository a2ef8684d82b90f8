/** A Child SA as the kernel has it: two SAs, two more of IPComp, and the policies that lead packets into them. */
import { wipe } from "../../bytes/mod.ts";
import type { ChildInstall } from "../types.ts";
import { kernelAlgorithms, kernelCompression } from "./algorithms.ts";
import {
  ANY_MASKED_PORT,
  type KernelSelector,
  kernelSelectors,
  type MaskedPort,
  reverseSelector,
} from "./selector.ts";
import { relocated, type Way } from "./port.ts";
import { type KernelPolicy, type KernelSa, SA_FLAG, type Template } from "./values.ts";

/** What Linux takes: XFRMA_REPLAY_ESN_MAX. */
const LARGEST_WINDOW = 4096;

/** What the kernel is to have, or a message why it cannot. */
export interface Planned {
  readonly inbound: KernelSa;
  readonly outbound: KernelSa;
  /** IPComp's, inside of the others. In tunnel mode it makes the tunnel, and the others protect what it made. */
  readonly ipcomp?: { readonly inbound: KernelSa; readonly outbound: KernelSa };
  /** Outgoing selectors; incoming ones are their mirrors. */
  readonly selectors: readonly KernelSelector[];
}

/** The kernel's words for a Child SA; `softOctets` is its soft limit. Keys are `child`'s: wiped when `wipeKeys` says so. */
export function planPair(
  child: ChildInstall,
  selectors: readonly KernelSelector[],
  reqid: number,
  softOctets: number,
): Planned | { readonly message: string } {
  const { suite, local, remote, udpEncap, replayWindow, lifetimeOctets } = child;
  const protocol = suite.protocol === 2 ? "ah" : "esp";
  const into = kernelAlgorithms(suite, child.inbound.encrKey, child.inbound.integKey);
  if ("message" in into) return into;
  const outof = kernelAlgorithms(suite, child.outbound.encrKey, child.outbound.integKey);
  if ("message" in outof) return outof;
  const ipcomp = planIpcomp(child, reqid);
  if (ipcomp !== undefined && "message" in ipcomp) return ipcomp;
  const mode = ipcomp === undefined ? child.mode : "transport";
  const flags = (suite.esn ? SA_FLAG.esn : 0) | (mode === "tunnel" ? SA_FLAG.anyFamily : 0) |
    (protocol === "ah" && local.address.family === 4 ? SA_FLAG.align4 : 0);
  const carried = child.mode === "transport" ? hullOf(selectors) : undefined;
  const limits = lifetimeOctets === undefined || lifetimeOctets === 0
    ? {}
    : { softOctets: BigInt(softOctets), hardOctets: BigInt(lifetimeOctets) };
  const marked = child.mark === undefined ? {} : { outputMark: child.mark };
  const common = { protocol, mode, reqid, flags, ...marked, ...interfaceOf(child) } as const;
  const window = Math.min(Math.max(replayWindow, suite.esn ? 1 : 0), LARGEST_WINDOW);
  const inbound: KernelSa = {
    ...common,
    source: remote.address,
    destination: local.address,
    spi: child.inbound.spi,
    ...(carried && { selector: reverseSelector(carried) }),
    algorithms: into,
    // The kernel tells of one soft limit of an SA, once: here of the first packet. A hard limit would then end the SA
    // unannounced; how many octets came is compared each minute, and the sender has limits of its own.
    limits: child.outboundFrom === "when-used" ? { softPackets: 1n } : limits,
    ...(window === 0 ? {} : { replay: { window, esn: suite.esn } }),
    ...(udpEncap ? { encapsulation: { sourcePort: remote.port, destinationPort: local.port } } : {}),
  };
  const outbound: KernelSa = {
    ...common,
    source: local.address,
    destination: remote.address,
    spi: child.outbound.spi,
    ...(carried && { selector: carried }),
    algorithms: outof,
    limits,
    // With extended sequence numbers the kernel wants a window, be it one that nothing comes to.
    ...(suite.esn ? { replay: { window: 1, esn: true } } : {}),
    ...(udpEncap ? { encapsulation: { sourcePort: local.port, destinationPort: remote.port } } : {}),
  };
  return { inbound, outbound, ...(ipcomp && { ipcomp }), selectors };
}

/**
 * One selector for all of an SA in transport mode. The kernel looks at it for each packet that comes in: without it the
 * peer could send whatever no policy names, which in tunnel mode the kernel refuses by itself (RFC 4301 §5.2).
 */
function hullOf(selectors: readonly KernelSelector[]): KernelSelector | undefined {
  const [first, ...others] = selectors;
  if (first === undefined) return undefined;
  return others.reduce((hull, one) => ({
    ...hull,
    protocol: one.protocol === hull.protocol ? hull.protocol : 0,
    sourcePort: samePort(one.sourcePort, hull.sourcePort) ? hull.sourcePort : ANY_MASKED_PORT,
    destinationPort: samePort(one.destinationPort, hull.destinationPort)
      ? hull.destinationPort
      : ANY_MASKED_PORT,
  }), first);
}

function samePort(a: MaskedPort, b: MaskedPort): boolean {
  return a.port === b.port && a.mask === b.mask;
}

/** IPComp's two SAs, with CPIs for SPIs; undefined where packets are not compressed. */
function planIpcomp(
  child: ChildInstall,
  reqid: number,
): Planned["ipcomp"] | { readonly message: string } {
  const { ipcomp, mode, local, remote } = child;
  if (ipcomp === undefined) return undefined;
  const algorithms = kernelCompression(ipcomp.transform);
  if ("message" in algorithms) return algorithms;
  const flags = mode === "tunnel" ? SA_FLAG.anyFamily : 0;
  const common = { protocol: "ipcomp", mode, reqid, flags, algorithms, ...interfaceOf(child) } as const;
  const [here, there] = [local.address, remote.address];
  return {
    inbound: { ...common, source: there, destination: here, spi: ipcomp.inboundCpi },
    outbound: { ...common, source: here, destination: there, spi: ipcomp.outboundCpi },
  };
}

function interfaceOf({ interfaceId }: { readonly interfaceId?: number }): { readonly interfaceId?: number } {
  return interfaceId === undefined ? {} : { interfaceId };
}

/** The SAs of what comes in, the innermost first. */
export function inboundSas({ inbound, ipcomp }: Planned): readonly KernelSa[] {
  return ipcomp === undefined ? [inbound] : [ipcomp.inbound, inbound];
}

/** The SAs of what goes out, the innermost first. */
export function outboundSas({ outbound, ipcomp }: Planned): readonly KernelSa[] {
  return ipcomp === undefined ? [outbound] : [ipcomp.outbound, outbound];
}

/** The same with other outer endpoints. */
export function movedPlan({ inbound, outbound, ipcomp, selectors }: Planned, into: Way, outof: Way): Planned {
  const moved = (pair: { readonly inbound: KernelSa; readonly outbound: KernelSa }) => ({
    inbound: relocated(pair.inbound, into),
    outbound: relocated(pair.outbound, outof),
  });
  return { ...moved({ inbound, outbound }), ...(ipcomp && { ipcomp: moved(ipcomp) }), selectors };
}

/** Outgoing selectors of a Child SA, or why the kernel has no word for them. */
export function childSelectors(
  child: ChildInstall,
): readonly KernelSelector[] | { readonly message: string } {
  const all: KernelSelector[] = [];
  for (const local of child.localSelectors) {
    for (const remote of child.remoteSelectors) {
      const made = kernelSelectors(local, remote);
      if ("message" in made) return made;
      all.push(...made);
    }
  }
  return all.length > 0 ? all : { message: "no packet is of both its selectors" };
}

/** The templates that have packets go through these SAs. What comes in too short to compress is without IPComp. */
function templatesOf(sas: readonly KernelSa[], direction: "in" | "out"): Template[] {
  return sas.map(({ protocol, mode, reqid, source, destination }) => ({
    ...(mode === "tunnel" ? { source, destination } : {}),
    protocol,
    mode,
    reqid,
    spi: 0,
    optional: protocol === "ipcomp" && direction === "in",
  }));
}

/** Policies of a pair: what goes out, what comes in, and what comes in and goes on. */
export function policiesOf(plan: Planned, priority: number): KernelPolicy[] {
  const into = templatesOf(inboundSas(plan), "in"), outof = templatesOf(outboundSas(plan), "out");
  return plan.selectors.flatMap((selector): KernelPolicy[] => {
    const back = reverseSelector(selector);
    const protect = { action: "protect", priority, ...interfaceOf(plan.inbound) } as const;
    return [
      { ...protect, selector, direction: "out", templates: outof },
      { ...protect, selector: back, direction: "in", templates: into },
      ...(into.some(({ mode }) => mode === "tunnel")
        ? [{ ...protect, selector: back, direction: "forward", templates: into } as const]
        : []),
    ];
  });
}

/** Wipes the keys of an SA. */
export function wipeKeys({ algorithms: { aead, cipher, mac } }: Pick<KernelSa, "algorithms">): void {
  wipe(aead?.key, cipher?.key, mac?.key);
}
