import assert from "node:assert/strict";
import { awaitLastWords, formatLastWords, RuntimeText } from "../../cli/daemon/last_words.ts";

/** What the text comes to, written in these pieces: the last words, after how many pieces, and the lines before. */
function heard(pieces: readonly string[]) {
  const text = new RuntimeText(), lines: string[] = [];
  for (const [i, piece] of pieces.entries()) {
    const words = text.take(new TextEncoder().encode(piece));
    lines.push(...text.takeLines());
    if (words !== undefined) return { says: formatLastWords(words), left: pieces.length - i - 1, lines };
  }
  return { lines };
}

// As Deno 2.5.7 and 2.9.6 write them, a string for each write(2).
const HEAP_FULL = [
  "\n<--- Last few GCs --->\n\n[77:0x7f3438060000]     3478 ms: Mark-Compact (reduce) 257.7 (258.5) -> 257.7\n\n",
  "\n\n#\n# Fatal JavaScript out of memory: Reached heap limit\n#",
  "\n",
  "==== C stack trace ===============================\n",
  "\n",
  "    ",
];
const NO_PAGES = ["\n\n#\n# Fatal process out of memory: Zone\n#", "\n", "==== C stack trace ====\n", "\n"];
const TOO_BIG = [
  "\n\n#\n# Fatal error with no security impact:\n# ",
  "Fatal JavaScript invalid size error 268435457 (see crbug.com/1201626)",
  "\n#\n",
  "\n",
  "==== C stack trace ===============================\n",
];
const PANIC = [
  "\n============================================================\n",
  "Deno has panicked. This is a bug in Deno. Please report this\n",
  "at https://github.com/denoland/deno/issues/new.\n",
  "Args: ",
  "[",
  '"',
  "iked",
  '"',
  "]",
  "\n",
  "\nthread 'worker-1' (77) panicked at cli/main.rs:546:5:\nFatal error in :0: Fatal JavaScript invalid size error 9\n",
  "stack backtrace:\n",
  "note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\n",
];
// As Rust's standard library does.
const NO_MEMORY = ["memory allocation of ", "1073741824", " bytes failed", "\n"];

Deno.test("last words: each of the runtime's ends is understood two writes before its own end at the latest", () => {
  const failed = "failed: Fatal JavaScript invalid size error 268435457 (see crbug.com/1201626)";
  const panicked = "failed: Fatal error in :0: Fatal JavaScript invalid size error 9";
  assert.deepEqual(heard(HEAP_FULL), { says: "is out of memory: Reached heap limit", left: 4, lines: [] });
  assert.deepEqual(heard(NO_PAGES), { says: "is out of memory: Zone", left: 3, lines: [] });
  assert.deepEqual(heard(TOO_BIG), { says: failed, left: 3, lines: [] });
  assert.deepEqual(heard(PANIC), { says: panicked, left: 2, lines: [] });
  assert.deepEqual(heard(NO_MEMORY), { says: "is out of memory: memory allocation of", left: 3, lines: [] });
});

Deno.test("last words: any other line is told as it is, whole and without colours", () => {
  const pieces = ["\x1b[33mWarning\x1b[0m", " old", "er\n\nsecond\n=====\nhalf"];
  assert.deepEqual(heard(pieces), { lines: ["Warning older", "second"] });
  assert.deepEqual(heard([...pieces, "\n", ...HEAP_FULL]).lines, ["Warning older", "second", "half"]);
});

Deno.test("last words: an end that gives no reason is one within bounds", () => {
  const endless = heard(["# Fatal ", ...Array.from({ length: 2000 }, () => "x".repeat(100))]);
  assert.equal(endless.says, "failed: no reason given");
  assert.deepEqual(endless.lines, []);
});

Deno.test("last words: nothing is read after them", async () => {
  const pieces = HEAP_FULL.map((piece) => new TextEncoder().encode(piece));
  const words = await awaitLastWords(() => Promise.resolve(pieces.shift()!), () => {});
  assert.deepEqual(words, { outOfMemory: true, reason: "Reached heap limit" });
  assert.equal(pieces.length, 4);
});
