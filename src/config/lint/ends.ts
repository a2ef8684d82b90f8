/** W020: two ends of a tunnel that are one. */
import { addressBits } from "../../ip/mod.ts";
import { sameIdentity } from "../../policy/identity.ts";
import type { HostSpec } from "../../policy/types.ts";
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import type { Subject } from "./subject.ts";

function sameHost(a: HostSpec, b: HostSpec): boolean {
  if (a.kind === "name") return b.kind === "name" && a.name === b.name;
  if (a.kind !== "network" || b.kind !== "network") return false;
  const [left, right] = [a.prefix, b.prefix];
  const bits = addressBits(left.address.family);
  return left.length === bits && right.length === bits && left.address.family === right.address.family &&
    left.address.value === right.address.value;
}

/** Warns of policies whose two addresses, or two identities, are the same. */
export function lintEnds(subjects: readonly Subject[], diagnostics: Diagnostics): void {
  for (const { policy, node } of subjects) {
    if (node.local !== undefined && node.peer !== undefined && sameHost(policy.local, policy.peer)) {
      diagnostics.warn(WARNINGS.sameEnds, node.peer.place, "peer and local are the same host");
    }
    if (
      node.dstid !== undefined && policy.peerId !== undefined && sameIdentity(policy.localId, policy.peerId)
    ) {
      diagnostics.warn(
        WARNINGS.sameEnds,
        node.dstid.place,
        "dstid is our own identity: the peer has to have another",
      );
    }
  }
}
