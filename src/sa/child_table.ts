/**
 * Life of a Child SA: (state, input) → next state. No entry: the input is not legal there and changes nothing.
 *
 * ```
 *       ┌─────────────────────┐
 *   installed ⇄ rekeying ⇄ rekeyed
 *       └──────────┴──────────┴── deleting ── closed
 * ```
 */
import type { ChildState } from "./child.ts";

/** What happens to a Child SA. */
export type ChildInput =
  /** Our request to replace it went out. */
  | "rekey-started"
  /** That request was refused or lost to the peer's. */
  | "rekey-failed"
  /** Its successor is installed. */
  | "replaced"
  /** The peer deleted its successor; one of ours is to come (RFC 7296 §2.8.1). */
  | "successor-gone"
  /** Our DELETE goes out. */
  | "delete-sent"
  /** Deleted by the peer, answered DELETE, or its IKE SA ended. */
  | "ended";

export const CHILD_STATES: readonly ChildState[] = ["installed", "rekeying", "rekeyed", "deleting", "closed"];

export const CHILD_INPUTS: readonly ChildInput[] = [
  "rekey-started",
  "rekey-failed",
  "replaced",
  "successor-gone",
  "delete-sent",
  "ended",
];

export const CHILD_TABLE: { readonly [S in ChildState]: { readonly [I in ChildInput]?: ChildState } } = {
  "installed": {
    "rekey-started": "rekeying",
    "replaced": "rekeyed",
    "delete-sent": "deleting",
    "ended": "closed",
  },
  "rekeying": {
    "rekey-failed": "installed",
    "replaced": "rekeyed",
    "delete-sent": "deleting",
    "ended": "closed",
  },
  "rekeyed": { "successor-gone": "rekeying", "delete-sent": "deleting", "ended": "closed" },
  "deleting": { "ended": "closed" },
  "closed": {},
};

/** The state after `input`; undefined where the table has no entry. */
export function nextChildState(state: ChildState, input: ChildInput): ChildState | undefined {
  return CHILD_TABLE[state][input];
}

/** Whether some input leads from one state to the other, or they are the same. */
export function childMayBecome(from: ChildState, to: ChildState): boolean {
  return from === to || Object.values(CHILD_TABLE[from]).includes(to);
}
