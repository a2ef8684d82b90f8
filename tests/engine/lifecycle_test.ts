import assert from "node:assert/strict";
import { ascii } from "../../src/bytes/mod.ts";
import { EXCHANGE, NOTIFY } from "../../src/wire/mod.ts";
import { assertNothingLeft } from "../support/idle.ts";
import { openMessage } from "../support/opened.ts";
import { Pair } from "../support/pair.ts";
import { address, flow, sideA, sideB } from "../support/policies.ts";
import { parsed } from "./strangers.ts";

/** Times at which `a` began an IKE_SA_INIT exchange: the first message of each SPI. */
function starts(pair: Pair): number[] {
  const seen = new Set<bigint>();
  const times: number[] = [];
  for (const { at, data } of pair.network.record) {
    const { header } = parsed(data);
    if (header.exchange !== EXCHANGE.IKE_SA_INIT || header.flags.response || seen.has(header.spiI)) continue;
    seen.add(header.spiI);
    times.push(at);
  }
  return times;
}

Deno.test("start: an active policy whose peer is silent is tried again and again, ever later, up to a bound", async () => {
  const pair = await new Pair({ conditions: { loss: 1 } }).start();
  await pair.advance(4 * 3_600_000);
  const times = starts(pair);
  const gaps = times.slice(1).map((at, index) => at - times[index]!);
  assert.ok(gaps.length > 10);
  assert.ok(gaps[0]! >= 60_000 && gaps[0]! < 200_000, `first gap ${gaps[0]}`);
  assert.ok(gaps.every((gap) => gap <= 800_000), `gaps ${gaps}`);
  const failed = pair.a.events.filter((event) => event.kind === "failed");
  assert.ok(failed.length >= times.length - 1);
  assert.ok(failed.every((event) => event.report.code === "timeout" && event.report.policy === "to-b"));
});

Deno.test("start: a request is sent six times in all, each wait about twice the one before", async () => {
  const pair = await new Pair({ conditions: { loss: 1 } }).start();
  await pair.advance(130_000);
  const spi = parsed(pair.network.record[0]!.data).header.spiI;
  const times = pair.network.record.filter(({ data }) => parsed(data).header.spiI === spi).map(({ at }) =>
    at
  );
  assert.equal(times.length, 6);
  const gaps = times.slice(1).map((at, index) => at - times[index]!);
  for (const [index, gap] of gaps.entries()) {
    const wait = 2_000 * 2 ** index;
    assert.ok(gap >= wait && gap <= wait * 1.1 + 1, `gap ${index} is ${gap}`);
  }
});

Deno.test("start: passive globals send nothing of their own accord, `active` starts what waits", async () => {
  const pair = await new Pair({ a: sideA({ globals: { active: false } }) }).start();
  pair.a.engine.handleDatapath({
    kind: "acquire",
    policy: "to-b",
    source: address("10.1.0.1"),
    destination: address("10.2.0.1"),
  });
  await pair.advance(200_000);
  assert.deepEqual(pair.network.record, []);
  pair.a.engine.setActive(true);
  await pair.connect();
});

Deno.test("start: `passive` stops the trying of what is not up", async () => {
  const pair = await new Pair({ conditions: { loss: 1 } }).start();
  await pair.advance(300_000);
  const before = starts(pair).length;
  pair.a.engine.setActive(false);
  await pair.advance(3_600_000);
  assert.ok(starts(pair).length <= before + 1);
});

Deno.test("acquire: a packet starts a passive policy with one host as peer, once", async () => {
  const pair = await new Pair({ a: sideA({ policy: { mode: "passive" } }) }).start();
  assert.deepEqual(pair.network.record, []);
  for (let packet = 0; packet < 5; packet++) {
    pair.a.engine.handleDatapath({
      kind: "acquire",
      policy: "to-b",
      source: address("10.1.0.1"),
      destination: address("10.2.0.1"),
    });
  }
  await pair.connect();
  assert.equal(starts(pair).length, 1);
});

Deno.test("acquire: held packets of a policy whose peer is silent do not start it at every packet", async () => {
  const pair = await new Pair({ a: sideA({ policy: { mode: "passive" } }), conditions: { loss: 1 } }).start();
  for (let second = 0; second < 1_000; second++) {
    pair.a.engine.handleDatapath({
      kind: "acquire",
      policy: "to-b",
      source: address("10.1.0.1"),
      destination: address("10.2.0.1"),
    });
    await pair.advance(1_000);
  }
  assert.ok(starts(pair).length >= 2 && starts(pair).length <= 8, `${starts(pair).length} starts`);
});

