import assert from "node:assert/strict";
import type { Policy } from "../../src/policy/types.ts";
import { Ladder } from "../support/ladder.ts";
import { ESP_AEAD, ESP_MAC, IKE_AEAD, IKE_MAC, sideA, sideB, withKe } from "../support/policies.ts";

const LIFE_MS = 60_000;
const LIFE = { ikeLifetimeMs: LIFE_MS } as const;

async function begun(by: "a" | "b", ofA: Partial<Policy> = {}, ofB: Partial<Policy> = {}): Promise<Ladder> {
  const ladder = await Ladder.connected({
    a: sideA({ policy: { ...ofA, ...(by === "a" ? LIFE : {}) } }),
    b: sideB({ policy: { ...ofB, ...(by === "b" ? LIFE : {}) } }),
  });
  await ladder.waitForMessage(LIFE_MS);
  return ladder;
}

function arrows(by: "a" | "b"): { to: string; fro: string; first: number } {
  return by === "a" ? { to: "->", fro: "<-", first: 2 } : { to: "<-", fro: "->", first: 0 };
}

const SUITES = [
  ["AEAD", { ikeProposals: [IKE_AEAD], childProposals: [ESP_AEAD] }],
  ["cipher and MAC", { ikeProposals: [IKE_MAC], childProposals: [ESP_MAC] }],
] as const;

for (const by of ["a", "b"] as const) {
  for (const [name, policy] of SUITES) {
    Deno.test(`ladder: "${by}" rekeys the IKE SA (${name}); Child SAs move, message ids begin at 0`, async () => {
      const ladder = await begun(by, policy, policy);
      const { to, fro, first } = arrows(by);
      const { pair } = ladder;
      const before = await pair.snapshots();
      const children = pair.hosts.map((host) => [...host.datapath.pairs.keys()]);

      await ladder.arrow(`${to} CREATE_CHILD_SA request ${first}: SA,Nonce,KE`);
      await ladder.states(...sides(by, "rekeying[installed]", "deleting[] + established[installed]"));
      await pair.traffic.assertPasses();
      await ladder.arrow(`${fro} CREATE_CHILD_SA response ${first}: SA,Nonce,KE`);
      await pair.traffic.assertPasses();
      await ladder.arrow(`${to} INFORMATIONAL request ${first + 1}: D(IKE)`);
      await ladder.arrow(`${fro} INFORMATIONAL response ${first + 1}: `);
      ladder.silence();
      await ladder.states("established[installed]", "established[installed]");

      const after = await pair.snapshots();
      assert.equal(after[0][0]!.spiI, after[1][0]!.spiI);
      assert.equal(after[0][0]!.spiR, after[1][0]!.spiR);
      assert.notEqual(after[0][0]!.spiI, before[0][0]!.spiI);
      assert.notEqual(after[0][0]!.spiR, before[0][0]!.spiR);
      const mine = by === "a" ? 0 : 1;
      assert.equal(after[mine]![0]!.role, "initiator");
      assert.equal(after[1 - mine]![0]!.role, "responder");
      assert.deepEqual(pair.hosts.map((host) => [...host.datapath.pairs.keys()]), children);
      for (const host of pair.hosts) {
        assert.deepEqual([host.holder.stats().sas, host.holder.stats().pendingKe], [1, 0]);
        assert.equal(host.events.filter((event) => event.kind === "ike-rekeyed").length, 1);
        assert.equal(host.events.filter((event) => event.kind === "ike-down").length, 0);
      }

      // On the new one: keys and ids work in both directions.
      for (const host of pair.hosts) host.datapath.expire([...host.datapath.pairs.keys()][0]!, "hard");
      await pair.settle();
      await ladder.arrow("-> INFORMATIONAL request 0: D(ESP SPI)");
      await ladder.arrow("<- INFORMATIONAL request 0: D(ESP SPI)");
      await ladder.arrow("<- INFORMATIONAL response 0: ");
      await ladder.arrow("-> INFORMATIONAL response 0: ");
      await ladder.states("established[]", "established[]");
    });
  }

  Deno.test(`ladder: "${by}" rekeys the IKE SA and then the Child SA on the new one`, async () => {
    const ladder = await begun(by);
    const { pair } = ladder;
    await pair.drive();
    const host = by === "a" ? pair.a : pair.b;
    host.datapath.expire([...host.datapath.pairs.keys()][0]!, "soft");
    await pair.settle();
    const { to, fro } = arrows(by);
    await ladder.arrow(`${to} CREATE_CHILD_SA request 0: N(REKEY_SA),SA,Nonce,TSi,TSr`);
    await ladder.arrow(`${fro} CREATE_CHILD_SA response 0: SA,Nonce,TSi,TSr`);
    await pair.advance(5_000);
    await ladder.states("established[installed]", "established[installed]");
    await pair.traffic.assertPasses();
    pair.traffic.assertNothingLost();
  });
}

