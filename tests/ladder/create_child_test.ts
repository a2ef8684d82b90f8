import assert from "node:assert/strict";
import { EXCHANGE, NOTIFY, type Payload } from "../../src/wire/mod.ts";
import { MAX_CHILDREN } from "../../src/exchange/create_child/mod.ts";
import { datagramTo, sealMessage } from "../support/forge.ts";
import { assertNothingLeft } from "../support/idle.ts";
import { Ladder } from "../support/ladder.ts";
import { ESP_AEAD, ESP_MAC, flow, IKE_AEAD, IKE_MAC, sideA, sideB, withKe } from "../support/policies.ts";

const SUITES = [
  ["AEAD", { ikeProposals: [IKE_AEAD], childProposals: [ESP_AEAD] }, ""],
  ["cipher and MAC", { ikeProposals: [IKE_MAC], childProposals: [ESP_MAC] }, ""],
  ["PFS", { ikeProposals: [IKE_AEAD], childProposals: [withKe(ESP_AEAD, 31)] }, "KE,"],
] as const;

function arrows(by: "a" | "b"): { to: string; fro: string } {
  return by === "a" ? { to: "->", fro: "<-" } : { to: "<-", fro: "->" };
}

/** Established, and the Child SA is gone from both sides: message ids of `a` go on at 3, those of `b` at 0. */
async function childless(policy: typeof SUITES[number][1]): Promise<Ladder> {
  const ladder = await Ladder.connected({ a: sideA({ policy }), b: sideB({ policy }) });
  const { a } = ladder.pair;
  a.datapath.expire([...a.datapath.pairs.keys()][0]!, "hard");
  await ladder.pair.drive();
  await ladder.states("established[]", "established[]");
  return ladder;
}

for (const by of ["a", "b"] as const) {
  for (const [name, policy, ke] of SUITES) {
    Deno.test(`ladder: a packet without an SA makes "${by}" ask for a Child SA (${name})`, async () => {
      const ladder = await childless(policy);
      const { pair } = ladder;
      const { to, fro } = arrows(by);
      const id = by === "a" ? 3 : 0;
      pair.traffic.send(by);
      assert.equal(pair.traffic.from[by].held, 1);
      await pair.settle();
      await ladder.arrow(`${to} CREATE_CHILD_SA request ${id}: SA,Nonce,${ke}TSi,TSr`);
      await ladder.arrow(`${fro} CREATE_CHILD_SA response ${id}: SA,Nonce,${ke}TSi,TSr`);
      await ladder.states("established[installed]", "established[installed]");
      await pair.traffic.assertPasses();
      ladder.silence();
    });
  }

  Deno.test(`ladder: what the data path of "${by}" refuses to install is deleted at the peer`, async () => {
    const ladder = await childless(SUITES[0][1]);
    const { pair } = ladder;
    const { to, fro } = arrows(by);
    const [host, peer] = by === "a" ? [pair.a, pair.b] : [pair.b, pair.a];
    const id = by === "a" ? 3 : 0;
    host.datapath.failing = "install";
    pair.traffic.send(by);
    await pair.settle();
    await ladder.arrow(`${to} CREATE_CHILD_SA request ${id}: SA,Nonce,TSi,TSr`);
    assert.equal(peer.datapath.pairs.size, 1);
    await ladder.arrow(`${fro} CREATE_CHILD_SA response ${id}: SA,Nonce,TSi,TSr`);
    await ladder.arrow(`${to} INFORMATIONAL request ${id + 1}: D(ESP SPI)`);
    await ladder.arrow(`${fro} INFORMATIONAL response ${id + 1}: D(ESP SPI)`);
    await ladder.states("established[]", "established[]");
    assert.deepEqual([host.datapath.pairs.size, peer.datapath.pairs.size], [0, 0]);
    assert.ok(host.events.some((event) => event.kind === "failed" && event.report.code === "datapath"));
  });

  Deno.test(`ladder: as responder "${by}" tells the peer that its data path refused the Child SA`, async () => {
    const ladder = await childless(SUITES[0][1]);
    const { pair } = ladder;
    const other = by === "a" ? "b" : "a";
    const { to, fro } = arrows(other);
    pair[by].datapath.failing = "install";
    pair.traffic.send(other);
    await pair.settle();
    const id = other === "a" ? 3 : 0;
    await ladder.arrow(`${to} CREATE_CHILD_SA request ${id}: SA,Nonce,TSi,TSr`);
    await ladder.arrow(`${fro} CREATE_CHILD_SA response ${id}: N(NO_ADDITIONAL_SAS)`);
    await ladder.states("established[]", "established[]");
  });

  for (const failing of ["deriveChild", "startKe"] as const) {
    Deno.test(`ladder: a failure of ${failing} at "${by}" leaves no handle and no SPI, and later it works`, async () => {
      const ladder = await childless(SUITES[2][1]);
      const { pair } = ladder;
      const host = pair[by];
      host.keys.failing = failing;
      pair.traffic.send(by);
      await pair.drive();
      await ladder.states("established[]", "established[]");
      assert.ok(host.events.some((event) => event.kind === "failed" && event.report.code === "keys"));
      for (const { holder, datapath } of pair.hosts) {
        assert.deepEqual([holder.stats().pendingKe, datapath.pairs.size], [0, 0]);
      }
      host.keys.failing = undefined;
      pair.traffic.send(by);
      await pair.drive();
      await ladder.states("established[installed]", "established[installed]");
      await pair.during(Promise.all(pair.hosts.map(({ engine }) => engine.shutdown())));
      await assertNothingLeft(pair);
    });
  }
}

