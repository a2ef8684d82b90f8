/** Holds one sentence: whatever comes from the network, the engine does not throw, and what was up stays up. */
import assert from "node:assert/strict";
import { EXCHANGE, type Payload } from "../../src/wire/mod.ts";
import type { Datagram } from "../../src/exchange/ports.ts";
import { datagramTo, sealMessage } from "../support/forge.ts";
import { Pair } from "../support/pair.ts";
import { ADDRESSES } from "../support/policies.ts";
import { createRng, type Rng, seedOr } from "../support/rng.ts";
import { initRequest } from "./strangers.ts";

const SEED = seedOr(4);
const ROUNDS = 1_500;

function noInternalErrors(pair: Pair): void {
  for (const { events } of pair.hosts) {
    const bugs = events.filter((event) => event.kind === "log" && event.level === "error");
    assert.deepEqual(bugs, []);
  }
}

function mutated(rng: Rng, octets: Uint8Array): Uint8Array {
  let out = octets.slice();
  for (let changes = 1 + rng.below(4); changes > 0; changes--) {
    const at = rng.below(out.length || 1);
    switch (rng.below(4)) {
      case 0:
        out[at] = rng.below(256);
        break;
      case 1:
        out = out.slice(0, at);
        break;
      case 2:
        out[at]! ^= 1 << rng.below(8);
        break;
      default:
        out = new Uint8Array([...out, ...rng.octets(rng.below(40))]);
    }
  }
  // Most get past the first check, that of the length.
  if (out.length >= 28 && rng.chance(0.8)) new DataView(out.buffer, out.byteOffset).setUint32(24, out.length);
  return out;
}

Deno.test("never throws: datagrams of 0 to 65,507 octets, of anything", async () => {
  const pair = await new Pair({ seed: SEED }).start();
  await pair.connect();
  const rng = createRng(SEED, "sizes");
  for (const length of [0, 1, 3, 4, 27, 28, 29, 60, 1_500, 65_507]) {
    for (const fill of [() => new Uint8Array(length), () => rng.octets(length)]) {
      pair.b.engine.handleDatagrams([datagramTo(pair, pair.b, fill())]);
    }
  }
  await pair.settle();
  noInternalErrors(pair);
  assert.ok(await pair.connected());
});

Deno.test(`never throws: ${ROUNDS} changed IKE_SA_INIT requests into a fresh responder (seed ${SEED})`, async () => {
  const pair = await new Pair({
    seed: SEED,
    limits: { halfOpen: 1e6, halfOpenPerAddress: 1e6, cookieFrom: 50 },
  })
    .start();
  const rng = createRng(SEED, "init");
  const base = initRequest({ spiI: 99n, from: ADDRESSES[4].nat });
  for (let round = 0; round < ROUNDS; round++) {
    pair.b.engine.handleDatagrams([{ ...base, data: mutated(rng, base.data) }]);
    if (round % 50 === 0) await pair.settle();
  }
  await pair.settle();
  noInternalErrors(pair);
});

Deno.test(`never throws: ${ROUNDS} changed messages of its peer into an established SA (seed ${SEED})`, async () => {
  const pair = await new Pair({ seed: SEED }).start();
  await pair.connect();
  await pair.drive();
  const rng = createRng(SEED, "established");
  const seen = pair.network.record.map(({ data }) => data);
  for (let round = 0; round < ROUNDS; round++) {
    const to = rng.chance(0.5) ? pair.a : pair.b;
    const octets = mutated(rng, seen[rng.below(seen.length)]!);
    to.engine.handleDatagrams([datagramTo(pair, to, octets, rng.chance(0.5) ? 500 : 4500)]);
    if (round % 50 === 0) await pair.settle();
  }
  await pair.settle();
  noInternalErrors(pair);
  assert.ok(await pair.connected(), "nobody without keys can end an SA");
  await pair.traffic.assertPasses();
});

Deno.test(`never throws: ${ROUNDS} authentic messages with senseless payloads (seed ${SEED})`, async () => {
  const rng = createRng(SEED, "authentic");
  const exchanges = [EXCHANGE.IKE_AUTH, EXCHANGE.CREATE_CHILD_SA, EXCHANGE.INFORMATIONAL, 43, 250];
  let pair = await new Pair({ seed: SEED }).start();
  let messageId = 2;
  for (let round = 0; round < ROUNDS; round++) {
    if (messageId === 2) await pair.connect();
    const forged = { exchange: exchanges[rng.below(exchanges.length)]!, messageId: messageId++ };
    const octets = sealMessage(pair.a.keys.recorded.at(-1)!, "initiator", forged, senseless(rng));
    const datagram: Datagram = datagramTo(pair, pair.b, octets);
    pair.b.engine.handleDatagrams([datagram]);
    await pair.settle();
    noInternalErrors(pair);
    const left = await pair.b.engine.snapshot();
    if (left.length === 0) {
      assert.equal(pair.b.datapath.pairs.size, 0);
      assert.equal(pair.b.holder.stats().sas, 0);
      pair = await new Pair({ seed: SEED + round }).start();
      messageId = 2;
    }
  }
});

/** Payloads of true types with untrue contents. */
function senseless(rng: Rng): Payload[] {
  const payloads: Payload[] = [];
  for (let count = rng.below(5); count > 0; count--) {
    const data = rng.octets(rng.below(24));
    const spi = rng.octets(rng.below(3) * 4);
    const some: Payload[] = [
      { type: "N", critical: false, protocol: rng.below(5), spi, notifyType: rng.below(20_000), data },
      {
        type: "D",
        critical: false,
        protocol: 1 + rng.below(3),
        spis: rng.chance(0.3) ? [] : [rng.octets(4)],
      },
      { type: "Nonce", critical: false, data: rng.octets(16 + rng.below(200)) },
      { type: "KE", critical: false, group: rng.below(40), data },
      { type: "IDi", critical: false, idType: rng.below(14), data },
      { type: "AUTH", critical: false, method: rng.below(16), data },
      { type: "SA", critical: false, proposals: [senselessProposal(rng)] },
      { type: "TSi", critical: false, selectors: [senselessSelector(rng)] },
      { type: "TSr", critical: false, selectors: [senselessSelector(rng)] },
      { type: "EAP", critical: false, data: new Uint8Array([1, 1, 0, 4]) },
      { type: "unknown", critical: rng.chance(0.3), typeNumber: 100 + rng.below(100), data },
    ];
    payloads.push(some[rng.below(some.length)]!);
  }
  return payloads;
}

function senselessProposal(rng: Rng) {
  const protocol = 1 + rng.below(3);
  const spi = rng.octets(protocol === 1 ? 8 : 4);
  const transforms = Array.from({ length: 1 + rng.below(5) }, () => ({
    type: 1 + rng.below(6),
    id: rng.below(40),
    attributes: rng.chance(0.5) ? [{ type: 14, value: rng.below(3) * 128 }] : [],
  }));
  return { number: 1, protocol, spi, transforms };
}

function senselessSelector(rng: Rng) {
  return {
    tsType: 7 as const,
    protocol: rng.below(256),
    startPort: rng.below(65536),
    endPort: rng.below(65536),
    start: rng.octets(4),
    end: rng.octets(4),
  };
}
