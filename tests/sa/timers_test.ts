import assert from "node:assert/strict";
import fc from "fast-check";
import { type Timer, TIMERS, TimerTable } from "../../src/sa/mod.ts";

const NAMES = Object.keys(TIMERS) as Timer[];

Deno.test("TimerTable: due gives what is due, in order of time, ties in order of setting", () => {
  const table = new TimerTable<object>();
  const a = { name: "a" }, b = { name: "b" };
  table.set(a, "linger", 30);
  table.set(b, "liveness", 10);
  table.set(a, "rekeyIke", 10);
  assert.equal(table.next(), 10);
  assert.deepEqual(table.due(9), []);
  const fired = table.due(30).map(({ owner, timer }) => [owner, timer]);
  assert.deepEqual(fired, [[b, "liveness"], [a, "rekeyIke"], [a, "linger"]]);
  assert.equal(table.next(), undefined);
});

Deno.test("TimerTable: setting again replaces, and timers of other Child SAs stay", () => {
  const table = new TimerTable<object>();
  const owner = {};
  table.set(owner, "rekeyChild", 10, 1);
  table.set(owner, "rekeyChild", 20, 2);
  table.set(owner, "rekeyChild", 40, 1);
  assert.equal(table.at(owner, "rekeyChild", 1), 40);
  assert.deepEqual(table.due(100).map(({ sub }) => sub), [2, 1]);
});

Deno.test("TimerTable: stopAll leaves nothing of the owner", () => {
  const table = new TimerTable<object>();
  const a = {}, b = {};
  for (const name of NAMES) table.set(a, name, 5);
  table.set(b, "linger", 7);
  table.stopAll(a);
  assert.equal(table.size, 1);
  assert.equal(table.next(), 7);
});

Deno.test("TimerTable: behaves as a plain list does, whatever is set, stopped and taken", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), owner: fc.nat(3), timer: fc.nat(2), at: fc.nat(50) }),
    fc.record({ kind: fc.constant("stop" as const), owner: fc.nat(3), timer: fc.nat(2) }),
    fc.record({ kind: fc.constant("stopAll" as const), owner: fc.nat(3) }),
    fc.record({ kind: fc.constant("due" as const), at: fc.nat(50) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
    const owners = [{}, {}, {}, {}];
    const table = new TimerTable<object>();
    const model = new Map<string, number>();
    for (const one of steps) {
      if (one.kind === "set") {
        table.set(owners[one.owner]!, NAMES[one.timer]!, one.at);
        model.set(`${one.owner} ${one.timer}`, one.at);
      } else if (one.kind === "stop") {
        table.stop(owners[one.owner]!, NAMES[one.timer]!);
        model.delete(`${one.owner} ${one.timer}`);
      } else if (one.kind === "stopAll") {
        table.stopAll(owners[one.owner]!);
        for (const key of [...model.keys()]) if (key.startsWith(`${one.owner} `)) model.delete(key);
      } else {
        const fired = table.due(one.at).map(({ owner, timer }) =>
          `${owners.indexOf(owner)} ${NAMES.indexOf(timer)}`
        );
        const wanted = [...model].filter(([, at]) => at <= one.at).map(([key]) => key);
        assert.deepEqual([...fired].sort(), wanted.sort());
        for (const key of wanted) model.delete(key);
      }
      assert.equal(table.size, model.size);
      assert.equal(table.next(), model.size === 0 ? undefined : Math.min(...model.values()));
    }
  }));
});

Deno.test("TimerTable: a timer that is set again and again leaves no heap of dead entries", () => {
  const table = new TimerTable<object>();
  const owner = {};
  table.set(owner, "linger", 1);
  for (let at = 0; at < 10_000; at++) table.set(owner, "liveness", 1_000_000 - at);
  assert.equal(table.size, 2);
  assert.deepEqual(table.due(2).map(({ timer }) => timer), ["linger"]);
});
