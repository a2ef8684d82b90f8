/**
 * Role net's watch over main. Main watches the roles; when main itself hangs or runs out of memory, only a role that
 * has libc can still say so and end the process.
 */
import { cString, type Libc, PacketReader, writeAll } from "../../../ffi/libc/mod.ts";
import { formatLastWords, RuntimeText } from "../last_words.ts";
import type { MainWatchPlan } from "../ports.ts";
import { Syslog } from "./syslog.ts";

/** After so many intervals without a ping, what the runtime says is read here: main seems not to do it. */
const PATIENCE = 3;

export class MainWatch {
  readonly #libc: Libc;
  readonly #plan: MainWatchPlan;
  readonly #reader: PacketReader;
  readonly #text = new RuntimeText();
  #silent = 0;

  constructor(libc: Libc, plan: MainWatchPlan) {
    this.#libc = libc;
    this.#plan = plan;
    this.#reader = new PacketReader(libc, plan.words);
  }

  /** Main pinged. */
  heard(): void {
    this.#silent = 0;
  }

  /** An interval is over. It is these that are counted: a process that was stopped as a whole has not been silent. */
  check(): void {
    const { pingIntervalMs, silenceMs } = this.#plan;
    if (++this.#silent < PATIENCE) return;
    for (let piece; (piece = this.#reader.take()) !== undefined;) {
      const words = this.#text.take(piece);
      if (words !== undefined) return this.#end(`main does not answer and ${formatLastWords(words)}`);
    }
    const silentMs = this.#silent * pingIntervalMs;
    if (silentMs > silenceMs) this.#end(`main hangs: no ping for ${Math.round(silentMs / 1000)} s`);
  }

  #end(fault: string): void {
    const { c } = this.#libc, { out, socket } = this.#plan;
    const text = `error: ${fault}`;
    try {
      if (out === undefined) new Syslog(this.#libc).write([{ severity: 3, text }]);
      else writeAll(this.#libc, out, new TextEncoder().encode(`iked: ${text}\n`));
    } finally {
      c.unlink(cString(socket));
      c._exit(1);
    }
  }
}
