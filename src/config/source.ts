import { wipe } from "../bytes/mod.ts";

/** Octets `start` to `end` (not included). */
interface Part {
  readonly start: number;
  readonly end: number;
  /** The farthest end of this one and all that start before it. */
  readonly reach: number;
}

function byStart(parts: readonly Part[]): readonly Part[] {
  let reach = 0;
  return parts.toSorted((a, b) => a.start - b.start).map(({ start, end }) => {
    reach = Math.max(reach, end);
    return { start, end, reach };
  });
}

/** Where in a list, whose first ones do not and whose others do, the first one does. */
function firstWhere(parts: readonly Part[], does: (part: Part) => boolean): number {
  let low = 0, high = parts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (does(parts[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** One file of the configuration: its name for messages and its octets. */
export class Source {
  /** Parts that messages must not show: passwords and keys. */
  readonly #secrets: Part[] = [];
  /** The same by their starts; absent where one has come since. */
  #sorted: readonly Part[] | undefined;

  constructor(readonly name: string, readonly octets: Uint8Array) {}

  /** Keeps octets `start` to `end` (not included) out of every message. */
  hide(start: number, end: number): void {
    this.#secrets.push({ start, end, reach: end });
    this.#sorted = undefined;
  }

  /** The parts that may have octets of `from` to `to`: among many, those are found by halving. */
  #secretsIn(from: number, to: number): readonly Part[] {
    this.#sorted ??= byStart(this.#secrets);
    const first = firstWhere(this.#sorted, ({ reach }) => reach > from);
    const behind = firstWhere(this.#sorted, ({ start }) => start >= to);
    return this.#sorted.slice(first, behind);
  }

  /** The line that starts at this octet, as text with its secrets masked. */
  line(lineStart: number): string {
    const newline = this.octets.indexOf(0x0a, lineStart);
    const lineEnd = newline < 0 ? this.octets.length : newline;
    const copy = this.octets.slice(lineStart, lineEnd);
    for (const { start, end } of this.#secretsIn(lineStart, lineEnd)) {
      if (end > lineStart) copy.fill(0x2a, Math.max(start - lineStart, 0), end - lineStart);
    }
    return new TextDecoder().decode(copy);
  }

  /** Overwrites the octets; positions stay valid. */
  wipe(): void {
    wipe(this.octets);
  }
}

/** Where in a file something stands. Line and column count from 1, the column in characters. */
export interface Place {
  readonly source: Source;
  readonly line: number;
  readonly column: number;
  /** Octet at which the line starts. */
  readonly lineStart: number;
  /** The macro that stands there, and where it was defined unless on the command line. */
  readonly macro?: { readonly name: string; readonly place: Place | undefined };
}
