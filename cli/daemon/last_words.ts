/**
 * What the runtime says on standard error. V8 that is out of memory, or a panic of Deno's, writes many lines there and
 * then ends the process without a word of ours. The thread that says it does not come back; what it says is enough to
 * take the daemon down with one line.
 */

/** The end of a thread, as the runtime says it. */
export interface LastWords {
  readonly outOfMemory: boolean;
  /** The runtime's own reason, one line. */
  readonly reason: string;
}

/** How V8 and Deno say what they die of. More writes follow each of these, in which the thread is held. */
const LAST_WORDS: readonly (readonly [pattern: RegExp, outOfMemory: boolean])[] = [
  [/^# Fatal (?:JavaScript|process) out of memory: ([^\n]+)/m, true],
  [/^# Fatal error[^\n]*\n# ([^\n]+)/m, false],
  [/^thread '[^\n]* panicked at [^\n]*\n([^\n]+)/m, false],
  [/^(memory allocation of[^\n]*)/m, true],
];

/** What comes before: from there on nothing is an ordinary line. */
const DYING = /^(<--- Last few GCs|# Fatal|Deno has panicked|thread '[^\n]* panicked)/m;

/** No reason within so much is reason enough. */
const MOST = 65_536;

// deno-lint-ignore no-control-regex
const COLOURS = /\x1b\[[0-9;]*m/g;

/** Takes what the runtime writes, in the pieces that it writes. */
export class RuntimeText {
  readonly #decoder = new TextDecoder();
  #text = "";
  #lines: string[] = [];

  /** Takes a piece; last words as soon as they are understood: no more may be read then, for the thread goes on. */
  take(piece: Uint8Array): LastWords | undefined {
    this.#text += this.#decoder.decode(piece, { stream: true }).replace(COLOURS, "");
    for (const [pattern, outOfMemory] of LAST_WORDS) {
      const reason = pattern.exec(this.#text)?.[1]?.trim();
      if (reason !== undefined) return { outOfMemory, reason };
    }
    if (!DYING.test(this.#text)) {
      const lines = this.#text.split("\n");
      this.#text = lines.pop()!;
      this.#lines.push(...lines.filter((line) => !/^[\s=#]*$/.test(line)));
    }
    return this.#text.length > MOST ? { outOfMemory: false, reason: "no reason given" } : undefined;
  }

  /** Whole lines since the last call that are nobody's last words. */
  takeLines(): readonly string[] {
    return this.#lines.splice(0);
  }
}

/** Reads until somebody's last words, which it returns; other lines are told on the way. */
export async function awaitLastWords(
  read: () => Promise<Uint8Array>,
  tell: (line: string) => void,
): Promise<LastWords> {
  const text = new RuntimeText();
  for (;;) {
    const words = text.take(await read());
    text.takeLines().forEach(tell);
    if (words !== undefined) return words;
  }
}

/** The daemon's words for them. */
export function formatLastWords({ outOfMemory, reason }: LastWords): string {
  return `${outOfMemory ? "is out of memory" : "failed"}: ${reason}`;
}
