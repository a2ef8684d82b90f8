/** The control socket: octets of a client, in pieces, into lines and requests; and what a daemon says to a client. */
import assert from "node:assert/strict";
import { LineSplitter, parseReply, parseRequest, requestLine } from "../../../src/control/mod.ts";
import { damagedText, octetsOf } from "../corpus.ts";
import type { Episode, Target } from "../target.ts";

const LIMIT = 512;

const LINES = octetsOf([
  ...[
    { method: "show.sa" },
    { method: "show.datapath" },
    { method: "monitor" },
    { method: "reset", params: { what: "all" } },
    { method: "log", params: { level: "verbose" } },
    { method: "mode", params: { active: false } },
    { method: "couple", params: { coupled: true } },
    { method: "load", params: { file: "/etc/iked.conf" } },
  ].map((request, id) => `${JSON.stringify({ jsonrpc: "2.0", id, ...request })}\n`),
  '{"jsonrpc":"2.0","id":1,"result":{"version":1,"ikeSas":[]}}\n',
  '{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"no"}}\n',
  '{"jsonrpc":"2.0","method":"event","params":{"event":"log"}}\n',
]);

const WORDS = octetsOf([
  ...'{ } [ ] : , " \\ \n null true false 0 -1 1e999 "id": "method": "params": "jsonrpc":"2.0" "what":"sa" \\u0000 \\ud800'
    .split(" "),
  '"__proto__":{"what":"all"},',
  '"constructor"',
  '"toString"',
  '"id":{},',
  '"id":null,',
  "\n\n",
  "\0",
  "\xff",
  "[".repeat(200),
  '{"a":'.repeat(60),
  "x".repeat(LIMIT),
]);

/** One connection: what is held of a line stays there for the next input, as on a socket. */
class Connection implements Episode {
  readonly #lines = new LineSplitter(LIMIT);
  over = false;

  feed(input: Uint8Array): string {
    let word = "piece";
    const middle = input.length >> 1;
    for (const piece of [input.subarray(0, middle), input.subarray(middle)]) {
      const lines = this.#lines.push(piece);
      if (lines === undefined) {
        this.over = true;
        return "too long";
      }
      assert.ok(this.#lines.held <= LIMIT);
      for (const line of lines) word = take(line);
    }
    return word;
  }
}

function take(line: Uint8Array): string {
  assert.ok(line.length <= LIMIT && !line.includes(10));
  parseReply(line);
  const parsed = parseRequest(line);
  if (!parsed.ok) {
    const { id, error } = parsed.error;
    assert.ok(id === null || typeof id === "string" || Number.isFinite(id));
    assert.ok(error.message !== "" && error.code < 0);
    return "refused";
  }
  const again = parseRequest(new TextEncoder().encode(requestLine(7, parsed.value.request).trimEnd()));
  assert.deepEqual(again, { ok: true, value: { id: 7, request: parsed.value.request } });
  return "request";
}

export default function load(): Target {
  return {
    name: "control",
    says: "damaged lines into the control socket's protocol, at both ends",
    inputs: 100,
    reaches: ["request", "refused", "too long"],
    generate: (rng) => rng.chance(0.3) ? LINES[rng.below(LINES.length)]! : damagedText(LINES, WORDS, rng),
    open: () => new Connection(),
  };
}
