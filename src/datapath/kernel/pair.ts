/** A Child SA as the kernel has it: two SAs, and the policies that lead packets into them. */
import { wipe } from "../../bytes/mod.ts";
import type { ChildInstall } from "../types.ts";
import { kernelAlgorithms } from "./algorithms.ts";
import { type KernelSelector, kernelSelectors, reverseSelector } from "./selector.ts";
import { type KernelPolicy, type KernelSa, SA_FLAG, type Template } from "./values.ts";

/** What Linux takes: XFRMA_REPLAY_ESN_MAX. */
const LARGEST_WINDOW = 4096;

/** What the kernel is to have, or a message why it cannot. */
export interface Planned {
  readonly inbound: KernelSa;
  readonly outbound: KernelSa;
  /** Outgoing selectors; incoming ones are their mirrors. */
  readonly selectors: readonly KernelSelector[];
}

/** The kernel's words for a Child SA. Keys are those of `child`: wiped when `wipeKeys` says so. */
export function planPair(
  child: ChildInstall,
  selectors: readonly KernelSelector[],
  reqid: number,
  soft: number,
): Planned | { readonly message: string } {
  const { suite, local, remote, udpEncap, replayWindow, lifetimeOctets } = child;
  const protocol = suite.protocol === 2 ? "ah" : "esp";
  const into = kernelAlgorithms(suite, child.inbound.encrKey, child.inbound.integKey);
  if ("message" in into) return into;
  const outof = kernelAlgorithms(suite, child.outbound.encrKey, child.outbound.integKey);
  if ("message" in outof) return outof;
  const flags = (suite.esn ? SA_FLAG.esn : 0) | (child.mode === "tunnel" ? SA_FLAG.anyFamily : 0);
  const limits = lifetimeOctets === undefined
    ? {}
    : { softOctets: BigInt(Math.ceil(lifetimeOctets * soft)), hardOctets: BigInt(lifetimeOctets) };
  const common = { protocol, mode: child.mode, reqid, flags } as const;
  const window = Math.min(Math.max(replayWindow, suite.esn ? 1 : 0), LARGEST_WINDOW);
  const inbound: KernelSa = {
    ...common,
    source: remote.address,
    destination: local.address,
    spi: child.inbound.spi,
    algorithms: into,
    limits: child.outboundFrom === "when-used" ? { ...limits, softOctets: 0n, softPackets: 1n } : limits,
    ...(window === 0 ? {} : { replay: { window, esn: suite.esn } }),
    ...(udpEncap ? { encapsulation: { sourcePort: remote.port, destinationPort: local.port } } : {}),
  };
  const outbound: KernelSa = {
    ...common,
    source: local.address,
    destination: remote.address,
    spi: child.outbound.spi,
    algorithms: outof,
    limits,
    // With extended sequence numbers the kernel wants a window, be it one that nothing comes to.
    ...(suite.esn ? { replay: { window: 1, esn: true } } : {}),
    ...(udpEncap ? { encapsulation: { sourcePort: local.port, destinationPort: remote.port } } : {}),
  };
  return { inbound, outbound, selectors };
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

/** The template that has packets of a pair go through it. */
export function templateOf(sa: KernelSa): Template {
  const { protocol, mode, reqid } = sa;
  const outer = mode === "tunnel" ? { source: sa.source, destination: sa.destination } : {};
  return { ...outer, protocol, mode, reqid, spi: 0, optional: false };
}

/** Policies of a pair: what goes out, what comes in, and what comes in and goes on. */
export function policiesOf({ inbound, outbound, selectors }: Planned, priority: number): KernelPolicy[] {
  return selectors.flatMap((selector): KernelPolicy[] => {
    const back = reverseSelector(selector);
    const protect = { action: "protect", priority } as const;
    const into = [templateOf(inbound)];
    return [
      { ...protect, selector, direction: "out", templates: [templateOf(outbound)] },
      { ...protect, selector: back, direction: "in", templates: into },
      ...(inbound.mode === "tunnel"
        ? [{ ...protect, selector: back, direction: "forward", templates: into } as const]
        : []),
    ];
  });
}

/** Wipes the keys of an SA. */
export function wipeKeys({ algorithms: { aead, cipher, mac } }: Pick<KernelSa, "algorithms">): void {
  wipe(aead?.key, cipher?.key, mac?.key);
}
