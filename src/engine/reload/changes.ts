/** What of a policy has changed, by what it means for the SAs that were made by it. */
import type { Policy } from "../../policy/mod.ts";
import { sameValue, textOf } from "../same.ts";

/**
 * What a field concerns: `none` an SA that is there; `ike-lifetime` when the IKE SA is replaced; `suite` with what a
 * Child SA is replaced; `child` what a Child SA is; `hosts` between whom the IKE SA is; `ike` who the peers are and how
 * they agreed on it.
 */
export type Concern = "none" | "ike-lifetime" | "suite" | "child" | "hosts" | "ike";

interface Field {
  readonly concern: Concern;
  /** What iked.conf(5) calls it. */
  readonly word: string;
}

/** A field that is not here concerns the IKE SA: to negotiate once too often is no harm. */
const FIELDS: { readonly [Name in keyof Policy]?: Field } = {
  name: { concern: "none", word: "name" },
  where: { concern: "none", word: "line" },
  evaluation: { concern: "none", word: "evaluation" },
  mode: { concern: "none", word: "mode" },
  ikeLifetimeMs: { concern: "ike-lifetime", word: "ikelifetime" },
  childLifetime: { concern: "suite", word: "lifetime" },
  childProposals: { concern: "suite", word: "childsa" },
  flows: { concern: "child", word: "from/to" },
  encapsulation: { concern: "child", word: "esp/ah" },
  tunnelMode: { concern: "child", word: "tunnel/transport" },
  ipcomp: { concern: "child", word: "ipcomp" },
  rdomain: { concern: "child", word: "rdomain" },
  tag: { concern: "child", word: "tag" },
  tap: { concern: "child", word: "tap" },
  iface: { concern: "child", word: "iface" },
  local: { concern: "hosts", word: "local" },
  peer: { concern: "hosts", word: "peer" },
  ikeProposals: { concern: "ike", word: "ikesa" },
  localId: { concern: "ike", word: "srcid" },
  peerId: { concern: "ike", word: "dstid" },
  auth: { concern: "ike", word: "authentication" },
  forceNatt: { concern: "ike", word: "natt" },
};

function fieldOf(name: keyof Policy): Field {
  return FIELDS[name] ?? { concern: "ike", word: name };
}

/** Fields in which two policies differ: the words of each concern, `none` left out. */
export function changesOf(from: Policy, to: Policy): ReadonlyMap<Concern, readonly string[]> {
  const changes = new Map<Concern, string[]>();
  if (from === to) return changes;
  const compare = (name: keyof Policy) => {
    const { concern, word } = fieldOf(name);
    if (concern === "none" || sameValue(from[name], to[name])) return;
    changes.set(concern, [...changes.get(concern) ?? [], word]);
  };
  for (const name in from) compare(name as keyof Policy);
  for (const name in to) if (!(name in from)) compare(name as keyof Policy);
  return changes;
}

/** All of a policy that concerns SAs, equal only for policies between which `changesOf` finds nothing. */
export function contentOf(policy: Policy): string {
  let text = "";
  for (const name in policy) {
    if (fieldOf(name as keyof Policy).concern !== "none") {
      text += `${name}=${textOf(policy[name as keyof Policy])};`;
    }
  }
  return text;
}
