/** W025: flows that transport mode cannot carry. W008: UDP encapsulation, which AH has not. */
import { type AddressRange, intersectRanges, rangeOfPrefix } from "../../ip/mod.ts";
import type { HostSpec } from "../../policy/types.ts";
import type { FlowNode, PolicyNode } from "../ast.ts";
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import { FlowNodes, type Subject } from "./subject.ts";

/** Whether an end may have one of these addresses; a name may get any. */
function mayHold(range: AddressRange, end: HostSpec): boolean {
  return end.kind !== "network" || intersectRanges(range, rangeOfPrefix(end.prefix)) !== undefined;
}

/** Warns of flows in transport mode that are not between the policy's own ends (RFC 7296 §1.3.1), and of `natt` with AH. */
export function lintHosts(subjects: readonly Subject[], diagnostics: Diagnostics): void {
  const nodes = new FlowNodes();
  for (const subject of subjects) {
    const { policy, node } = subject;
    if (policy.encapsulation === "ah" && node.natt !== undefined) {
      diagnostics.warn(WARNINGS.noEffect, node.natt.place, '"natt" has no effect: AH does not go into UDP');
    }
    if (policy.tunnelMode !== "transport") continue;
    // `any` is a flow of each family: one that fits is enough.
    const fits = new Map<FlowNode | PolicyNode, boolean>();
    for (const { local, remote, where } of policy.flows) {
      const from = nodes.of(subject, where) ?? node;
      const fit = mayHold(local.addresses, policy.local) && mayHold(remote.addresses, policy.peer);
      fits.set(from, fit || fits.get(from) === true);
    }
    for (const [{ place }, fit] of fits) {
      const message =
        "transport mode carries what goes between the two ends themselves: no packet of this flow";
      if (!fit) diagnostics.warn(WARNINGS.outsideHosts, place, message);
    }
  }
}
