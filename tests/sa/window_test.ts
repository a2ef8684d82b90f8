import assert from "node:assert/strict";
import fc from "fast-check";
import { LAST_MESSAGE_ID, MessageWindow } from "../../src/sa/mod.ts";

Deno.test("MessageWindow: exactly the next request is new, the one before is a retransmission", () => {
  const window = new MessageWindow(0, 0);
  assert.equal(window.classify(0), "new");
  assert.equal(window.classify(1), "outside");
  window.accept();
  assert.equal(window.classify(0), "retransmitted");
  assert.equal(window.classify(1), "new");
  assert.equal(window.classify(2), "outside");
  window.accept();
  assert.equal(window.classify(0), "outside");
});

Deno.test("MessageWindow: before the first request nothing is a retransmission", () => {
  const window = new MessageWindow(0, 0);
  assert.equal(window.classify(-1 >>> 0), "outside");
  assert.equal(window.classify(LAST_MESSAGE_ID), "outside");
});

Deno.test("MessageWindow: each id is accepted at most once, in whatever order requests come", () => {
  fc.assert(fc.property(fc.array(fc.nat(12), { maxLength: 200 }), (ids) => {
    const window = new MessageWindow(0, 0);
    const accepted: number[] = [];
    for (const id of ids) {
      if (window.classify(id) !== "new") continue;
      window.accept();
      accepted.push(id);
    }
    assert.deepEqual(accepted, accepted.map((_, index) => index));
  }));
});

Deno.test("MessageWindow: the stored response is there from the answer to the next request", () => {
  const window = new MessageWindow(0, 0);
  window.accept();
  assert.equal(window.response, undefined);
  const response = new Uint8Array([1]);
  window.answered(response);
  assert.equal(window.response, response);
  window.accept();
  assert.equal(window.response, undefined);
});

Deno.test("MessageWindow: one request of ours at a time, and only its response is awaited", () => {
  const window = new MessageWindow(1, 1);
  assert.equal(window.awaits(1), false);
  assert.equal(window.take(), 1);
  assert.equal(window.take(), undefined);
  assert.equal(window.awaits(1), true);
  assert.equal(window.awaits(0), false);
  assert.equal(window.awaits(2), false);
  window.settle();
  assert.equal(window.awaits(1), false);
  assert.equal(window.take(), 2);
});

Deno.test("MessageWindow: ids do not wrap", () => {
  const window = new MessageWindow(0, LAST_MESSAGE_ID);
  assert.equal(window.take(), LAST_MESSAGE_ID);
  window.settle();
  assert.equal(window.take(), undefined);
});

Deno.test("MessageWindow: an IKE_SA_INIT retry carries id 0 again", () => {
  const window = new MessageWindow(0, 0);
  assert.equal(window.take(), 0);
  window.restart();
  assert.equal(window.take(), 0);
  window.settle();
  assert.equal(window.take(), 1);
});
