/** Numbers that tie SAs to policies. Those of this daemon come from one range, so that its leftovers can be told. */

/** The first one, and how many there are. */
const FIRST = 0x1ced_0000;
const COUNT = 0x10000;

/** The number of the SA that is made to see whether the kernel can. */
export const OWN_PROBE = FIRST + COUNT - 1;

/** Whether an SA or template with this number is this daemon's, or was an earlier one's. */
export function isOwnReqid(reqid: number): boolean {
  return reqid >= FIRST && reqid < FIRST + COUNT;
}

/** A number for each thing that wants one, the same for the same thing, until nobody wants it. */
export class Reqids {
  readonly #byKey = new Map<string, { readonly reqid: number; users: number }>();
  readonly #taken = new Set<number>();
  #next = FIRST;

  /** The number of `key`; undefined where all are taken. Each call wants one `release`. */
  take(key: string): number | undefined {
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.users++;
      return known.reqid;
    }
    if (this.#taken.size === COUNT - 1) return undefined;
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
    this.#next = this.#next + 1 === OWN_PROBE ? FIRST : this.#next + 1;
  }
}