for (const by of ["a", "b"] as const) {
  Deno.test(`ladder: a rekey that overtakes the response to "${by}" is put off, not CHILD_SA_NOT_FOUND`, async () => {
    const ladder = await childless(SUITES[0][1]);
    const { pair } = ladder;
    const { to, fro } = arrows(by);
    const other = by === "a" ? "b" : "a";
    const [id, theirs] = by === "a" ? [3, 0] : [0, 3];
    pair.traffic.send(by);
    await pair.settle();
    await ladder.arrow(`${to} CREATE_CHILD_SA request ${id}: SA,Nonce,TSi,TSr`);
    const response = ladder.lose(`${fro} CREATE_CHILD_SA response ${id}: SA,Nonce,TSi,TSr`);
    pair[other].datapath.expire([...pair[other].datapath.pairs.keys()][0]!, "soft");
    await pair.settle();
    await ladder.arrow(`${fro} CREATE_CHILD_SA request ${theirs}: N(REKEY_SA),SA,Nonce,TSi,TSr`);
    await ladder.arrow(`${to} CREATE_CHILD_SA response ${theirs}: N(TEMPORARY_FAILURE)`);
    await ladder.deliver(response.datagram);
    await ladder.states("established[installed]", "established[installed]");
    await pair.advance(10_000);
    await ladder.states("established[installed]", "established[installed]");
    await pair.traffic.assertPasses();
  });

  Deno.test(`ladder: a DELETE that overtakes the response to "${by}" leaves no half of a Child SA`, async () => {
    const ladder = await childless(SUITES[0][1]);
    const { pair } = ladder;
    const { to, fro } = arrows(by);
    const other = by === "a" ? "b" : "a";
    const [id, theirs] = by === "a" ? [3, 0] : [0, 3];
    pair.traffic.send(by);
    await pair.settle();
    await ladder.arrow(`${to} CREATE_CHILD_SA request ${id}: SA,Nonce,TSi,TSr`);
    const response = ladder.lose(`${fro} CREATE_CHILD_SA response ${id}: SA,Nonce,TSi,TSr`);
    pair.a.engine.setActive(false);
    pair[other].datapath.expire([...pair[other].datapath.pairs.keys()][0]!, "hard");
    await pair.settle();
    await ladder.arrow(`${fro} INFORMATIONAL request ${theirs}: D(ESP SPI)`);
    await ladder.arrow(`${to} INFORMATIONAL response ${theirs}: `);
    await ladder.deliver(response.datagram);
    ladder.silence();
    await ladder.states("established[]", "established[]");
    for (const { datapath } of pair.hosts) assert.equal(datapath.pairs.size, 0);
  });
}

