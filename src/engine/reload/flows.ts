/** Flows of a configuration, and how the data path gets from those of one to those of the next. */
import type { AddressRange } from "../../ip/mod.ts";
import type { Policy } from "../../policy/mod.ts";
import { isAnyPort, type TrafficSelector } from "../../selector/mod.ts";
import type { FlowInstall } from "../../exchange/ports.ts";
import { hostOf } from "../host_of.ts";
import { sameValue, textOf } from "../same.ts";
import type { PolicyTags } from "./tags.ts";

/**
 * What the data path is to hold back and protect, the most specific first: of flows that overlap the narrower one has
 * the packet, whatever their order in the file.
 */
export function flowsOf(policies: readonly Policy[], tags: PolicyTags): FlowInstall[] {
  const flows = policies.flatMap((policy) =>
    policy.flows.map(({ local, remote, sourceNat }) => ({
      policy: tags.of(policy),
      local,
      remote,
      ...(sourceNat === undefined ? {} : { sourceNat }),
      ...(policy.iface === undefined ? {} : { iface: policy.iface }),
      ...(policy.encapsulation === "ah" ? { protocol: "ah" as const } : {}),
      ...(policy.tunnelMode === "transport" ? { mode: "transport" as const } : {}),
      ...outerOf(policy),
    }))
  );
  const width = new Map(flows.map((flow) => [flow, widthOf(flow)]));
  return flows.sort((a, b) => width.get(a)! - width.get(b)!);
}

/** The outer endpoints, as far as the policy has just one of each. */
function outerOf(policy: Policy): Pick<FlowInstall, "outer"> {
  const remote = hostOf(policy.peer, 0), local = hostOf(policy.local, 0);
  if (remote === undefined || (local !== undefined && local.family !== remote.family)) return {};
  return { outer: { remote, ...(local === undefined ? {} : { local }) } };
}

/**
 * The new flows, and behind them the old ones that they lack: while SAs of the old configuration are still there, what
 * comes out of them is not answered in clear.
 */
export function bothFlows(before: readonly FlowInstall[], next: readonly FlowInstall[]): FlowInstall[] {
  if (sameFlows(before, next)) return [...next];
  const known = new Set(next.map(selectorsOf));
  return [...next, ...before.filter((flow) => !known.has(selectorsOf(flow)))];
}

export function sameFlows(a: readonly FlowInstall[], b: readonly FlowInstall[]): boolean {
  return a.length === b.length && a.every((flow, at) => sameValue(flow, b[at]));
}

function selectorsOf({ local, remote, sourceNat }: FlowInstall): string {
  return textOf([local, remote, sourceNat]);
}

/** Protocols weigh most, then ports, then how many addresses there are, as powers of two. */
function widthOf({ local, remote }: FlowInstall): number {
  const isOpen = (test: (one: TrafficSelector) => boolean) => Number(test(local) && test(remote));
  const protocols = isOpen(({ protocol }) => protocol === 0);
  const ports = isOpen((one) => isAnyPort(one.ports));
  return (protocols * 2 + ports) * 1024 + bitsOf(local.addresses) + bitsOf(remote.addresses);
}

function bitsOf({ start, end }: AddressRange): number {
  return (end - start).toString(2).length;
}