Deno.test("restart: a passive policy waits for the next packet", async () => {
  const pair = await new Pair({ a: sideA({ policy: { mode: "passive" } }) }).start();
  const packet = {
    kind: "acquire",
    policy: "to-b",
    source: address("10.1.0.1"),
    destination: address("10.2.0.1"),
  } as const;
  pair.a.engine.handleDatapath(packet);
  await pair.connect();
  await pair.during(pair.b.engine.reset("sa"));
  await pair.advance(1_000_000);
  assert.deepEqual(await pair.a.engine.snapshot(), []);
  pair.a.engine.handleDatapath(packet);
  await pair.connect();
});

Deno.test("shutdown: the peer is told by DELETE, the flows go, and nothing is left on either side", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  assert.equal(pair.a.datapath.flows.length, 1);
  await pair.during(pair.a.engine.shutdown());
  assert.deepEqual(pair.a.datapath.flows, []);
  assert.deepEqual(await pair.b.engine.snapshot(), []);
  await pair.during(pair.b.engine.shutdown());
  await assertNothingLeft(pair);
});

Deno.test("shutdown: a peer that does not answer holds it up for 3 s and no longer", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  await pair.drive();
  pair.network.conditions = { loss: 1 };
  const began = pair.clock.now();
  await pair.during(pair.a.engine.shutdown());
  assert.ok(pair.clock.now() - began <= 3_000);
  assert.deepEqual(await pair.a.engine.snapshot(), []);
  assert.equal(pair.a.holder.stats().sas, 0);
  assert.equal(pair.a.engine.nextTimeout(), undefined);
});

Deno.test("shutdown: no new SA is taken any more", async () => {
  const pair = new Pair();
  await pair.b.engine.configure(sideB());
  await pair.during(pair.b.engine.shutdown());
  await pair.a.engine.configure(sideA());
  await pair.advance(10_000);
  assert.deepEqual(await pair.b.engine.snapshot(), []);
});

Deno.test("reset sa: both sides lose the SA, and the active policy comes up again", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  const [before] = await pair.a.engine.snapshot();
  await pair.during(pair.a.engine.reset("sa"));
  await pair.connect();
  const [after] = await pair.a.engine.snapshot();
  assert.notEqual(after!.spiI, before!.spiI);
});

Deno.test("configure: an unchanged policy keeps its SA, a changed one loses it and comes up anew", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  const [before] = await pair.a.engine.snapshot();
  await pair.a.engine.configure(sideA());
  await pair.drive();
  assert.deepEqual((await pair.a.engine.snapshot()).map((sa) => sa.spiI), [before!.spiI]);
  await pair.a.engine.configure(sideA({ policy: { ikeLifetimeMs: 3_600_000 } }));
  await pair.driveUntil(
    "the old SA is gone",
    async () => !(await pair.a.engine.snapshot()).some((sa) => sa.spiI === before!.spiI),
  );
  await pair.connect();
});

Deno.test("configure: a policy that is gone takes its SA with it", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  await pair.a.engine.configure({ ...sideA(), policies: [] });
  await pair.driveUntil("both sides are empty", async () => (await pair.snapshots()).flat().length === 0);
  assert.deepEqual(pair.a.datapath.flows, []);
  assert.equal(pair.a.engine.nextTimeout(), undefined);
});

Deno.test("restart: a tunnel that the peer deleted comes back by itself", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  await pair.during(pair.b.engine.reset("sa"));
  await pair.connect();
});

Deno.test("INITIAL_CONTACT: a peer that comes back after a crash replaces what was left of it", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  await pair.drive();
  const [old] = await pair.b.engine.snapshot();
  const again = new Pair({ seed: 99 });
  await again.a.engine.configure(sideA());
  for (let turn = 0; turn < 20; turn++) {
    await again.settle();
    relay(again, pair);
    await pair.settle();
    relay(pair, again);
  }
  await pair.settle();
  const left = await pair.b.engine.snapshot();
  assert.equal(left.filter((sa) => sa.state === "established").length, 1);
  assert.notEqual(left[0]!.spiI, old!.spiI);
  assert.ok(pair.b.events.some((event) => event.kind === "ike-down" && event.reason === "initial contact"));
});

/** What one simulated network has under way goes to the same-named host of another pair. */
function relay(from: Pair, to: Pair): void {
  for (const { arrival } of from.network.inFlight.splice(0)) if (arrival.kind === "ike") to.hand(arrival);
}

Deno.test("INITIAL_CONTACT: another identity's SA is left alone", async () => {
  const second = sideA({ policy: { localId: { type: 2, data: ascii("other.example.com") } } });
  const b = sideB();
  const policies = [...b.policies, {
    ...b.policies[0]!,
    name: "to-other",
    peerId: { type: 2, data: ascii("other.example.com") },
  }];
  const pair = await new Pair({ b: { ...b, policies } }).start();
  await pair.connect();
  await pair.drive();
  const again = new Pair({ seed: 98 });
  await again.a.engine.configure(second);
  for (let turn = 0; turn < 20; turn++) {
    await again.settle();
    relay(again, pair);
    await pair.settle();
    relay(pair, again);
  }
  const up = (await pair.b.engine.snapshot()).filter((sa) => sa.state === "established");
  assert.deepEqual(up.map((sa) => [sa.policy, sa.peer.id]), [
    ["to-a", "a.example.com"],
    ["to-other", "other.example.com"],
  ]);
});

