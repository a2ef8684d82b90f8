/** Where an SA's messages and packets go when a NAT moves the peer (RFC 7296 §2.23). */
import assert from "node:assert/strict";
import { EXCHANGE } from "../../src/wire/mod.ts";
import { sealMessage } from "../support/forge.ts";
import { Ladder } from "../support/ladder.ts";
import { address } from "../support/policies.ts";
import type { Pair } from "../support/pair.ts";

const ELSEWHERE = { address: address("203.0.113.77"), port: 61_000 };

async function remoteOfB(pair: Pair): Promise<string> {
  const [sa] = await pair.b.engine.snapshot();
  return `${sa!.peer.address} ${sa!.peer.port}`;
}

function probe(pair: Pair, messageId = 2): Uint8Array {
  const forged = { exchange: EXCHANGE.INFORMATIONAL, messageId };
  return sealMessage(pair.a.keys.recorded[0]!, "initiator", forged, []);
}

async function fromElsewhere(pair: Pair, data: Uint8Array): Promise<void> {
  const local = { address: pair.b.address, port: 4500 };
  pair.b.engine.handleDatagrams([{ local, remote: ELSEWHERE, data, natt: true }]);
  await pair.settle();
}

Deno.test("path: a new authentic message of a peer behind NAT moves the SA and its ESP", async () => {
  const { pair } = await Ladder.connected({ nat: "a" });
  await fromElsewhere(pair, probe(pair));
  assert.equal(await remoteOfB(pair), "203.0.113.77 61000");
  const [installed] = pair.b.datapath.pairs.values();
  assert.deepEqual(installed!.remote, ELSEWHERE);
  assert.deepEqual(
    pair.network.record.at(-1)!.destination,
    ELSEWHERE,
    "the answer goes where the request came from",
  );
});

Deno.test("path: neither a replayed nor a forged message moves anything", async () => {
  const { pair } = await Ladder.connected({ nat: "a" });
  const before = await remoteOfB(pair);
  const old = pair.network.record.find(({ data }) => data[18] === EXCHANGE.IKE_AUTH && data[19] === 0x08)!;
  await fromElsewhere(pair, old.data);
  assert.equal(await remoteOfB(pair), before);
  const forged = probe(pair);
  forged[forged.length - 1]! ^= 1;
  await fromElsewhere(pair, forged);
  assert.equal(await remoteOfB(pair), before);
});

Deno.test("path: a peer that is not behind NAT is not followed", async () => {
  const { pair } = await Ladder.connected();
  const before = await remoteOfB(pair);
  await fromElsewhere(pair, probe(pair));
  assert.equal(await remoteOfB(pair), before);
});

Deno.test("path: good ESP from elsewhere moves the SA of a peer behind NAT, and no other", async () => {
  const behind = (await Ladder.connected({ nat: "a" })).pair;
  const [id] = behind.b.datapath.pairs.keys();
  behind.b.engine.handleDatapath({ kind: "moved", id: id!, remote: ELSEWHERE });
  await behind.settle();
  assert.equal(await remoteOfB(behind), "203.0.113.77 61000");

  const plain = (await Ladder.connected()).pair;
  const before = await remoteOfB(plain);
  const [other] = plain.b.datapath.pairs.keys();
  plain.b.engine.handleDatapath({ kind: "moved", id: other!, remote: ELSEWHERE });
  plain.b.engine.handleDatapath({ kind: "moved", id: 4711, remote: ELSEWHERE });
  await plain.settle();
  assert.equal(await remoteOfB(plain), before);
});

Deno.test("path: once on the NAT-T port, a message without its marker does not move the SA back", async () => {
  const { pair } = await Ladder.connected({ nat: "a" });
  const before = await remoteOfB(pair);
  const local = { address: pair.b.address, port: 500 };
  const sent = pair.network.record.length;
  pair.b.engine.handleDatagrams([{ local, remote: ELSEWHERE, data: probe(pair), natt: false }]);
  await pair.settle();
  assert.equal(pair.network.record.length, sent + 1, "it is answered all the same");
  assert.equal(await remoteOfB(pair), before);
  const [installed] = pair.b.datapath.pairs.values();
  assert.equal(installed!.local.port, 4500);
});
