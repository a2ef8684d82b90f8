import assert from "node:assert/strict";
import { address, ADDRESSES, IKE_MAC, sideA } from "../support/policies.ts";
import { Pair, type PairOptions } from "../support/pair.ts";
import { brief, initRequest } from "./strangers.ts";

const NAT = ADDRESSES[4].nat;

/** A pair of which only `b`, the responder, is looked at. */
async function responder(options: PairOptions = {}): Promise<Pair> {
  const pair = new Pair({ a: sideA({ policy: { mode: "passive" } }), ...options });
  await pair.start();
  pair.network.inFlight.length = 0;
  pair.network.record.length = 0;
  return pair;
}

function answers(pair: Pair): string[] {
  return pair.network.record.map(({ data }) => brief(data).split(",")[0]!);
}

Deno.test("half-open: 64 peers behind one address connect at once, without a cookie", async () => {
  const pair = await responder();
  const batch = Array.from(
    { length: 64 },
    (_, i) => initRequest({ spiI: BigInt(i + 1), from: NAT, port: 1000 + i }),
  );
  pair.b.engine.handleDatagrams(batch);
  await pair.settle();
  assert.deepEqual(answers(pair), new Array(64).fill("SA"));
  assert.equal((await pair.b.engine.snapshot()).length, 64);
});

Deno.test("half-open: one address gets cookies from its threshold on, and no more than its limit", async () => {
  const pair = await responder({ limits: { cookieFromPerAddress: 3, halfOpenPerAddress: 5 } });
  for (let i = 0; i < 4; i++) {
    pair.b.engine.handleDatagrams([initRequest({ spiI: BigInt(i + 1), from: NAT })]);
    await pair.settle();
  }
  assert.deepEqual(answers(pair), ["SA", "SA", "SA", "N(COOKIE)"]);
  pair.b.engine.handleDatagrams([initRequest({ spiI: 1n, from: address("192.0.2.99") })]);
  await pair.settle();
  assert.equal(answers(pair).at(-1), "SA", "another address is not held liable");
});

Deno.test("half-open: beyond the limit of all peers nothing is taken and nothing answered", async () => {
  const pair = await responder({ limits: { halfOpen: 3, cookieFrom: 100 } });
  for (let i = 0; i < 50; i++) {
    pair.b.engine.handleDatagrams([
      initRequest({ spiI: BigInt(i + 1), from: address(`203.0.113.${i + 10}`) }),
    ]);
  }
  await pair.settle();
  assert.deepEqual(answers(pair), ["SA", "SA", "SA"]);
  assert.equal(pair.b.holder.stats().sas, 3);
  const told = pair.b.events.filter((event) => event.kind === "failed" && event.report.code === "overload");
  assert.ok(told.length > 0 && told.length <= 20, "the log is not flooded");
});

Deno.test("half-open: the same request again makes no second SA, while the first is in the making and after", async () => {
  const pair = await responder();
  const request = initRequest({ spiI: 8n, from: NAT });
  pair.b.engine.handleDatagrams([request, request, request]);
  await pair.settle();
  assert.equal(pair.network.record.length, 1);
  pair.b.engine.handleDatagrams([request]);
  await pair.settle();
  assert.equal(pair.network.record.length, 2);
  assert.deepEqual(pair.network.record[1]!.data, pair.network.record[0]!.data);
  assert.equal(pair.b.holder.stats().sas, 1);
});

Deno.test("half-open: another request with the same SPI from the same address and port is nobody's", async () => {
  const pair = await responder();
  pair.b.engine.handleDatagrams([initRequest({ spiI: 8n, from: NAT })]);
  await pair.settle();
  pair.b.engine.handleDatagrams([initRequest({ spiI: 8n, from: NAT, nonce: new Uint8Array(20).fill(77) })]);
  await pair.settle();
  assert.equal(pair.network.record.length, 1);
  assert.equal(pair.b.holder.stats().sas, 1);
});

Deno.test("half-open: who does not go on is forgotten, and its place is free again", async () => {
  const pair = await responder({ limits: { halfOpen: 1 }, timing: { halfOpenMs: 5_000 } });
  pair.b.engine.handleDatagrams([initRequest({ spiI: 8n, from: NAT })]);
  await pair.settle();
  pair.network.inFlight.length = 0;
  await pair.advance(6_000);
  const reasons = pair.b.events.filter((event) => event.kind === "failed").map((event) => event.report.code);
  assert.deepEqual(reasons, ["half-open-timeout"]);
  assert.deepEqual(pair.b.holder.stats().sas, 0);
  pair.b.engine.handleDatagrams([initRequest({ spiI: 9n, from: NAT })]);
  await pair.settle();
  assert.match(brief(pair.network.record.at(-1)!.data), /^SA/);
});

Deno.test("half-open: a request that is refused takes no place and no keys", async () => {
  const pair = await responder({ limits: { halfOpen: 1 } });
  for (let i = 1; i <= 5; i++) {
    pair.b.engine.handleDatagrams([
      initRequest({ spiI: BigInt(i), from: NAT, proposals: [IKE_MAC], port: i }),
    ]);
    await pair.settle();
  }
  pair.b.engine.handleDatagrams([initRequest({ spiI: 6n, from: NAT, publicValue: new Uint8Array(32) })]);
  await pair.settle();
  pair.b.engine.handleDatagrams([initRequest({ spiI: 7n, from: NAT, group: 14 })]);
  await pair.settle();
  assert.deepEqual(answers(pair), [
    ...new Array(5).fill("N(NO_PROPOSAL_CHOSEN)"),
    "N(INVALID_SYNTAX)",
    "N(INVALID_KE_PAYLOAD)",
  ]);
  assert.equal(pair.b.holder.stats().sas, 0);
  assert.deepEqual(await pair.b.engine.snapshot(), []);
});

Deno.test("half-open: an established SA gives its place up", async () => {
  const pair = await new Pair({ limits: { halfOpen: 1, cookieFrom: 2 } }).start();
  await pair.connect();
  pair.network.record.length = 0;
  pair.b.engine.handleDatagrams([initRequest({ spiI: 8n, from: NAT })]);
  await pair.settle();
  assert.match(brief(pair.network.record.at(-1)!.data), /^SA/);
});

Deno.test("half-open: all addresses of an IPv6 /64 are one sender, those of another are not", async () => {
  const pair = await responder({ limits: { cookieFromPerAddress: 3 } });
  const from = (host: number, net: number) => address(`2001:db8:${net}:7::${host.toString(16)}`);
  const b = { address: ADDRESSES[6].b, port: 500 };
  const send = (n: number, net: number) => {
    const request = initRequest({ spiI: BigInt(n), from: from(n, net) });
    pair.b.engine.handleDatagrams([{ ...request, local: b }]);
    return pair.settle();
  };
  for (let n = 1; n <= 5; n++) await send(n, 1);
  assert.deepEqual(answers(pair), ["SA", "SA", "SA", "N(COOKIE)", "N(COOKIE)"]);
  await send(6, 2);
  assert.equal(answers(pair).at(-1), "SA");
});

Deno.test("half-open: there are no more IKE SAs than the limit on all of them, established ones included", async () => {
  const pair = await new Pair({ limits: { ikeSas: 3, cookieFrom: 100 } }).start();
  await pair.connect();
  for (let n = 1; n <= 20; n++) {
    pair.b.engine.handleDatagrams([initRequest({ spiI: BigInt(n), from: address(`203.0.113.${n}`) })]);
    await pair.settle();
  }
  assert.equal((await pair.b.engine.snapshot()).length, 3);
  assert.ok(await pair.connected(), "the one that was there stays");
});
