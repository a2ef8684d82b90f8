/**
 * Transport mode (RFC 7296 §1.3.1): packets between the two ends of the IKE SA themselves, so the selectors are those of
 * two hosts. Behind a NAT each end knows itself by another address than the peer does, and exchanges it (§2.23.1).
 */
import { ANY_PORT, type IpAddress, rangeOfAddress } from "../../ip/mod.ts";
import type { IkeSa } from "../../sa/mod.ts";
import {
  intersect,
  type SelectorLists,
  type SelectorPair,
  type TrafficSelector,
} from "../../selector/mod.ts";
import { NOTIFY, type Payload } from "../../wire/mod.ts";
import type { SaContext } from "../context.ts";
import { findNotify } from "../notifies.ts";
import type { Failure } from "../reasons.ts";
import { formatFlows } from "../text.ts";

/** Where the two ends of an IKE SA are, and which of them is behind a NAT. */
export type Ends = Pick<IkeSa, "path" | "nat" | "udpEncap">;

function hostSelector(address: IpAddress): TrafficSelector {
  return { addresses: rangeOfAddress(address), protocol: 0, ports: ANY_PORT };
}

/** What is left of flows between the two ends themselves. */
export function hostFlows(flows: readonly SelectorPair[], { path }: Ends): SelectorPair[] {
  const ours = hostSelector(path.local.address), theirs = hostSelector(path.remote.address);
  return flows.flatMap((flow) => {
    const local = intersect(flow.local, ours), remote = intersect(flow.remote, theirs);
    return local === undefined || remote === undefined ? [] : [{ local, remote }];
  });
}

/**
 * The peer's selectors with the addresses that we know the ends by: those of an end behind a NAT are exchanged
 * (RFC 7296 §2.23.1). A range stays as it is; narrowing leaves of it what is an end.
 */
export function exchangeAddresses(
  lists: SelectorLists,
  { path, nat }: Ends,
  weInitiate: boolean,
): SelectorLists {
  const ours = nat.local ? path.local.address : undefined;
  const theirs = nat.remote ? path.remote.address : undefined;
  const [tsi, tsr] = weInitiate ? [ours, theirs] : [theirs, ours];
  return { tsi: withAddress(lists.tsi, tsi), tsr: withAddress(lists.tsr, tsr) };
}

function withAddress(
  selectors: readonly TrafficSelector[],
  address: IpAddress | undefined,
): readonly TrafficSelector[] {
  if (address === undefined) return selectors;
  const addresses = rangeOfAddress(address);
  return selectors.map((one) =>
    one.addresses.start === one.addresses.end && one.addresses.family === address.family
      ? { ...one, addresses }
      : one
  );
}

/** Why there is no Child SA for a policy between these ends; undefined where nothing stands against it. */
export function endsFailure({ policy, sa }: Pick<SaContext, "policy" | "sa">): Failure | undefined {
  if (policy.encapsulation === "ah" && sa.udpEncap) return { code: "ah-nat" };
  if (policy.tunnelMode === "tunnel" || hostFlows(policy.flows, sa).length > 0) return undefined;
  return notHosts(policy.flows, sa);
}

/** No flow is between the two ends themselves. */
export function notHosts(flows: readonly SelectorPair[], { path }: Ends): Failure {
  return {
    code: "no-selectors",
    wanted: formatFlows([{
      local: hostSelector(path.local.address),
      remote: hostSelector(path.remote.address),
    }]),
    got: formatFlows(flows),
    fix: "write a flow between the two ends themselves, or `tunnel`: transport mode carries nothing else",
  };
}

/** Whether a request asks for transport mode. */
export function asksForTransport(payloads: readonly Payload[]): boolean {
  return findNotify(payloads, NOTIFY.USE_TRANSPORT_MODE) !== undefined;
}

/** The peer asked for transport mode and gets a tunnel (RFC 7296 §1.3.1): the log says so. */
export function logDeclined(
  context: SaContext,
  request: readonly Payload[],
  mode: "tunnel" | "transport",
): void {
  if (mode === "transport" || !asksForTransport(request)) return;
  context.log(
    "notice",
    "Peer asked for transport mode, the policy is for tunnel mode: the Child SA is a tunnel",
  );
}
