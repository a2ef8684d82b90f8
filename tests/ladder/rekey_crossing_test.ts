/** Both ends replace the same Child SA at once (RFC 7296 §2.8.1, §2.25.1): of the two new ones the nonces leave one. */
import assert from "node:assert/strict";
import { toHex } from "../../src/bytes/mod.ts";
import { EXCHANGE, NOTIFY, type Payload } from "../../src/wire/mod.ts";
import { assertNothingLeft } from "../support/idle.ts";
import { datagramTo, type Forged, sealMessage } from "../support/forge.ts";
import { Ladder, onlyPair, sides, type Step } from "../support/ladder.ts";
import { type Host, Pair, type PairOptions } from "../support/pair.ts";
import { address } from "../support/policies.ts";
import { createRng } from "../support/rng.ts";
import type { InnerPacket } from "../support/simulated_datapath.ts";

type Name = "a" | "b";

const REQUEST = "N(REKEY_SA),SA,Nonce,TSi,TSr";
const RESPONSE = "SA,Nonce,TSi,TSr";
/** The arrow of a message to the end that does not have this name, and the message id of that end's next request. */
const OF = { a: { to: "->", fro: "<-", first: 2 }, b: { to: "<-", fro: "->", first: 0 } } as const;

function nonceOf({ payloads }: Step): string {
  const nonce = payloads.find((payload) => payload.type === "Nonce");
  assert.ok(nonce?.type === "Nonce");
  return toHex(nonce.data);
}

function countOf(host: Host, kind: "child-rekeyed" | "child-down" | "child-up"): number {
  return host.events.filter((event) => event.kind === kind).length;
}

/** Both requests are under way, taken out of the network. */
interface Crossed {
  readonly ladder: Ladder;
  readonly requests: Readonly<Record<Name, Step>>;
}

async function crossed(options: PairOptions = {}): Promise<Crossed> {
  const ladder = await Ladder.connected(options);
  for (const host of ladder.pair.hosts) host.datapath.expire(onlyPair(host), "soft");
  await ladder.pair.settle();
  const take = (name: Name) =>
    ladder.lose(`${OF[name].to} CREATE_CHILD_SA request ${OF[name].first}: ${REQUEST}`);
  return { ladder, requests: { a: take("a"), b: take("b") } };
}

/** What both answered, and who made the new Child SA that stays: the other one has the lowest nonce. */
interface Answered {
  readonly answers: Readonly<Record<Name, Step>>;
  readonly winner: Name;
  readonly loser: Name;
}

async function answer({ ladder, requests }: Crossed): Promise<Answered> {
  for (const name of ["a", "b"] as const) await ladder.deliver(requests[name].datagram);
  const take = (name: Name) =>
    ladder.lose(`${OF[name].fro} CREATE_CHILD_SA response ${OF[name].first}: ${RESPONSE}`);
  const answers = { a: take("a"), b: take("b") };
  const lowest = (name: Name) => [nonceOf(requests[name]), nonceOf(answers[name])].sort()[0]!;
  const winner = lowest("a") > lowest("b") ? "a" : "b";
  return { answers, winner, loser: winner === "a" ? "b" : "a" };
}

/**
 * Crossed requests, both answered, where the Child SA of `winner` stays. The lowest nonce is that of the request, or of the
 * response; the nonces of the other two messages alone would decide otherwise.
 */
async function answered(
  winner: Name,
  where: "request" | "response" = "request",
): Promise<Crossed & Answered> {
  for (let seed = 1; seed < 100; seed++) {
    const begun = await crossed({ seed });
    const all = { ...begun, ...await answer(begun) };
    const { requests, answers, loser } = all;
    const isHere = where === (nonceOf(requests[loser]) < nonceOf(answers[loser]) ? "request" : "response");
    const others = where === "request" ? answers : requests;
    const misleading = nonceOf(others[loser]) > nonceOf(others[winner]);
    if (all.winner === winner && isHere && misleading) return all;
  }
  assert.fail("no seed of 100 has such nonces");
}

/** From the network behind `name` to the one behind the other. */
function packetFrom(name: Name): InnerPacket {
  const [source, destination] = name === "a" ? ["10.1.0.5", "10.2.0.5"] : ["10.2.0.5", "10.1.0.5"];
  const ends = { source: address(source), destination: address(destination) };
  return { ...ends, protocol: 1, sourcePort: 0, destinationPort: 0, octets: 84 };
}

/** The peer of `name` sends a packet through this pair, which is taken. */
function sendThrough(pair: Pair, name: Name, id: number): void {
  const { datapath } = pair[name];
  const peer = name === "a" ? "b" : "a";
  const { inbound } = datapath.pairs.get(id)!.child;
  const packet = { ...inbound, udpEncap: false, inner: packetFrom(peer) };
  assert.equal(datapath.input({ address: pair[peer].address, port: 4500 }, packet), "delivered");
}

