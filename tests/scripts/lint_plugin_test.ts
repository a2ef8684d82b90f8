import assert from "node:assert/strict";
import plugin from "../../scripts/lint_plugin.ts";
import { importFault, reachable, ROOMS } from "../../scripts/rooms.ts";

/** The messages of the house rules for a source text under a file name. */
function lint(file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, file, source).map((found) => found.message);
}

Deno.test("rooms: dependencies point one way", () => {
  for (const room of Object.keys(ROOMS) as (keyof typeof ROOMS)[]) {
    for (const other of reachable(room)) {
      if (other !== room) {
        assert.ok(!reachable(other as keyof typeof ROOMS).has(room), `${room} <-> ${other}`);
      }
    }
  }
});

Deno.test("importFault: a room reaches what it may and nothing else", () => {
  assert.equal(importFault("/x/src/wire/header.ts", "../bytes/mod.ts", false), undefined);
  assert.match(
    importFault("/x/src/bytes/hex.ts", "../wire/mod.ts", false) ?? "",
    /may not import room "wire"/,
  );
  assert.match(
    importFault("/x/src/wire/header.ts", "../../ffi/libc/mod.ts", false) ?? "",
    /src\/ may not import/,
  );
  assert.match(importFault("/x/src/sa/a.ts", "../exchange/ports.ts", true) ?? "", /may not import/);
  assert.match(importFault("/x/ffi/libc/tun.ts", "../../cli/main.ts", false) ?? "", /ffi\/ may not import/);
  assert.equal(importFault("/x/src/crypto/algorithms.ts", "../wire/registry.ts", false), undefined);
  assert.match(importFault("/x/src/crypto/algorithms.ts", "../wire/mod.ts", false) ?? "", /may not import/);
  assert.equal(importFault("/x/src/control/render.ts", "../engine/types.ts", true), undefined);
  assert.match(
    importFault("/x/src/control/render.ts", "../engine/mod.ts", false) ?? "",
    /types of "engine" only/,
  );
  assert.equal(importFault("/x/src/exchange/ports.ts", "../datapath/types.ts", true), undefined);
  assert.match(
    importFault("/x/src/exchange/a.ts", "../datapath/mod.ts", false) ?? "",
    /types of "datapath" only/,
  );
  assert.equal(importFault("/x/cli/main.ts", "../ffi/libc/mod.ts", false), undefined);
  assert.match(
    importFault("/x/cli/main.ts", "../tests/support/pair.ts", false) ?? "",
    /may not import tests/,
  );
  assert.match(importFault("/x/src/x/a.ts", "../bytes/mod.ts", false) ?? "", /no room/);
});

Deno.test("importFault: packages", () => {
  assert.equal(importFault("/x/src/crypto/portable/aes.ts", "node:crypto", false), undefined);
  assert.match(importFault("/x/src/wire/a.ts", "node:crypto", false) ?? "", /outside of crypto\/portable/);
  assert.match(
    importFault("/x/src/wire/a.ts", "npm:left-pad@1", false) ?? "",
    /Name "npm:left-pad@1" in deno.json/,
  );
});

Deno.test("pure-src: clock, randomness, output and I/O are refused in src/ and allowed elsewhere", () => {
  const impure = [
    "export const a = Date.now();",
    "export const a = Math.random();",
    "export const a = crypto.getRandomValues(new Uint8Array(1));",
    "setTimeout(() => {}, 1);",
    'console.log("x");',
    "export const a = Deno.args;",
    "export const a = [performance.now()];",
  ];
  for (const source of impure) {
    assert.equal(lint("/x/src/wire/a.ts", source).length, 1, source);
    assert.deepEqual(lint("/x/cli/a.ts", source), [], source);
  }
  const handedIn =
    "export const f = (crypto: P) => crypto.mac(1); export const g = ({ process }: Q) => [process];";
  assert.deepEqual(lint("/x/src/wire/a.ts", handedIn), []);
  assert.deepEqual(lint("/x/src/wire/a.ts", "export const a = { crypto: 1, process: 2 }; a.process;"), []);
});

Deno.test("ffi-in-ffi: Deno.dlopen stands in ffi/ alone", () => {
  const source = 'export const l = Deno.dlopen("x", {});';
  assert.equal(lint("/x/cli/daemon/a.ts", source).length, 1);
  assert.deepEqual(lint("/x/ffi/libc/a.ts", source), []);
});

Deno.test("no-silent-end: workers do not close or exit", () => {
  for (const source of ["self.close();", "Deno.exit(1);"]) {
    assert.equal(lint("/x/cli/daemon/net_worker.ts", source).length, 1, source);
    assert.equal(lint("/x/cli/daemon/net/loop.ts", source).length, 1, source);
    assert.deepEqual(lint("/x/cli/main.ts", source), [], source);
  }
});

Deno.test("no-sleep: a test that waits for the clock is refused", () => {
  assert.equal(lint("/x/tests/a_test.ts", "await new Promise((done) => setTimeout(done, 100));").length, 1);
  assert.deepEqual(lint("/x/tests/a_test.ts", "await new Promise((done) => worker.onmessage = done);"), []);
});
