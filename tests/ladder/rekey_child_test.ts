import assert from "node:assert/strict";
import type { Policy } from "../../src/policy/types.ts";
import { EXCHANGE, NOTIFY, type Payload } from "../../src/wire/mod.ts";
import { datagramTo, sealMessage } from "../support/forge.ts";
import { Ladder, onlyPair, sides } from "../support/ladder.ts";
import { ESP_AEAD, ESP_MAC, IKE_AEAD, IKE_MAC, sideA, sideB, withKe } from "../support/policies.ts";

const LIFE_MS = 60_000;
const LIFE = { childLifetime: { ms: LIFE_MS, octets: 0 } } as const;

/** The tunnel is up and the rekey of `by` has just begun. */
async function begun(by: "a" | "b", ofA: Partial<Policy> = {}, ofB: Partial<Policy> = {}): Promise<Ladder> {
  const ladder = await Ladder.connected({
    a: sideA({ policy: { ...ofA, ...(by === "a" ? LIFE : {}) } }),
    b: sideB({ policy: { ...ofB, ...(by === "b" ? LIFE : {}) } }),
  });
  await ladder.waitForMessage(LIFE_MS);
  return ladder;
}

/** Directions of the arrows when `by` begins. */
function arrows(by: "a" | "b"): { to: string; fro: string; first: number } {
  return by === "a" ? { to: "->", fro: "<-", first: 2 } : { to: "<-", fro: "->", first: 0 };
}

const SUITES = [
  ["AEAD", { ikeProposals: [IKE_AEAD], childProposals: [ESP_AEAD] }, ""],
  ["cipher and MAC", { ikeProposals: [IKE_MAC], childProposals: [ESP_MAC] }, ""],
  ["AEAD and PFS", { ikeProposals: [IKE_AEAD], childProposals: [withKe(ESP_AEAD, 19)] }, "KE,"],
] as const;

