/** What a new configuration does to the SAs that are there: as `iked ctl reload` tells it, values only. */

/**
 * What becomes of an SA: it stays as it is; another one takes its place within the same IKE SA or by a rekey of it;
 * it is negotiated from scratch; it is deleted at the peer.
 */
export type Action = "keep" | "rekey" | "renegotiate" | "delete";

/** One Child SA. */
export interface ChildPlan {
  /** Inbound SPI, 8 hex digits. */
  readonly spiIn: string;
  readonly action: Action;
  readonly reason: string;
}

/** One IKE SA and its Child SAs. */
export interface IkePlan {
  readonly id: number;
  /** The policy that it belongs to now. */
  readonly policy: string;
  readonly peer: string;
  readonly action: Action;
  readonly reason: string;
  readonly children: readonly ChildPlan[];
}

/** How many policies of each kind. */
export interface PolicyCounts {
  readonly unchanged: number;
  readonly renamed: number;
  readonly changed: number;
  readonly added: number;
  readonly removed: number;
}

/** All that a configuration does. */
export interface ReloadPlan {
  readonly policies: PolicyCounts;
  readonly ikeSas: readonly IkePlan[];
  /** Policies without an IKE SA that are started. */
  readonly starts: readonly string[];
}

/** The same in numbers. */
export interface ReloadSummary {
  readonly policies: PolicyCounts;
  readonly ikeSas: Readonly<Record<Action, number>>;
  readonly childSas: Readonly<Record<Action, number>>;
  readonly starts: number;
}

/** Counts a plan. */
export function summaryOf({ policies, ikeSas, starts }: ReloadPlan): ReloadSummary {
  return {
    policies,
    ikeSas: count(ikeSas),
    childSas: count(ikeSas.flatMap(({ children }) => children)),
    starts: starts.length,
  };
}

function count(plans: readonly { readonly action: Action }[]): Record<Action, number> {
  const counts = { keep: 0, rekey: 0, renegotiate: 0, delete: 0 };
  for (const { action } of plans) counts[action]++;
  return counts;
}
