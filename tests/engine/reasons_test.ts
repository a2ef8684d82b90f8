import assert from "node:assert/strict";
import { isErrorNotify } from "../../src/wire/mod.ts";
import { faultOf, notifyFor, type Reason, REASONS } from "../../src/exchange/reasons.ts";

const CODES = Object.keys(REASONS) as Reason[];

Deno.test("REASONS: every code has a meaning, a fix and a fault, in one line each", () => {
  for (const code of CODES) {
    const { meaning, fix } = REASONS[code];
    assert.match(code, /^[a-z-]+$/);
    assert.match(meaning, /^[A-Z][^\n]*[^.\n]$/);
    assert.match(fix, /^[a-z][^\n"]*[^.\n"]$/, code);
    assert.ok(["peer", "policy", "local"].includes(faultOf({ code })));
  }
  assert.equal(new Set(CODES.map((code) => REASONS[code].meaning)).size, CODES.length);
});

Deno.test("REASONS: every code says what was wanted and what came, where nothing closer is known", () => {
  for (const code of CODES) {
    const { wanted, got } = REASONS[code];
    for (const text of [wanted, got]) assert.match(text, /^[A-Za-z][^\n"]*[^.\n"]$/, code);
    assert.notEqual(wanted, got);
  }
});

Deno.test("notifyFor: every reason has an error notification or silence, and nothing of the log goes out", () => {
  for (const code of CODES) {
    const told = notifyFor({ code, wanted: "secret", got: "secret", fix: "secret" });
    if (told === undefined) continue;
    assert.ok(isErrorNotify(told.type), code);
    assert.equal(told.data.length, 0);
  }
});

Deno.test("notifyFor: what shows who somebody is fails in one way", () => {
  const types = (["auth-failed", "auth-method", "wrong-id"] as const).map((code) =>
    notifyFor({ code })?.type
  );
  assert.deepEqual(new Set(types), new Set([24]));
});
