import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type ControlRequest,
  errorLine,
  eventLine,
  parseReply,
  parseRequest,
  requestLine,
  resultLine,
  RPC_ERROR,
} from "../../src/control/mod.ts";

const encoder = new TextEncoder();
const parse = (text: string) => parseRequest(encoder.encode(text));

function refusal(text: string | Uint8Array): { id: unknown; code: number; message: string } {
  const parsed = typeof text === "string" ? parse(text) : parseRequest(text);
  assert.ok(!parsed.ok);
  return { id: parsed.error.id, ...parsed.error.error };
}

const REQUESTS: readonly ControlRequest[] = [
  { method: "show.sa" },
  { method: "show.datapath" },
  { method: "monitor" },
  { method: "reset", params: { what: "all" } },
  { method: "reset", params: { what: "sa" } },
  { method: "log", params: { level: "brief" } },
  { method: "log", params: { level: "verbose" } },
  { method: "mode", params: { active: true } },
  { method: "mode", params: { active: false } },
  { method: "couple", params: { coupled: true } },
  { method: "couple", params: { coupled: false } },
  { method: "reload", params: { plan: false } },
  { method: "reload", params: { plan: true } },
  { method: "load", params: { file: "/etc/other.conf", plan: false } },
];

Deno.test("parseRequest: every request reads back from its line", () => {
  for (const request of REQUESTS) {
    const line = requestLine(7, request);
    assert.ok(line.endsWith("\n") && line.indexOf("\n") === line.length - 1);
    assert.deepEqual(parse(line), { ok: true, value: { id: 7, request } });
  }
});

Deno.test("parseRequest: no JSON, broken UTF-8 and an empty line are parse errors with id null", () => {
  for (
    const line of ["hello", "", "{", "\0\x01"].map((text) => encoder.encode(text)).concat(
      new Uint8Array([0xff]),
    )
  ) {
    assert.deepEqual(refusal(line).code, RPC_ERROR.PARSE);
    assert.equal(refusal(line).id, null);
  }
});

Deno.test("parseRequest: JSON that is no request is invalid, and its id is told where it has one", () => {
  const cases: readonly [string, unknown][] = [
    ["[]", null],
    ["null", null],
    ["1", null],
    ['{"jsonrpc":"2.0","method":"show.sa"}', null],
    ['{"jsonrpc":"2.0","id":{},"method":"show.sa"}', null],
    ['{"jsonrpc":"1.0","id":1,"method":"show.sa"}', 1],
    ['{"id":"x","method":"show.sa"}', "x"],
    ['{"jsonrpc":"2.0","id":2}', 2],
    ['{"jsonrpc":"2.0","id":3,"method":"show.sa","params":[]}', 3],
  ];
  for (const [line, id] of cases) {
    assert.equal(refusal(line).code, RPC_ERROR.INVALID_REQUEST, line);
    assert.equal(refusal(line).id, id, line);
  }
});

Deno.test("parseRequest: unknown methods and those that are not there yet are told apart", () => {
  const call = (method: string) => refusal(JSON.stringify({ jsonrpc: "2.0", id: 1, method }));
  assert.equal(call("toString").message, "Unknown method");
  assert.equal(call("reloaded").message, "Unknown method");
  assert.equal(call("constructor").code, RPC_ERROR.UNKNOWN_METHOD);
});

Deno.test("parseRequest: parameters that do not fit name what would", () => {
  const call = (method: string, params: unknown) =>
    refusal(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  assert.deepEqual(call("reset", { what: "policy" }), {
    id: 1,
    code: RPC_ERROR.INVALID_PARAMS,
    message: '"what" must be one of "all", "sa"',
  });
  assert.equal(call("mode", {}).message, '"active" must be one of true, false');
  assert.equal(call("mode", { active: "true" }).code, RPC_ERROR.INVALID_PARAMS);
  assert.equal(call("log", { level: ["brief"] }).code, RPC_ERROR.INVALID_PARAMS);
});

Deno.test("parseRequest: nothing in a line makes it throw", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (line) => void parseRequest(line)));
  fc.assert(fc.property(fc.json(), (line) => void parse(line)));
  const field = fc.oneof(fc.jsonValue(), fc.constantFrom("2.0", "reset", "mode", "show.sa"));
  fc.assert(fc.property(
    fc.record({ jsonrpc: field, id: field, method: field, params: field }, { requiredKeys: [] }),
    (value) => void parse(JSON.stringify(value)),
  ));
  assert.equal(parse("[".repeat(1 << 20)).ok, false);
});

Deno.test("parseReply: answers, refusals and events read back; anything else is no reply", () => {
  const read = (line: string) => parseReply(encoder.encode(line));
  assert.deepEqual(read(resultLine(1, { version: 1 })), { kind: "result", result: { version: 1 } });
  const error = { code: RPC_ERROR.REFUSED, message: "No" };
  assert.deepEqual(read(errorLine(null, error)), { kind: "error", error });
  assert.deepEqual(read(eventLine({ event: "log" })), { kind: "event", event: { event: "log" } });
  for (const line of ["", "x", "1", "{}", '{"error":1}', '{"error":{"code":"1","message":"m"}}']) {
    assert.equal(read(line), undefined);
  }
});

Deno.test("parseRequest: `plan` may be left out, a file has an absolute path", () => {
  const call = (method: string, params?: unknown) =>
    parse(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  for (const params of [undefined, {}]) {
    assert.deepEqual(call("reload", params), {
      ok: true,
      value: { id: 1, request: { method: "reload", params: { plan: false } } },
    });
  }
  assert.equal(call("reload", { plan: "yes" }).ok, false);
  for (const file of [undefined, 7, "", "iked.conf", "-", "/etc/a\0b"]) {
    const parsed = call("load", { file });
    assert.ok(!parsed.ok && parsed.error.error.code === RPC_ERROR.INVALID_PARAMS, String(file));
  }
});

Deno.test("parseReply: what is wrong in a configuration comes with the error, and nothing that is no text", () => {
  const text = "iked.conf:1:2: error: example";
  const told = { severity: "error", message: "example", text } as const;
  const line = errorLine(1, { code: RPC_ERROR.REFUSED, message: "no", data: { diagnostics: [told] } });
  const error = { code: RPC_ERROR.REFUSED, message: "no", data: { diagnostics: [told] } };
  assert.deepEqual(parseReply(encoder.encode(line)), { kind: "error", error });
  for (const data of [7, {}, { diagnostics: 7 }]) {
    const other = JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: 1, message: "no", data } });
    assert.deepEqual(parseReply(encoder.encode(other)), { kind: "error", error: { code: 1, message: "no" } });
  }
});
