import assert from "node:assert/strict";
import { closingLine, readSummary } from "../../scripts/run_tests.ts";

Deno.test("readSummary: the last summary counts, coloured or not, with steps and ignored tests", () => {
  assert.deepEqual(readSummary("ok | 12 passed | 0 failed (3ms)\n"), { passed: 12, failed: 0, skipped: 0 });
  assert.deepEqual(
    readSummary(
      "\x1b[31mFAILED\x1b[0m | 3 passed (4 steps) | 2 failed (1 step) | 5 ignored \x1b[2m(1s)\x1b[0m\n",
    ),
    { passed: 3, failed: 2, skipped: 5 },
  );
});

Deno.test("readSummary: a run that broke off has none", () => {
  assert.equal(readSummary("error: Module not found\n"), undefined);
});

Deno.test("closingLine: skipped tests are named only where there are some", () => {
  assert.equal(closingLine({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
  assert.equal(closingLine({ passed: 3, failed: 1, skipped: 2 }), "3 passed, 1 failed, 2 skipped");
});