for (const by of ["a", "b"] as const) {
  for (const [name, policy, ke] of SUITES) {
    Deno.test(`ladder: "${by}" rekeys the Child SA (${name}) and no packet is lost`, async () => {
      const ladder = await begun(by, policy, policy);
      const { to, fro, first } = arrows(by);
      const { traffic } = ladder.pair;
      const passes = () => traffic.assertPasses();
      await passes();
      const oldIds = ladder.pair.hosts.map((host) => [...host.datapath.pairs.keys()][0]!);

      const request = `CREATE_CHILD_SA request ${first}: N(REKEY_SA),SA,Nonce,${ke}TSi,TSr`;
      const response = `CREATE_CHILD_SA response ${first}: SA,Nonce,${ke}TSi,TSr`;
      await passes();
      await ladder.arrow(`${to} ${request}`);
      await passes();
      await ladder.states(...sides(by, "established[rekeying]", "established[deleting installed]"));
      await ladder.arrow(`${fro} ${response}`);
      await ladder.states(...sides(by, "established[deleting installed]", "established[deleting installed]"));
      await passes();
      await ladder.arrow(`${to} INFORMATIONAL request ${first + 1}: D(ESP SPI)`);
      await passes();
      await ladder.arrow(`${fro} INFORMATIONAL response ${first + 1}: D(ESP SPI)`);
      await passes();
      ladder.silence();
      await ladder.wait(5_000);
      await ladder.states("established[installed]", "established[installed]");
      await passes();
      traffic.assertNothingLost();
      for (const [index, host] of ladder.pair.hosts.entries()) {
        assert.equal(host.datapath.pairs.size, 1);
        assert.ok(!host.datapath.pairs.has(oldIds[index]!));
        assert.equal(host.holder.stats().pendingKe, 0);
      }
    });
  }

  Deno.test(`ladder: "${by}" rekeys the Child SA while packets are under way all the time`, async () => {
    const ladder = await begun(by);
    const { pair } = ladder;
    pair.network.conditions = { latencyMs: 20 };
    for (let turn = 0; turn < 400; turn++) {
      pair.traffic.both();
      await pair.advance(1);
    }
    await pair.advance(5_000);
    pair.traffic.assertNothingLost();
    await ladder.states("established[installed]", "established[installed]");
  });

  Deno.test(`ladder: "${by}" rekeys the Child SA with the group that INVALID_KE_PAYLOAD asks for`, async () => {
    const several = { childProposals: [withKe(ESP_AEAD, 31, 19)] };
    const one = { childProposals: [withKe(ESP_AEAD, 19)] };
    const ladder = await begun(by, by === "a" ? several : one, by === "a" ? one : several);
    const { to, fro, first } = arrows(by);
    const request = "N(REKEY_SA),SA,Nonce,KE,TSi,TSr";
    await ladder.arrow(`${to} CREATE_CHILD_SA request ${first}: ${request}`);
    await ladder.arrow(`${fro} CREATE_CHILD_SA response ${first}: N(INVALID_KE_PAYLOAD)`);
    const second = await ladder.arrow(`${to} CREATE_CHILD_SA request ${first + 1}: ${request}`);
    assert.equal(second.payloads.find((payload) => payload.type === "KE")?.group, 19);
    await ladder.arrow(`${fro} CREATE_CHILD_SA response ${first + 1}: SA,Nonce,KE,TSi,TSr`);
    await ladder.pair.advance(5_000);
    await ladder.states("established[installed]", "established[installed]");
    await ladder.pair.traffic.assertPasses();
    for (const host of ladder.pair.hosts) assert.equal(host.holder.stats().pendingKe, 0);
  });

  Deno.test(`ladder: a rekey that meets the DELETE of "${by}" is put off with TEMPORARY_FAILURE`, async () => {
    const ladder = await Ladder.connected();
    const { pair } = ladder;
    const { to, fro, first } = arrows(by);
    const other = by === "a" ? arrows("b") : arrows("a");
    const [mine, theirs] = by === "a" ? [pair.a, pair.b] : [pair.b, pair.a];
    // Otherwise the active side would make another one.
    pair.a.engine.setActive(false);
    mine.datapath.expire(onlyPair(mine), "hard");
    theirs.datapath.expire(onlyPair(theirs), "soft");
    await pair.settle();
    await ladder.arrow(`${fro} CREATE_CHILD_SA request ${other.first}: N(REKEY_SA),SA,Nonce,TSi,TSr`);
    await ladder.arrow(`${to} INFORMATIONAL request ${first}: D(ESP SPI)`);
    await ladder.arrow(`${to} CREATE_CHILD_SA response ${other.first}: N(TEMPORARY_FAILURE)`);
    await ladder.arrow(`${fro} INFORMATIONAL response ${first}: D(ESP SPI)`);
    await ladder.wait(30_000);
    ladder.silence();
    await ladder.states("established[]", "established[]");
  });

  Deno.test(`ladder: "${by}" answers CHILD_SA_NOT_FOUND to the rekey of what it does not have`, async () => {
    const ladder = await Ladder.connected();
    const { pair } = ladder;
    const host = by === "a" ? pair.a : pair.b;
    const peerRole = by === "a" ? "responder" : "initiator";
    const rekey = await rekeyRequest(ladder, by);
    const strange = rekey.map((payload): Payload =>
      payload.type === "N" ? { ...payload, spi: new Uint8Array([1, 2, 3, 4]) } : payload
    );
    const messageId = by === "a" ? 0 : 2;
    const forged = { exchange: EXCHANGE.CREATE_CHILD_SA, messageId };
    const octets = sealMessage(host.keys.recorded[0]!, peerRole, forged, strange);
    await ladder.deliver(datagramTo(pair, host, octets));
    const answer = ladder.lose(
      `${arrows(by).to} CREATE_CHILD_SA response ${messageId}: N(CHILD_SA_NOT_FOUND)`,
    );
    const notify = answer.payloads[0]!;
    assert.ok(notify.type === "N" && notify.protocol === 3);
    assert.deepEqual(notify.spi, new Uint8Array([1, 2, 3, 4]));
    assert.equal(host.datapath.pairs.size, 1);
  });

  Deno.test(`ladder: "${by}" drops what CHILD_SA_NOT_FOUND names and makes a new Child SA`, async () => {
    const ladder = await begun(by);
    const { pair } = ladder;
    const host = by === "a" ? pair.a : pair.b;
    const peerRole = by === "a" ? "responder" : "initiator";
    const { to, first } = arrows(by);
    const old = onlyPair(host);
    ladder.lose(`${to} CREATE_CHILD_SA request ${first}: N(REKEY_SA),SA,Nonce,TSi,TSr`);
    const forged = { exchange: EXCHANGE.CREATE_CHILD_SA, messageId: first, response: true };
    const notFound = { type: "N", critical: false, protocol: 3, spi: new Uint8Array(4) } as const;
    const octets = sealMessage(host.keys.recorded[0]!, peerRole, forged, [
      { ...notFound, notifyType: NOTIFY.CHILD_SA_NOT_FOUND, data: new Uint8Array(0) },
    ]);
    await ladder.deliver(datagramTo(pair, host, octets));
    assert.ok(!host.datapath.pairs.has(old));
    ladder.lose(`${to} CREATE_CHILD_SA request ${first + 1}: SA,Nonce,TSi,TSr`);
  });
}