Deno.test("ladder: refusals in CREATE_CHILD_SA: no common proposal, no common selector", async () => {
  for (
    const [policy, answer] of [
      [{ childProposals: [withKe(ESP_AEAD, 31)] }, "NO_PROPOSAL_CHOSEN"],
      [{ flows: [flow("10.1.0.0/16", "10.2.0.0/16"), flow("10.77.0.0/16", "10.78.0.0/16")] }, undefined],
    ] as const
  ) {
    const ladder = await Ladder.connected({ a: sideA({ policy }) });
    const { pair } = ladder;
    pair.a.datapath.expire([...pair.a.datapath.pairs.keys()][0]!, "soft");
    await pair.settle();
    const ke = answer === undefined ? "" : "KE,";
    await ladder.arrow(`-> CREATE_CHILD_SA request 2: N(REKEY_SA),SA,Nonce,${ke}TSi,TSr`);
    const payloads = answer === undefined ? "SA,Nonce,TSi,TSr" : `N(${answer})`;
    await ladder.arrow(`<- CREATE_CHILD_SA response 2: ${payloads}`);
    await pair.traffic.assertPasses();
  }
});

Deno.test("ladder: an IKE SA has so many Child SAs and no more: NO_ADDITIONAL_SAS", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  pair.a.datapath.expire([...pair.a.datapath.pairs.keys()][0]!, "soft");
  await pair.settle();
  const rekey = ladder.lose("-> CREATE_CHILD_SA request 2: N(REKEY_SA),SA,Nonce,TSi,TSr").payloads;
  const additional = rekey.filter((payload) => payload.type !== "N");
  for (let n = 1; n < MAX_CHILDREN; n++) {
    await ask(ladder, n + 1, withSpi(additional, n));
    ladder.lose(`<- CREATE_CHILD_SA response ${n + 1}: SA,Nonce,TSi,TSr`);
  }
  assert.equal(pair.b.datapath.pairs.size, MAX_CHILDREN);
  await ask(ladder, MAX_CHILDREN + 1, withSpi(additional, MAX_CHILDREN));
  ladder.lose(`<- CREATE_CHILD_SA response ${MAX_CHILDREN + 1}: N(NO_ADDITIONAL_SAS)`);
  assert.equal(pair.b.datapath.pairs.size, MAX_CHILDREN);
  await pair.during(pair.b.engine.shutdown());
  assert.equal(pair.b.datapath.pairs.size, 0);
});

Deno.test("ladder: a public value that RFC 6989 forbids makes no Child SA, ends the IKE SA and leaves nothing", async () => {
  const policy = SUITES[2][1];
  const ladder = await Ladder.connected({ a: sideA({ policy }), b: sideB({ policy }) });
  const { pair } = ladder;
  pair.a.datapath.expire([...pair.a.datapath.pairs.keys()][0]!, "soft");
  await pair.settle();
  const { payloads } = ladder.lose("-> CREATE_CHILD_SA request 2: N(REKEY_SA),SA,Nonce,KE,TSi,TSr");
  const low = payloads.map((p): Payload => p.type === "KE" ? { ...p, data: new Uint8Array(32) } : p);
  await ask(ladder, 2, low);
  const answer = ladder.lose("<- CREATE_CHILD_SA response 2: N(INVALID_SYNTAX)").payloads[0]!;
  assert.ok(answer.type === "N" && answer.notifyType === NOTIFY.INVALID_SYNTAX);
  assert.deepEqual(await pair.b.engine.snapshot(), []);
  assert.equal(pair.b.datapath.pairs.size, 0);
  assert.equal(pair.b.holder.stats().pendingKe, 0);
});

/** A CREATE_CHILD_SA request to `b`, sealed as `a` would. */
function ask(ladder: Ladder, messageId: number, payloads: readonly Payload[]): Promise<void> {
  const { pair } = ladder;
  const forged = { exchange: EXCHANGE.CREATE_CHILD_SA, messageId };
  const octets = sealMessage(pair.a.keys.recorded[0]!, "initiator", forged, payloads);
  return ladder.deliver(datagramTo(pair, pair.b, octets));
}

function withSpi(payloads: readonly Payload[], n: number): Payload[] {
  return payloads.map((payload): Payload => {
    if (payload.type !== "SA") return payload;
    const spi = new Uint8Array([1, 0, n >> 8, n & 255]);
    return { ...payload, proposals: payload.proposals.map((proposal) => ({ ...proposal, spi })) };
  });
}