Deno.test("ladder: the IKE SA is rekeyed with the group that INVALID_KE_PAYLOAD asks for", async () => {
  // Each side chooses its own favourite as responder, so a rekey from the other side begins with the wrong one.
  const ladder = await begun(
    "b",
    { ikeProposals: [withKe(IKE_AEAD, 31, 19)] },
    { ikeProposals: [withKe(IKE_AEAD, 19, 31)] },
  );
  const first = await ladder.arrow("<- CREATE_CHILD_SA request 0: SA,Nonce,KE");
  await ladder.arrow("-> CREATE_CHILD_SA response 0: N(INVALID_KE_PAYLOAD)");
  const second = await ladder.arrow("<- CREATE_CHILD_SA request 1: SA,Nonce,KE");
  assert.deepEqual(
    [first, second].map(({ payloads }) => payloads.find((payload) => payload.type === "KE")?.group),
    [19, 31],
  );
  await ladder.arrow("-> CREATE_CHILD_SA response 1: SA,Nonce,KE");
  await ladder.pair.drive();
  await ladder.states("established[installed]", "established[installed]");
  for (const host of ladder.pair.hosts) {
    assert.deepEqual([host.holder.stats().sas, host.holder.stats().pendingKe], [1, 0]);
  }
});

Deno.test("ladder: both sides rekey the IKE SA at once: one remains, and its Child SA", async () => {
  const ladder = await Ladder.connected({
    a: sideA({ policy: LIFE }),
    b: sideB({ policy: LIFE }),
  });
  const { pair } = ladder;
  await ladder.wait(LIFE_MS * 0.951);
  await pair.advance(15_000);
  await ladder.states("established[installed]", "established[installed]");
  const [a, b] = await pair.snapshots();
  assert.deepEqual([a[0]!.spiI, a[0]!.spiR], [b[0]!.spiI, b[0]!.spiR]);
  for (const host of pair.hosts) {
    assert.deepEqual([host.holder.stats().sas, host.holder.stats().pendingKe], [1, 0]);
  }
  await pair.traffic.assertPasses();
});

Deno.test("ladder: IKE SA and Child SA rekeyed at once from both sides: nothing is lost", async () => {
  const ladder = await Ladder.connected({ a: sideA({ policy: LIFE }) });
  const { pair } = ladder;
  pair.network.conditions = { latencyMs: 15 };
  await pair.advance(LIFE_MS * 0.84);
  for (let turn = 0; turn < 200; turn++) {
    pair.traffic.both();
    if (turn % 20 === 5) pair.b.datapath.expire([...pair.b.datapath.pairs.keys()].at(-1)!, "soft");
    await pair.advance(50);
  }
  await pair.advance(20_000);
  pair.traffic.assertNothingLost();
  await ladder.states("established[installed]", "established[installed]");
});

Deno.test("ladder: an IKE SA whose peer answers no rekey dies of the silence, with all of its Child SAs", async () => {
  const ladder = await begun("a");
  const { pair } = ladder;
  pair.network.conditions = { loss: 1 };
  pair.network.inFlight.length = 0;
  await pair.driveUntil("the SA is given up", () => pair.a.datapath.pairs.size === 0, 400_000);
  assert.ok(pair.a.events.some((event) => event.kind === "failed" && event.report.code === "timeout"));
  assert.equal(pair.a.holder.stats().sas, 0);
});

