/**
 * Flows whose packets come from elsewhere than was agreed on (source NAT, iked.conf(5)). A packet meets the policies
 * twice, as it comes and as the packet filter left it, so that there is one for both: the first lets it pass on to the
 * packet filter once there is an SA, the second leads it into that SA. What comes in is judged as it was on the wire.
 */
import { intersect } from "../../selector/mod.ts";
import type { ChildInstall, FlowInstall } from "../types.ts";
import { flowPriority, type PlacedFlow, trueSource } from "./flow_policies.ts";
import { type KernelSelector, kernelSelectors } from "./selector.ts";
import type { KernelPolicy, Template } from "./values.ts";

/**
 * Policies of packets that go out through a Child SA after translation, as they come. `flows` are those of its policy,
 * `templates` its own.
 */
export function translatedPolicies(
  flows: readonly PlacedFlow[],
  child: ChildInstall,
  templates: readonly Template[],
): KernelPolicy[] {
  return flows.flatMap(({ flow, index }) => {
    const common = {
      direction: "out",
      action: "protect",
      priority: flowPriority(index, true),
      templates,
    } as const;
    return translatedSelectors(flow, child).map((selector) => ({ ...common, selector }));
  });
}

function translatedSelectors(flow: FlowInstall, child: ChildInstall): readonly KernelSelector[] {
  const source = trueSource(flow);
  if (source === undefined) return [];
  return child.localSelectors.flatMap((one) => {
    const local = intersect(flow.local, one);
    if (local === undefined) return [];
    return child.remoteSelectors.flatMap((other) => {
      const remote = intersect(flow.remote, other);
      if (remote === undefined) return [];
      const selectors = kernelSelectors({ ...local, addresses: source.addresses }, remote);
      // The flow goes on to hold back what there is no word for.
      return "message" in selectors ? [] : selectors;
    });
  });
}
