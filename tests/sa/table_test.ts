import assert from "node:assert/strict";
import {
  CHILD_INPUTS,
  CHILD_STATES,
  CHILD_TABLE,
  childMayBecome,
  IKE_INPUTS,
  IKE_STATES,
  IKE_TABLE,
  ikeMayBecome,
  nextChildState,
  nextIkeState,
} from "../../src/sa/mod.ts";

/** Every legal step of an IKE SA, written down a second time, by input. */
const IKE_STEPS: Readonly<Record<string, readonly string[]>> = {
  keyed: ["init-sent>auth-sent"],
  authenticated: ["auth-sent>established", "half-open>established"],
  "rekey-started": ["established>rekeying"],
  "rekey-failed": ["rekeying>established"],
  replaced: ["established>rekeyed", "rekeying>rekeyed"],
  "delete-sent": ["established>deleting", "rekeying>deleting", "rekeyed>deleting"],
  ended: [
    "init-sent>closed",
    "auth-sent>closed",
    "half-open>closed",
    "established>closed",
    "rekeying>closed",
    "rekeyed>closed",
    "deleting>closed",
  ],
};

const CHILD_STEPS: Readonly<Record<string, readonly string[]>> = {
  "rekey-started": ["installed>rekeying"],
  "rekey-failed": ["rekeying>installed"],
  replaced: ["installed>rekeyed", "rekeying>rekeyed"],
  "successor-gone": ["rekeyed>rekeying"],
  "delete-sent": ["installed>deleting", "rekeying>deleting", "rekeyed>deleting"],
  ended: ["installed>closed", "rekeying>closed", "rekeyed>closed", "deleting>closed"],
};

Deno.test("IKE_TABLE: every state with every input leads where RFC 7296 says, or nowhere", () => {
  let walked = 0;
  for (const state of IKE_STATES) {
    for (const input of IKE_INPUTS) {
      const next = nextIkeState(state, input);
      const wanted = IKE_STEPS[input]!.find((step) => step.startsWith(`${state}>`))?.split(">")[1];
      assert.equal(next, wanted, `${state} × ${input}`);
      walked++;
    }
  }
  assert.equal(walked, 56);
  assert.deepEqual(Object.keys(IKE_TABLE).sort(), [...IKE_STATES].sort());
});

Deno.test("IKE_TABLE: nothing leaves closed, and closed is reached from every other state", () => {
  for (const state of IKE_STATES) {
    assert.equal(ikeMayBecome("closed", state), state === "closed");
    assert.ok(ikeMayBecome(state, "closed"));
  }
});

Deno.test("CHILD_TABLE: every state with every input leads where RFC 7296 says, or nowhere", () => {
  let walked = 0;
  for (const state of CHILD_STATES) {
    for (const input of CHILD_INPUTS) {
      const next = nextChildState(state, input);
      const wanted = CHILD_STEPS[input]!.find((step) => step.startsWith(`${state}>`))?.split(">")[1];
      assert.equal(next, wanted, `${state} × ${input}`);
      walked++;
    }
  }
  assert.equal(walked, 30);
  assert.deepEqual(Object.keys(CHILD_TABLE).sort(), [...CHILD_STATES].sort());
});

Deno.test("CHILD_TABLE: nothing leaves closed, and closed is reached from every other state", () => {
  for (const state of CHILD_STATES) {
    assert.equal(childMayBecome("closed", state), state === "closed");
    assert.ok(childMayBecome(state, "closed"));
  }
});
