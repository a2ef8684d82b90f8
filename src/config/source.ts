import { wipe } from "../bytes/mod.ts";

/** One file of the configuration: its name for messages and its octets. */
export class Source {
  /** Parts that messages must not show: passwords and keys, as pairs of start and end in octets. */
  readonly #secrets: (readonly [start: number, end: number])[] = [];

  constructor(readonly name: string, readonly octets: Uint8Array) {}

  /** Keeps octets `start` to `end` (not included) out of every message. */
  hide(start: number, end: number): void {
    this.#secrets.push([start, end]);
  }

  /** The line that starts at this octet, as text with its secrets masked. */
  line(lineStart: number): string {
    const newline = this.octets.indexOf(0x0a, lineStart);
    const lineEnd = newline < 0 ? this.octets.length : newline;
    const copy = this.octets.slice(lineStart, lineEnd);
    for (const [start, end] of this.#secrets) {
      if (start < lineEnd && end > lineStart) {
        copy.fill(0x2a, Math.max(start - lineStart, 0), end - lineStart);
      }
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