/** Each end has one Child SA, the same, and packets pass. */
async function assertSame(pair: Pair): Promise<void> {
  await pair.traffic.assertPasses();
  const [a, b] = pair.hosts.map((host) => host.datapath.pairs.get(onlyPair(host))!.child);
  assert.deepEqual([a!.inbound.spi, a!.outbound.spi], [b!.outbound.spi, b!.inbound.spi]);
}

/** Time passes; each end has told of one rekey and of nothing lost. */
async function settled(ladder: Ladder): Promise<void> {
  const { pair } = ladder;
  await pair.advance(10_000);
  await ladder.states("established[installed]", "established[installed]");
  await assertSame(pair);
  for (const host of pair.hosts) {
    assert.equal(countOf(host, "child-rekeyed"), 1);
    assert.equal(countOf(host, "child-down"), 0);
    assert.deepEqual(host.events.filter((event) => event.kind === "failed"), []);
  }
}

for (const winner of ["a", "b"] as const) {
  const loser = winner === "a" ? "b" : "a";
  const mine = OF[winner], theirs = OF[loser];

  for (const where of ["request", "response"] as const) {
    Deno.test(`ladder: both rekey at once, the lowest nonce is in the ${where} of "${loser}": it deletes its own, "${winner}" the old one`, async () => {
      const { ladder, answers } = await answered(winner, where);
      const { traffic } = ladder.pair;
      const old = Object.fromEntries(
        ladder.pair.hosts.map((host) => [host.name, [...host.datapath.pairs.keys()][0]!]),
      );
      await traffic.assertPasses();
      await ladder.deliver(answers[winner].datagram);
      await ladder.states(
        ...sides(winner, "established[deleting installed installed]", "established[deleting installed]"),
      );
      await traffic.assertPasses();
      await ladder.deliver(answers[loser].datagram);
      await traffic.assertPasses();
      const spiOf = (step: Step) => {
        const payload = step.payloads[0]!;
        assert.ok(payload.type === "D" && payload.spis.length === 1);
        return toHex(payload.spis[0]!);
      };
      const hex = (spi: number) => spi.toString(16).padStart(8, "0");
      const spis = (name: Name, id: number) =>
        hex(ladder.pair[name].datapath.pairs.get(id)!.child.inbound.spi);
      const oldSpi = spis(winner, old[winner]!);
      const redundant = spis(loser, Math.max(...ladder.pair[loser].datapath.pairs.keys()));
      const first = await ladder.arrow(`${mine.to} INFORMATIONAL request ${mine.first + 1}: D(ESP SPI)`);
      assert.equal(spiOf(first), oldSpi);
      await traffic.assertPasses();
      const second = await ladder.arrow(`${theirs.to} INFORMATIONAL request ${theirs.first + 1}: D(ESP SPI)`);
      assert.equal(spiOf(second), redundant);
      await traffic.assertPasses();
      await ladder.arrow(`${mine.fro} INFORMATIONAL response ${mine.first + 1}: D(ESP SPI)`);
      await ladder.arrow(`${theirs.fro} INFORMATIONAL response ${theirs.first + 1}: D(ESP SPI)`);
      await traffic.assertPasses();
      ladder.silence();
      await settled(ladder);
      traffic.assertNothingLost();
      for (const host of ladder.pair.hosts) assert.ok(!host.datapath.pairs.has(old[host.name]!));
    });
  }

  Deno.test(`ladder: a peer that sends on a redundant Child SA at once gets no answer through it, whether "${winner}" or "${loser}" is us`, async () => {
    const { ladder, answers } = await answered(winner);
    const { pair } = ladder;
    const newest = (name: Name) => Math.max(...pair[name].datapath.pairs.keys());
    const rival = newest(winner);
    await ladder.deliver(answers[winner].datagram);
    sendThrough(pair, winner, rival);
    await pair.traffic.assertPasses();
    await ladder.deliver(answers[loser].datagram);
    sendThrough(pair, loser, newest(loser));
    await pair.traffic.assertPasses();
    for (const [name, id] of [[winner, rival], [loser, newest(loser)]] as const) {
      assert.equal(pair[name].datapath.pairs.get(id)!.packetsOut, 0);
    }
    // What was under way behind its DELETE is still taken.
    await ladder.arrow(`${theirs.to} INFORMATIONAL request ${theirs.first + 1}: D(ESP SPI)`);
    sendThrough(pair, winner, rival);
    await settled(ladder);
    pair.traffic.assertNothingLost();
  });

  Deno.test(`ladder: a peer that keeps its redundant Child SA may send through it as long as it likes; "${winner}" does not`, async () => {
    const { ladder, answers } = await answered(winner);
    const { pair } = ladder;
    const { datapath } = pair[winner];
    const rival = Math.max(...datapath.pairs.keys());
    for (const name of [winner, loser] as const) await ladder.deliver(answers[name].datagram);
    await ladder.arrow(`${mine.to} INFORMATIONAL request ${mine.first + 1}: D(ESP SPI)`);
    ladder.lose(`${theirs.to} INFORMATIONAL request ${theirs.first + 1}: D(ESP SPI)`);
    await ladder.arrow(`${mine.fro} INFORMATIONAL response ${mine.first + 1}: D(ESP SPI)`);
    await ladder.wait(600_000);
    assert.equal(datapath.pairs.size, 2);
    sendThrough(pair, winner, rival);
    const packet = datapath.output(packetFrom(winner));
    assert.ok(packet.kind === "sealed");
    assert.notEqual(packet.packet.spi, datapath.pairs.get(rival)!.child.outbound.spi);
    assert.equal(countOf(pair[winner], "child-down"), 0);
  });

  Deno.test(`ladder: both rekey at once, "${loser}" has deleted its own before the answer to "${winner}" comes`, async () => {
    const { ladder, answers } = await answered(winner);
    const { pair } = ladder;
    await ladder.deliver(answers[loser].datagram);
    await pair.traffic.assertPasses();
    await ladder.arrow(`${theirs.to} INFORMATIONAL request ${theirs.first + 1}: D(ESP SPI)`);
    await pair.traffic.assertPasses();
    await ladder.arrow(`${theirs.fro} INFORMATIONAL response ${theirs.first + 1}: D(ESP SPI)`);
    await ladder.states(
      ...sides(winner, "established[rekeying]", "established[deleting installed]"),
    );
    await pair.traffic.assertPasses();
    await ladder.deliver(answers[winner].datagram);
    await pair.traffic.assertPasses();
    await settled(ladder);
    pair.traffic.assertNothingLost();
  });

  Deno.test(`ladder: both rekey at once, "${winner}" has deleted the old one before the answer to "${loser}" comes`, async () => {
    const { ladder, answers } = await answered(winner);
    const { pair } = ladder;
    await ladder.deliver(answers[winner].datagram);
    await ladder.arrow(`${mine.to} INFORMATIONAL request ${mine.first + 1}: D(ESP SPI)`);
    await pair.traffic.assertPasses();
    await ladder.arrow(`${mine.fro} INFORMATIONAL response ${mine.first + 1}: D(ESP SPI)`);
    await pair.traffic.assertPasses();
    await ladder.wait(5_000);
    await ladder.deliver(answers[loser].datagram);
    await pair.traffic.assertPasses();
    await settled(ladder);
    pair.traffic.assertNothingLost();
  });

  Deno.test(`ladder: the rekey of "${loser}" comes when "${winner}" has its answer: put off, and the first one stays`, async () => {
    const { ladder, requests } = await crossed();
    const { pair } = ladder;
    await ladder.deliver(requests[winner].datagram);
    await ladder.arrow(`${mine.fro} CREATE_CHILD_SA response ${mine.first}: ${RESPONSE}`);
    await pair.traffic.assertPasses();
    await ladder.deliver(requests[loser].datagram);
    await ladder.arrow(`${mine.to} INFORMATIONAL request ${mine.first + 1}: D(ESP SPI)`);
    await ladder.arrow(`${mine.to} CREATE_CHILD_SA response ${theirs.first}: N(TEMPORARY_FAILURE)`);
    await pair.traffic.assertPasses();
    await settled(ladder);
    pair.traffic.assertNothingLost();
  });

  Deno.test(`ladder: the rekey of "${loser}" comes when the old one is gone: CHILD_SA_NOT_FOUND changes nothing`, async () => {
    const { ladder, requests } = await crossed();
    const { pair } = ladder;
    await ladder.deliver(requests[winner].datagram);
    await ladder.arrow(`${mine.fro} CREATE_CHILD_SA response ${mine.first}: ${RESPONSE}`);
    await ladder.arrow(`${mine.to} INFORMATIONAL request ${mine.first + 1}: D(ESP SPI)`);
    await ladder.arrow(`${mine.fro} INFORMATIONAL response ${mine.first + 1}: D(ESP SPI)`);
    await ladder.deliver(requests[loser].datagram);
    await ladder.arrow(`${mine.to} CREATE_CHILD_SA response ${theirs.first}: N(CHILD_SA_NOT_FOUND)`);
    await pair.advance(10_000);
    await ladder.states("established[installed]", "established[installed]");
    await pair.traffic.assertPasses();
    pair.traffic.assertNothingLost();
  });

  Deno.test(`ladder: a peer that begins a second rekey while "${winner}" waits is put off, and one that refuses has its own`, async () => {
    const { ladder, requests } = await crossed();
    const { pair } = ladder;
    const host = pair[winner];
    await ladder.deliver(requests[loser].datagram);
    ladder.lose(`${mine.to} CREATE_CHILD_SA response ${theirs.first}: ${RESPONSE}`);
    const { CREATE_CHILD_SA } = EXCHANGE;
    await forge(
      ladder,
      winner,
      { exchange: CREATE_CHILD_SA, messageId: theirs.first + 1 },
      requests[loser].payloads,
    );
    ladder.lose(`${mine.to} CREATE_CHILD_SA response ${theirs.first + 1}: N(TEMPORARY_FAILURE)`);
    assert.equal(host.datapath.pairs.size, 2);
    assert.equal(countOf(host, "child-rekeyed"), 0);
    await forge(ladder, winner, { exchange: CREATE_CHILD_SA, messageId: mine.first, response: true }, [
      refusal(),
    ]);
    assert.equal(countOf(host, "child-rekeyed"), 1);
    const states = (await pair.snapshots())[winner === "a" ? 0 : 1][0]!.children.map(({ state }) => state);
    assert.deepEqual(states, ["deleting", "installed"]);
    ladder.silence();
  });

  Deno.test(`ladder: a peer that takes its own back and then refuses leaves "${winner}" the old one, which is replaced later`, async () => {
    const { ladder, requests } = await crossed();
    const { pair } = ladder;
    const host = pair[winner];
    await ladder.deliver(requests[loser].datagram);
    const made = ladder.lose(`${mine.to} CREATE_CHILD_SA response ${theirs.first}: ${RESPONSE}`);
    const spi = proposedSpi(requests[loser]);
    assert.notDeepEqual(spi, proposedSpi(made));
    const remove: Payload = { type: "D", critical: false, protocol: 3, spis: [spi] };
    await forge(ladder, winner, { exchange: EXCHANGE.INFORMATIONAL, messageId: theirs.first + 1 }, [remove]);
    ladder.lose(`${mine.to} INFORMATIONAL response ${theirs.first + 1}: D(ESP SPI)`);
    await forge(
      ladder,
      winner,
      { exchange: EXCHANGE.CREATE_CHILD_SA, messageId: mine.first, response: true },
      [refusal()],
    );
    assert.equal(host.datapath.pairs.size, 1);
    assert.equal(countOf(host, "child-rekeyed") + countOf(host, "child-down"), 0);
    await ladder.wait(5_000);
    ladder.lose(`${mine.to} CREATE_CHILD_SA request ${mine.first + 1}: ${REQUEST}`);
  });
}