Deno.test("INITIAL_CONTACT: it is not sent while there is another IKE SA with the same address", async () => {
  const a = sideA();
  const two = {
    ...a.policies[0]!,
    name: "second",
    flows: [flow("10.1.0.0/16", "10.3.0.0/16")],
    mode: "passive",
  } as const;
  const b = sideB({
    policy: { flows: [flow("10.2.0.0/16", "10.1.0.0/16"), flow("10.3.0.0/16", "10.1.0.0/16")] },
  });
  const pair = await new Pair({ a: { ...a, policies: [...a.policies, two] }, b }).start();
  await pair.connect();
  await pair.drive();
  pair.a.engine.handleDatapath({
    kind: "acquire",
    policy: "second",
    source: address("10.1.0.1"),
    destination: address("10.3.0.1"),
  });
  await pair.drive();
  const auths = pair.network.record.filter(({ data }) => {
    const { exchange, flags } = parsed(data).header;
    return exchange === EXCHANGE.IKE_AUTH && !flags.response;
  }).map(({ data }) => openMessage(data, pair.a.keys.recorded).payloads);
  const contacts = auths.map((payloads) =>
    payloads.some((one) => one.type === "N" && one.notifyType === NOTIFY.INITIAL_CONTACT)
  );
  assert.deepEqual(contacts, [true, false]);
  assert.equal((await pair.b.engine.snapshot()).length, 2);
});

Deno.test("enforcesingleikesa: a newer IKE SA with the same identity replaces the older one, told by DELETE", async () => {
  const b = sideB({ globals: { enforceSingleIkeSa: true } });
  const a = sideA();
  const two = { ...a.policies[0]!, name: "second", mode: "passive" } as const;
  const pair = await new Pair({ a: { ...a, policies: [...a.policies, two] }, b }).start();
  await pair.connect();
  await pair.drive();
  pair.a.engine.handleDatapath({
    kind: "acquire",
    policy: "second",
    source: address("10.1.0.1"),
    destination: address("10.2.0.1"),
  });
  await pair.drive();
  const left = (await pair.b.engine.snapshot()).filter((sa) => sa.state === "established");
  assert.equal(left.length, 1);
  assert.ok(pair.a.events.some((event) => event.kind === "ike-down"));
});

Deno.test("snapshot: what show sa prints is complete and the same on both sides", async () => {
  const pair = await new Pair().start();
  await pair.connect();
  await pair.traffic.assertPasses();
  const [[a], [b]] = await pair.snapshots();
  assert.ok(a !== undefined && b !== undefined);
  assert.deepEqual([a.role, b.role], ["initiator", "responder"]);
  assert.deepEqual([a.encr, a.keyLength, a.prf, a.integ, a.ke], [
    "ENCR_AES_GCM_16",
    256,
    "PRF_HMAC_SHA2_256",
    null,
    "Curve25519",
  ]);
  assert.deepEqual([a.local.id, a.peer.id], ["a.example.com", "b.example.com"]);
  assert.match(a.spiI, /^[0-9a-f]{16}$/);
  assert.match(a.establishedAt!, /^2026-01-01T00:00:0/);
  const [childA] = a.children, [childB] = b.children;
  assert.ok(childA !== undefined && childB !== undefined);
  assert.deepEqual([childA.spiIn, childA.spiOut], [childB.spiOut, childB.spiIn]);
  assert.deepEqual(childA.tsLocal, ["10.1.0.0/16"]);
  assert.deepEqual(childA.tsRemote, childB.tsLocal);
  assert.ok(childA.packetsIn > 0 && childA.packetsOut > 0);
  assert.equal(childA.esn, true);
});

Deno.test("decoupled: SAs are negotiated and nothing reaches the data path", async () => {
  const pair = await new Pair({
    a: sideA({ globals: { couple: false } }),
    b: sideB({ globals: { couple: false } }),
  })
    .start();
  await pair.connect();
  assert.equal(pair.a.datapath.pairs.size + pair.b.datapath.pairs.size, 0);
  assert.deepEqual(pair.a.datapath.flows, []);
});

Deno.test("Vendor ID: it is sent where the configuration says so", async () => {
  const pair = await new Pair({ a: sideA({ globals: { vendorId: true } }) }).start();
  const vendor = parsed(pair.network.record[0]!.data).payloads.find((one) => one.type === "V");
  assert.ok(vendor?.type === "V");
  assert.equal(new TextDecoder().decode(vendor.data), "iked-test");
});
