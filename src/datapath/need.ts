import type { ChildSuite } from "../crypto/suite.ts";
import type { Family } from "../ip/mod.ts";

/** What a Child SA of a configuration may come to: what a data path is asked whether it can. */
export interface ChildNeed {
  readonly suite: ChildSuite;
  /** Family of the outer addresses. */
  readonly family: Family;
  /** Packets are compressed where the peer agrees (RFC 3173). */
  readonly ipcomp?: true;
}
