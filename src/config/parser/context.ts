import type { Source } from "../source.ts";

/** What parsing needs besides the file. */
export interface ParseContext {
  /** Macros of the command line. */
  readonly macros: ReadonlyMap<string, string>;
  /**
   * Reads the file that an `include` names, relative to the one it stands in. A string is the reason why not. The
   * chain has the files that are being read, the first one first.
   */
  readonly include: (path: string, chain: readonly Source[]) => Source | string;
  /**
   * Octets of the file that `psk file` names; they become the parser's. A string is the reason why not. Absent: no
   * such file can be read.
   */
  readonly readKey?: (path: string, chain: readonly Source[]) => Uint8Array | string;
}