/** The payloads of the rekey request that the peer of `by` would send. */
async function rekeyRequest(ladder: Ladder, by: "a" | "b"): Promise<readonly Payload[]> {
  const { pair } = ladder;
  const peer = by === "a" ? pair.b : pair.a;
  const { fro } = arrows(by);
  peer.datapath.expire(onlyPair(peer), "soft");
  await pair.settle();
  const id = by === "a" ? 0 : 2;
  return ladder.lose(`${fro} CREATE_CHILD_SA request ${id}: N(REKEY_SA),SA,Nonce,TSi,TSr`).payloads;
}

Deno.test("ladder: a peer that refuses every rekey loses the Child SA at the end of its lifetime", async () => {
  const ladder = await Ladder.connected({
    a: sideA({ policy: { ...LIFE, childProposals: [withKe(ESP_AEAD, 31)] } }),
    b: sideB({ policy: { childProposals: [ESP_AEAD] } }),
  });
  const { pair } = ladder;
  await pair.advance(LIFE_MS * 0.951);
  await ladder.states("established[installed]", "established[installed]");
  const refusals = pair.a.events.filter((event) => event.kind === "failed");
  assert.ok(refusals.length >= 1 && refusals.every((event) => event.report.code === "refused-child"));
  await pair.advance(LIFE_MS * 0.06);
  await ladder.states("established[]", "established[]");
  for (const host of pair.hosts) assert.equal(host.datapath.pairs.size, 0);
});

Deno.test("ladder: a soft limit of the data path rekeys, a hard one deletes at once", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const id = [...pair.a.datapath.pairs.keys()][0]!;
  pair.a.datapath.expire(id, "soft");
  await pair.settle();
  await ladder.arrow("-> CREATE_CHILD_SA request 2: N(REKEY_SA),SA,Nonce,TSi,TSr");
  await pair.advance(5_000);
  await ladder.states("established[installed]", "established[installed]");
  const next = [...pair.a.datapath.pairs.keys()][0]!;
  assert.notEqual(next, id);
  pair.a.datapath.expire(next, "hard");
  await pair.settle();
  assert.equal(pair.a.datapath.pairs.size, 0);
  await ladder.arrow("-> INFORMATIONAL request 4: D(ESP SPI)");
  await ladder.arrow("<- INFORMATIONAL response 4: D(ESP SPI)");
  await ladder.states("established[]", "established[]");
});

for (const by of ["a", "b"] as const) {
  Deno.test(`ladder: a pair that somebody took out of the data path of "${by}" is rekeyed at once, and the log says so`, async () => {
    const ladder = await Ladder.connected();
    const { pair } = ladder;
    const host = pair[by];
    const id = [...host.datapath.pairs.keys()][0]!;
    host.datapath.vanish(id);
    // What is told of a pair twice is done once; of one that is no more there is nothing to do.
    host.datapath.vanish(id);
    host.datapath.vanish(999);
    await pair.settle();
    const { to, first } = arrows(by);
    await ladder.arrow(`${to} CREATE_CHILD_SA request ${first}: N(REKEY_SA),SA,Nonce,TSi,TSr`);
    await pair.advance(5_000);
    await ladder.states("established[installed]", "established[installed]");
    await pair.traffic.assertPasses();
    assert.equal(host.events.filter((event) => event.kind === "child-rekeyed").length, 1);
    const [line] = host.events.filter((event) => event.kind === "log" && event.level === "warning");
    assert.match(
      line?.kind === "log" ? line.text : "",
      /^Child SA \d+ was removed from the data path by somebody else/,
    );
    for (const one of pair.hosts) assert.equal(one.datapath.pairs.size, 1);
  });
}

Deno.test("ladder: a lifetime in octets rekeys in time: every packet of a long stream arrives", async () => {
  const ladder = await Ladder.connected({
    a: sideA({ policy: { childLifetime: { ms: 0, octets: 10_000 } } }),
  });
  const { pair } = ladder;
  for (let packets = 0; packets < 1_000; packets++) {
    pair.traffic.both();
    await pair.advance(10);
  }
  await pair.advance(5_000);
  pair.traffic.assertNothingLost();
  const rekeys = pair.a.events.filter((event) => event.kind === "child-rekeyed").length;
  assert.ok(rekeys >= 8, `${rekeys} rekeys for 84,000 octets each way`);
  for (const host of pair.hosts) assert.equal(host.datapath.pairs.size, 1);
});
