import assert from "node:assert/strict";
import { renderReload, summaryText } from "../../src/control/mod.ts";
import { type ReloadPlan, summaryOf } from "../../src/engine/reload/types.ts";

const PLAN: ReloadPlan = {
  policies: { unchanged: 1, renamed: 0, changed: 1, added: 1, removed: 0 },
  ikeSas: [
    {
      id: 3,
      policy: "office",
      peer: "192.0.2.2",
      action: "keep",
      reason: "unchanged",
      children: [
        { spiIn: "0a0b0c0d", action: "rekey", reason: "changed: childsa" },
        { spiIn: "0a0b0c0e", action: "keep", reason: "it ends anyway" },
      ],
    },
    {
      id: 4,
      policy: "line\nfeed",
      peer: "192.0.2.3",
      action: "delete",
      reason: "the policy is gone",
      children: [],
    },
  ],
  starts: ["branch"],
};

Deno.test("renderReload: a plan has a line for each SA and each policy that starts, and none of them breaks", () => {
  assert.equal(
    renderReload({ version: 1, plan: PLAN, diagnostics: [] }),
    [
      "policies: 1 unchanged, 1 changed, 1 added",
      "keep        office #3 192.0.2.2 (unchanged)",
      "  rekey       SPI in 0a0b0c0d (changed: childsa)",
      "  keep        SPI in 0a0b0c0e (it ends anyway)",
      "delete      line\\x0afeed #4 192.0.2.3 (the policy is gone)",
      "start       branch",
    ].join("\n"),
  );
});

Deno.test("summaryText: counts that are not 0, `none` where all are", () => {
  assert.equal(
    summaryText(summaryOf(PLAN)),
    "policies: 1 unchanged, 1 changed, 1 added; IKE SAs: 1 keep, 1 delete; Child SAs: 1 keep, 1 rekey; starts: 1",
  );
  const policies = { unchanged: 0, renamed: 0, changed: 0, added: 0, removed: 0 };
  assert.equal(
    summaryText(summaryOf({ policies, ikeSas: [], starts: [] })),
    "policies: none; IKE SAs: none; Child SAs: none; starts: 0",
  );
});