for (const failing of ["a", "b"] as const) {
  Deno.test(`ladder: a rekey of the IKE SA that fails at "${failing}" every time ends with its lifetime`, async () => {
    const ladder = await Ladder.connected({ a: sideA({ policy: LIFE }) });
    const { pair } = ladder;
    pair[failing].keys.failing = failing === "a" ? "startKe" : "finishIke";
    await pair.advance(LIFE_MS * 0.99);
    await ladder.states("established[installed]", "established[installed]");
    assert.ok(pair[failing].events.some((event) => event.kind === "failed" && event.report.code === "keys"));
    for (const { holder } of pair.hosts) {
      assert.deepEqual([holder.stats().sas, holder.stats().pendingKe], [1, 0]);
    }
    pair[failing].keys.failing = undefined;
    await pair.advance(LIFE_MS * 0.02);
    const downs = pair.a.events.flatMap((event) => event.kind === "ike-down" ? [event.reason] : []);
    assert.deepEqual(downs, ["lifetime over"]);
    await pair.connect();
    await pair.traffic.assertPasses();
  });
}

Deno.test("ladder: an initiator that cannot use the successor its peer has ends both, and starts again", async () => {
  const ladder = await begun("a");
  const { pair } = ladder;
  pair.a.keys.failing = "finishIke";
  await ladder.arrow("-> CREATE_CHILD_SA request 2: SA,Nonce,KE");
  await ladder.arrow("<- CREATE_CHILD_SA response 2: SA,Nonce,KE");
  pair.a.keys.failing = undefined;
  await ladder.states("deleting[deleting]", "deleting[] + established[installed]");
  await ladder.arrow("-> INFORMATIONAL request 3: D(IKE)");
  await ladder.arrow("<- INFORMATIONAL response 3: ");
  assert.deepEqual([pair.a.holder.stats().sas, pair.a.holder.stats().pendingKe], [0, 0]);
  await pair.driveUntil("connected anew", () => pair.connected());
  await pair.traffic.assertPasses();
});

Deno.test("ladder: the successor of an IKE SA is rekeyed in its turn, and so are the Child SAs that it took over", async () => {
  const ladder = await Ladder.connected({
    a: sideA({ policy: { ikeLifetimeMs: 40_000, childLifetime: { ms: 60_000, octets: 0 } } }),
  });
  const { pair } = ladder;
  const count = (kind: string) => pair.a.events.filter((event) => event.kind === kind).length;
  await pair.advance(39_000);
  assert.deepEqual([count("ike-rekeyed"), count("child-rekeyed")], [1, 0]);
  await pair.advance(20_000);
  assert.deepEqual([count("ike-rekeyed"), count("child-rekeyed")], [1, 1]);
  await pair.advance(20_000);
  assert.deepEqual([count("ike-rekeyed"), count("child-rekeyed")], [2, 1]);
  assert.deepEqual([count("child-down"), count("ike-down")], [0, 0]);
  await pair.traffic.assertPasses();
});

for (const by of ["a", "b"] as const) {
  Deno.test(`ladder: while "${by}" rekeys the IKE SA it puts off what concerns Child SAs (RFC 7296 §2.25.2)`, async () => {
    const ladder = await begun(by);
    const { pair } = ladder;
    const { to, fro, first } = arrows(by);
    const peer = by === "a" ? pair.b : pair.a;
    peer.datapath.expire([...peer.datapath.pairs.keys()][0]!, "soft");
    await pair.settle();
    const theirs = by === "a" ? 0 : 2;
    ladder.lose(`${to} CREATE_CHILD_SA request ${first}: SA,Nonce,KE`);
    await ladder.arrow(`${fro} CREATE_CHILD_SA request ${theirs}: N(REKEY_SA),SA,Nonce,TSi,TSr`);
    await ladder.arrow(`${to} CREATE_CHILD_SA response ${theirs}: N(TEMPORARY_FAILURE)`);
    await pair.advance(15_000);
    await ladder.states("established[installed]", "established[installed]");
    for (const { events } of pair.hosts) {
      assert.equal(events.filter((event) => event.kind === "child-rekeyed").length, 1);
      assert.equal(events.filter((event) => event.kind === "ike-rekeyed").length, 1);
    }
    await pair.traffic.assertPasses();
  });
}

