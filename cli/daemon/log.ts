/** The daemon's log: `iked: LEVEL: text` on stderr, or syslog by way of role net. */
import { type LogLine, printable } from "../../src/control/mod.ts";
import type { LogLevel } from "../../src/engine/types.ts";
import type { SyslogLine } from "./ports.ts";

/** Levels and the severity of RFC 5424 that each one is. */
const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, notice: 5, warning: 4, error: 3 };

let writeOctets = (octets: Uint8Array<ArrayBuffer>): void => {
  for (let at = 0; at < octets.length;) at += Deno.stderr.writeSync(octets.subarray(at));
};

/** From now on `writeError` writes there instead of stderr. */
export function redirectErrors(write: (octets: Uint8Array<ArrayBuffer>) => void): void {
  writeOctets = write;
}

/** Writes whole lines for the user who started us; once nobody reads them there is nobody to tell. */
export function writeError(text: string): void {
  try {
    writeOctets(new TextEncoder().encode(`${text}\n`));
  } catch {
    return;
  }
}

/** Where lines go that are due, and from which level on they are. */
export class Log {
  /** `log verbose`: everything; else from `info` on. */
  verbose: boolean;
  #syslog: ((lines: readonly SyslogLine[]) => void) | undefined;

  constructor(verbose: boolean) {
    this.verbose = verbose;
  }

  /** From now on lines go there instead of stderr. */
  toSyslog(send: (lines: readonly SyslogLine[]) => void): void {
    this.#syslog = send;
  }

  write(...lines: readonly LogLine[]): void {
    const due = lines.filter(({ level }) => this.verbose || level !== "debug");
    if (due.length === 0) return;
    const texts = due.map(({ level, text }) => ({
      severity: SEVERITY[level],
      text: `${level}: ${printable(text)}`,
    }));
    if (this.#syslog !== undefined) this.#syslog(texts);
    else writeError(texts.map(({ text }) => `iked: ${text}`).join("\n"));
  }
}
