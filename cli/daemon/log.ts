/** The daemon's log: `iked: LEVEL: text` on stderr, or syslog by way of role net. */
import { type LogLine, printable } from "../../src/control/mod.ts";
import type { LogLevel } from "../../src/engine/types.ts";
import type { SyslogLine } from "./ports.ts";

/** Levels and the severity of RFC 5424 that each one is. */
const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, notice: 5, warning: 4, error: 3 };

/** Writes whole lines to stderr; once nobody reads it there is nobody to tell. */
export function writeError(text: string): void {
  const octets = new TextEncoder().encode(`${text}\n`);
  try {
    for (let at = 0; at < octets.length;) at += Deno.stderr.writeSync(octets.subarray(at));
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
