/**
 * Two peers behind one NAT in transport mode (RFC 3948 §5.2): both have the NAT's address, so where their traffic is the
 * same nobody could tell for which of them a packet is.
 */
import { fail, type Result } from "../../bytes/mod.ts";
import { sameIdentity } from "../../policy/mod.ts";
import { type ChildSa, isAuthenticated, type PeerIdentity } from "../../sa/mod.ts";
import { intersect, type TrafficSelector } from "../../selector/mod.ts";
import type { SaContext } from "../context.ts";
import type { Failure } from "../reasons.ts";
import type { ChildMatch } from "./answer.ts";

function meet(some: readonly TrafficSelector[], others: readonly TrafficSelector[]): boolean {
  return some.some((one) => others.some((other) => intersect(one, other) !== undefined));
}

/**
 * Whether another peer has a Child SA for some of the traffic that is agreed on with this one. Looked at again before it
 * is taken into the state, for another one may have been faster meanwhile.
 */
export function isShared(
  context: SaContext,
  peerId: PeerIdentity,
  child: Pick<ChildMatch, "mode" | "lists">,
): boolean {
  if (child.mode === "tunnel" || !context.sa.nat.remote) return false;
  const { tsi, tsr } = child.lists;
  for (const { sa } of context.world.contexts()) {
    if (!isAuthenticated(sa) || sameIdentity(sa.peerId, peerId)) continue;
    for (const { mode, localSelectors, remoteSelectors } of sa.children.values()) {
      if (mode === "transport" && meet(localSelectors, tsr) && meet(remoteSelectors, tsi)) return true;
    }
  }
  return false;
}

/** The match, unless another peer has some of its traffic: that one keeps it. */
export function unlessShared(
  context: SaContext,
  peerId: PeerIdentity,
  match: Result<ChildMatch, Failure>,
): Result<ChildMatch, Failure> {
  return match.ok && isShared(context, peerId, match.value) ? fail({ code: "nat-conflict" }) : match;
}

/** Takes out again what was installed while another peer was faster. */
export async function giveUpShared(
  context: SaContext,
  { id, spiIn }: ChildSa,
): Promise<Result<never, Failure>> {
  await context.world.datapath.remove([id]);
  context.world.inboundSpis.release(spiIn);
  return fail({ code: "nat-conflict" });
}
