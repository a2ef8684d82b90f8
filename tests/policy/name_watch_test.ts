import assert from "node:assert/strict";
import fc from "fast-check";
import type { IpAddress } from "../../src/ip/mod.ts";
import { NAME_LIMITS, type NameAnswer, NameWatch, usedAddresses } from "../../src/policy/name_watch.ts";
import { address } from "../support/policies.ts";

const A = address("192.0.2.1"), B = address("192.0.2.2"), C = address("2001:db8::3");

function answer(ttlMs: number, ...addresses: readonly IpAddress[]): NameAnswer {
  return { addresses, ttlMs };
}

function watching(...names: readonly (readonly [string, NameAnswer])[]): NameWatch {
  const watch = new NameWatch();
  watch.watch(new Map(names), 0);
  return watch;
}

/** Looks at the next name that is due, at the moment that it is. */
function turn(watch: NameWatch, found: NameAnswer): [at: number, change: string] {
  const at = watch.nextMs();
  assert.ok(at !== undefined);
  const [name] = watch.due(at);
  return [at, watch.answered(name!, found, at)];
}

Deno.test("NameWatch: a name is looked up again when its TTL is over", () => {
  const watch = watching(["a", answer(100_000, A)]);
  assert.equal(watch.nextMs(), 100_000);
  assert.deepEqual(watch.due(99_999), []);
  assert.deepEqual(turn(watch, answer(60_000, A)), [100_000, "same"]);
  assert.deepEqual(turn(watch, answer(60_000, B)), [160_000, "moved"]);
  assert.deepEqual(watch.addresses().get("a"), [B]);
});

Deno.test("NameWatch: a TTL of 0 asks twice a minute and no more, one of 68 years once an hour", () => {
  assert.equal(watching(["a", answer(0, A)]).nextMs(), NAME_LIMITS.leastMs);
  assert.equal(watching(["a", answer((2 ** 31 - 1) * 1000, A)]).nextMs(), NAME_LIMITS.mostMs);
});

Deno.test("NameWatch: addresses in another order, or each twice, are the same addresses", () => {
  const watch = watching(["a", answer(30_000, A, B, C)]);
  assert.equal(turn(watch, answer(30_000, C, B, A, B))[1], "same");
  assert.equal(turn(watch, answer(30_000, C, B))[1], "moved");
});

Deno.test("NameWatch: of a name with a hundred addresses the same sixteen are used each time", () => {
  const many = Array.from(
    { length: 100 },
    (_, at): IpAddress => ({ family: 4, value: BigInt(at * 37 % 100) }),
  );
  const watch = watching(["a", answer(30_000, ...many)]);
  assert.equal(watch.addresses().get("a")!.length, NAME_LIMITS.addresses);
  assert.equal(turn(watch, answer(30_000, ...many.toReversed()))[1], "same");
  assert.deepEqual(usedAddresses(many), usedAddresses(many.toReversed()));
});

Deno.test("NameWatch: a name that does not resolve keeps what it had, is told once, and is asked for ever less", () => {
  const watch = watching(["a", answer(30_000, A)]);
  const turns = Array.from({ length: 9 }, () => turn(watch, answer(0)));
  assert.deepEqual(turns.map(([, change]) => change), ["lost", ...new Array(8).fill("same")]);
  const waits = turns.slice(1).map(([at], index) => at - turns[index]![0]);
  assert.deepEqual(waits, [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  assert.deepEqual(watch.addresses().get("a"), [A]);
  assert.equal(turn(watch, answer(30_000, A))[1], "same");
  assert.equal(turn(watch, answer(0))[1], "lost");
});

Deno.test("NameWatch: a name that never resolved is waited for, and moves to its first address", () => {
  const watch = watching(["a", answer(0)]);
  assert.deepEqual(turn(watch, answer(0)), [5_000, "same"]);
  assert.deepEqual(turn(watch, answer(60_000, A)), [15_000, "moved"]);
});

Deno.test("NameWatch: who cannot reach a name has it looked up at once, but not all the time", () => {
  const watch = watching(["a", answer(3_600_000, A)]);
  watch.hurry("a", 100_000);
  assert.deepEqual(turn(watch, answer(3_600_000, A)), [100_000, "same"]);
  for (let ms = 100_000; ms < 105_000; ms += 100) watch.hurry("a", ms);
  assert.equal(watch.nextMs(), 105_000);
  watch.hurry("unknown", 0);
});

Deno.test("NameWatch: a reload forgets names that are gone; what is under way for them fills no place", () => {
  const watch = new NameWatch({ ...NAME_LIMITS, atOnce: 1 });
  watch.watch(new Map([["a", answer(30_000, A)], ["b", answer(30_000, B)]]), 0);
  assert.deepEqual(watch.due(30_000), ["a"]);
  assert.equal(watch.nextMs(), undefined);
  watch.watch(new Map([["b", answer(30_000, B)], ["c", answer(30_000, C)]]), 31_000);
  assert.equal(watch.answered("a", answer(30_000, C), 32_000), "same");
  assert.deepEqual([...watch.addresses().keys()], ["b", "c"]);
  assert.deepEqual(watch.due(61_000), ["b"]);
  watch.watch(new Map([["b", answer(90_000, A)]]), 62_000);
  assert.equal(watch.nextMs(), undefined, "its answer is still to come");
  assert.equal(watch.answered("b", answer(90_000, A), 63_000), "same");
  assert.equal(watch.nextMs(), 153_000);
});

const event = fc.record({
  name: fc.nat({ max: 199 }),
  ttlMs: fc.constantFrom(0, 1, 29_999, 30_000, 2 ** 31 * 1000, Infinity),
  count: fc.nat({ max: 40 }),
  hurry: fc.boolean(),
  late: fc.nat({ max: 20_000 }),
});

Deno.test("NameWatch: whatever the DNS says, look-ups stay few, and every name has its turn", () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 50, maxLength: 300 }), (events) => {
      const names = Array.from({ length: 200 }, (_, at) => `n${at}`);
      const watch = new NameWatch();
      watch.watch(new Map(names.map((name) => [name, answer(0)])), 0);
      const underWay: string[] = [], asked = new Map<string, number>();
      let now = 0;
      for (const { name, ttlMs, count, hurry, late } of events) {
        now += late;
        if (hurry) watch.hurry(names[name]!, now);
        for (const one of watch.due(now)) {
          const before = asked.get(one);
          assert.ok(before === undefined || now - before >= 5_000, `${one} after ${now - before!} ms`);
          asked.set(one, now);
          underWay.push(one);
        }
        assert.ok(underWay.length <= NAME_LIMITS.atOnce);
        assert.equal(new Set(underWay).size, underWay.length);
        const next = watch.nextMs();
        assert.ok(next === undefined || next <= now + NAME_LIMITS.mostMs);
        const done = underWay.shift();
        const addresses = Array.from(
          { length: count },
          (_, at): IpAddress => ({ family: 4, value: BigInt(at) }),
        );
        if (done !== undefined) watch.answered(done, answer(ttlMs, ...addresses), now);
      }
      // With every answer at once all of them have their turn within a round.
      for (let rounds = 0; rounds < 60; rounds++) {
        now = Math.max(now, watch.nextMs() ?? now);
        for (const one of [...underWay.splice(0), ...watch.due(now)]) {
          asked.set(one, now);
          watch.answered(one, answer(30_000, A), now);
        }
      }
      assert.equal(asked.size, names.length);
    }),
  );
});
