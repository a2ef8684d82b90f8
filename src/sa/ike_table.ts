/**
 * Life of an IKE SA: (state, input) → next state. No entry: the input is not legal there and changes nothing.
 *
 * ```
 *   init-sent ── auth-sent ──┐                  ┌─ rekeyed ─┐
 *                            ├── established ───┤           ├─ closed
 *              half-open ────┘        ⇅         └─ deleting ┘
 *                                  rekeying
 * ```
 */
import type { IkeState } from "./ike.ts";

/** What happens to an IKE SA. */
export type IkeInput =
  /** Keys derived from the IKE_SA_INIT response. */
  | "keyed"
  /** IKE_AUTH verified on both sides. */
  | "authenticated"
  /** Our request to replace it went out. */
  | "rekey-started"
  /** That request was refused or lost to the peer's. */
  | "rekey-failed"
  /** Its successor is there. */
  | "replaced"
  /** Our DELETE goes out. */
  | "delete-sent"
  /** Deleted by the peer, answered DELETE, time-out, refused, or closed without a word. */
  | "ended";

export const IKE_STATES: readonly IkeState[] = [
  "init-sent",
  "auth-sent",
  "half-open",
  "established",
  "rekeying",
  "rekeyed",
  "deleting",
  "closed",
];

export const IKE_INPUTS: readonly IkeInput[] = [
  "keyed",
  "authenticated",
  "rekey-started",
  "rekey-failed",
  "replaced",
  "delete-sent",
  "ended",
];

export const IKE_TABLE: { readonly [S in IkeState]: { readonly [I in IkeInput]?: IkeState } } = {
  "init-sent": { "keyed": "auth-sent", "ended": "closed" },
  "auth-sent": { "authenticated": "established", "ended": "closed" },
  "half-open": { "authenticated": "established", "ended": "closed" },
  "established": {
    "rekey-started": "rekeying",
    "replaced": "rekeyed",
    "delete-sent": "deleting",
    "ended": "closed",
  },
  "rekeying": {
    "rekey-failed": "established",
    "replaced": "rekeyed",
    "delete-sent": "deleting",
    "ended": "closed",
  },
  "rekeyed": { "delete-sent": "deleting", "ended": "closed" },
  "deleting": { "ended": "closed" },
  "closed": {},
};

/** The state after `input`; undefined where the table has no entry. */
export function nextIkeState(state: IkeState, input: IkeInput): IkeState | undefined {
  return IKE_TABLE[state][input];
}

/** Whether some input leads from one state to the other, or they are the same. */
export function ikeMayBecome(from: IkeState, to: IkeState): boolean {
  return from === to || Object.values(IKE_TABLE[from]).includes(to);
}
