/** Numbers that tie SAs to policies. Those of this daemon come from two ranges, so that its leftovers can be told. */
import type { KernelSa } from "./values.ts";

/** Numbers in a row. The last one is the probe's. */
export interface ReqidRange {
  readonly first: number;
  readonly count: number;
}

/** Nobody else takes these. */
export const WIDE_REQIDS: ReqidRange = { first: 0x1ced_0000, count: 0x10000 };
/** For an interface that has only small numbers. Others may take them, too: an SA of ours carries a mark besides. */
export const SMALL_REQIDS: ReqidRange = { first: 0x3000, count: 0x1000 };
/** The mark: a soft limit, in seconds since the first use (15 years), that nobody else would ask for. */
export const SMALL_REQID_MARK = 0x1ced_0000n;

function has({ first, count }: ReqidRange, reqid: number): boolean {
  return reqid >= first && reqid < first + count;
}

/** Whether an SA is this daemon's, or was an earlier one's, by whichever interface it came. */
export function isOwnSa({ reqid, limits }: Pick<KernelSa, "reqid" | "limits">): boolean {
  return has(WIDE_REQIDS, reqid) ||
    (has(SMALL_REQIDS, reqid) && limits?.softUseSeconds === SMALL_REQID_MARK);
}

/** The number of the SA that is made to see whether the kernel can. */
export function probeReqid({ first, count }: ReqidRange): number {
  return first + count - 1;
}

/** A number for each thing that wants one, the same for the same thing, until nobody wants it. */
export class Reqids {
  readonly #byKey = new Map<string, { readonly reqid: number; users: number }>();
  readonly #taken = new Set<number>();
  readonly #range: ReqidRange;
  #next: number;

  constructor(range: ReqidRange) {
    this.#range = range;
    this.#next = range.first;
  }

  /** The number of `key`; undefined where all are taken. Each call wants one `release`. */
  take(key: string): number | undefined {
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.users++;
      return known.reqid;
    }
    if (this.#taken.size === this.#range.count - 1) return undefined;
    while (this.#taken.has(this.#next)) this.#advance();
    const reqid = this.#next;
    this.#advance();
    this.#taken.add(reqid);
    this.#byKey.set(key, { reqid, users: 1 });
    return reqid;
  }

  release(key: string): void {
    const known = this.#byKey.get(key);
    if (known === undefined || --known.users > 0) return;
    this.#byKey.delete(key);
    this.#taken.delete(known.reqid);
  }

  #advance(): void {
    this.#next = this.#next + 1 === probeReqid(this.#range) ? this.#range.first : this.#next + 1;
  }
}