for (const failing of ["a", "b"] as const) {
  Deno.test(`ladder: rekeys of the IKE SA that fail at "${failing}" over and over use up no SPI`, async () => {
    const ladder = await Ladder.connected({
      fewSpis: 4,
      a: sideA({ policy: { ikeLifetimeMs: 2_000_000 } }),
    });
    const { pair } = ladder;
    pair[failing].keys.failing = failing === "a" ? "startKe" : "finishIke";
    await pair.advance(1_999_000);
    const failures = pair[failing].events.filter((event) => event.kind === "failed").length;
    assert.ok(failures > 4, `${failures} failed rekeys`);
    pair[failing].keys.failing = undefined;
    await pair.advance(600_000);
    await ladder.states("established[installed]", "established[installed]");
    for (const { events } of pair.hosts) {
      assert.deepEqual(events.filter((event) => event.kind === "log" && event.level === "error"), []);
    }
  });
}

Deno.test("ladder: rekeys of Child SAs that fail over and over use up no SPI", async () => {
  const policy = { ikeLifetimeMs: 300_000, childProposals: [withKe(ESP_AEAD, 31)] };
  const ladder = await Ladder.connected({ fewSpis: 4, a: sideA({ policy }), b: sideB({ policy }) });
  const { pair } = ladder;
  for (const host of pair.hosts) {
    for (const failing of ["startKe", "finishIke", "deriveChild"] as const) {
      host.keys.failing = failing;
      for (let tries = 0; tries < 6; tries++) {
        for (const { datapath } of pair.hosts) datapath.expire([...datapath.pairs.keys()][0]!, "soft");
        await pair.advance(20_000);
      }
      host.keys.failing = undefined;
      await pair.driveUntil("connected", () => pair.connected());
      await pair.advance(20_000);
    }
  }
  await pair.traffic.assertPasses();
  for (const { events } of pair.hosts) {
    assert.deepEqual(events.filter((event) => event.kind === "log" && event.level === "error"), []);
  }
});

function sides(by: "a" | "b", mine: string, theirs: string): [string, string] {
  return by === "a" ? [mine, theirs] : [theirs, mine];
}

/** Lifetimes in ms of the two ends, Child SA and IKE SA: short ones of several relations. */
const SHORT_LIVES = [
  [{ child: 16_000, ike: 0 }, { child: 0, ike: 24_000 }],
  [{ child: 12_000, ike: 25_000 }, { child: 12_000, ike: 25_000 }],
  [{ child: 12_000, ike: 12_000 }, { child: 3 * 3_600_000, ike: 0 }],
  [{ child: 5_000, ike: 20_000 }, { child: 7_000, ike: 10_000 }],
] as const;

for (const [a, b] of SHORT_LIVES) {
  const told = [a, b].map(({ child, ike }) => `${child / 1000}/${ike / 1000} s`).join(" and ");
  Deno.test(`ladder: Child and IKE SAs of ${told}: rekeys that meet lose nothing, and nothing expires`, async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const lives = (life: typeof a | typeof b) => ({
        childLifetime: { ms: life.child, octets: 0 },
        ikeLifetimeMs: life.ike,
      });
      const ladder = await Ladder.connected({
        seed,
        a: sideA({ policy: lives(a) }),
        b: sideB({ policy: lives(b) }),
      });
      const { pair } = ladder;
      pair.network.conditions = { latencyMs: 20 };
      for (let turn = 0; turn < 600; turn++) {
        pair.traffic.both();
        await pair.advance(200);
      }
      pair.traffic.assertNothingLost();
      const ended = pair.hosts.flatMap(({ events }) =>
        events.filter(({ kind }) => kind === "ike-down" || kind === "child-down")
      );
      assert.deepEqual(ended, [], `seed ${seed}`);
    }
  });
}