/** Delivers to `name` what its peer never said. */
async function forge(
  ladder: Ladder,
  name: Name,
  forged: Forged,
  payloads: readonly Payload[],
): Promise<void> {
  const host = ladder.pair[name];
  const octets = sealMessage(
    host.keys.recorded[0]!,
    name === "a" ? "responder" : "initiator",
    forged,
    payloads,
  );
  await ladder.deliver(datagramTo(ladder.pair, host, octets));
}

function refusal(): Payload {
  const none = new Uint8Array(0);
  return {
    type: "N",
    critical: false,
    protocol: 0,
    spi: none,
    notifyType: NOTIFY.TEMPORARY_FAILURE,
    data: none,
  };
}

function proposedSpi({ payloads }: Step): Uint8Array {
  const sa = payloads.find((payload) => payload.type === "SA");
  assert.ok(sa?.type === "SA");
  return sa.proposals[0]!.spi;
}

Deno.test("both rekey at once, 300 times over a network that delays, doubles and reorders: no packet is lost, one Child SA remains", async () => {
  let crossed = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const rng = createRng(seed, "crossing");
    const pair = await new Pair({ seed }).start();
    await pair.connect();
    await pair.drive();
    pair.network.conditions = {
      latencyMs: 5,
      jitterMs: rng.below(40),
      duplicate: 0.2,
      reorder: 0.2,
      reorderMs: 60,
    };
    const [first, second] = rng.chance(0.5) ? [pair.a, pair.b] : [pair.b, pair.a];
    first.datapath.expire(onlyPair(first), "soft");
    const apart = rng.below(12);
    for (let turn = 0; turn < 200; turn++) {
      if (turn === apart) second.datapath.expire(Math.min(...second.datapath.pairs.keys()), "soft");
      pair.traffic.both();
      await pair.advance(1 + rng.below(3));
    }
    pair.network.conditions = { latencyMs: 5 };
    await pair.advance(60_000);
    pair.traffic.assertNothingLost();
    await assertSame(pair);
    // The old one, and one of each end.
    if (pair.hosts.every(({ datapath }) => datapath.seenIds.size === 3)) crossed++;
    await pair.during(Promise.all(pair.hosts.map((host) => host.engine.shutdown())));
    await assertNothingLeft(pair);
  }
  assert.ok(crossed > 100, `only ${crossed} runs had two new Child SAs`);
});
