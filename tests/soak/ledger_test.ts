import assert from "node:assert/strict";
import { imbalance, type Ledger, lostBetween, totalOf } from "./ledger.ts";
import { slopeOf } from "./slope.ts";

const NONE: Ledger = { network: {}, ours: {}, hosts: {} };

Deno.test("ledger: what is counted has to be what is missed, datagram by datagram", () => {
  const ledger: Ledger = {
    network: { wire: 3 },
    ours: { "sender's device queue": 24 },
    hosts: { "receiver's UDP": 300 },
  };
  assert.equal(imbalance(ledger, { sent: 15_383, highest: 15_383, lost: 327, retransmitted: 0 }), undefined);
  assert.equal(
    imbalance(ledger, { sent: 15_383, highest: 15_383, lost: 328, retransmitted: 0 }),
    "328 lost, 327 counted",
  );
  assert.equal(
    imbalance(ledger, { sent: 15_383, highest: 15_383, lost: 326, retransmitted: 0 }),
    "326 lost, 327 counted",
  );
  assert.equal(imbalance(NONE, { sent: 10, highest: 10, lost: 0, retransmitted: 0 }), undefined);
  assert.equal(imbalance(NONE, { sent: 10, highest: 10, lost: 1, retransmitted: 0 }), "1 lost, 0 counted");
});

Deno.test("ledger: losses behind the last datagram that came, and TCP's, are seen by the counters alone", () => {
  const ledger = { ...NONE, network: { wire: 2 } };
  assert.equal(imbalance(ledger, { sent: 12, highest: 10, lost: 0, retransmitted: 0 }), undefined);
  assert.equal(
    imbalance(ledger, { sent: 11, highest: 10, lost: 0, retransmitted: 0 }),
    "0 lost and up to 1 unseen, 2 counted",
  );
});

Deno.test("ledger: only what was lost meanwhile counts", () => {
  const before = { ...NONE, ours: { a: 5, b: 1 } }, after = { ...NONE, ours: { a: 5, b: 4, c: 2 } };
  const { ours } = lostBetween(before, after);
  assert.deepEqual(ours, { b: 3, c: 2 });
  assert.equal(totalOf(ours), 5);
});

Deno.test("slope: a line is found, whatever lies on both sides of it", () => {
  const at = (seconds: number, noise: number) => ({ seconds, octets: 1000 + 7 * seconds + noise });
  assert.ok(Math.abs(slopeOf(Array.from({ length: 100 }, (_, n) => at(n, n % 2 ? 50 : -50))) - 7) < 0.1);
  assert.equal(slopeOf([{ seconds: 0, octets: 9 }, { seconds: 10, octets: 9 }]), 0);
});
