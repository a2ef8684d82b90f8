import assert from "node:assert/strict";
import { KE } from "../../src/wire/mod.ts";
import type { Proposal } from "../../src/proposal/mod.ts";
import { Ladder } from "../support/ladder.ts";
import { IKE_AEAD, sideA, sideB, withKe } from "../support/policies.ts";
import { clearMessage } from "../support/forge.ts";
import { notify } from "../../src/exchange/notifies.ts";
import { EXCHANGE, NOTIFY, type Payload } from "../../src/wire/mod.ts";
import { Pair } from "../support/pair.ts";
import { parsed } from "./strangers.ts";

const INIT = "SA,KE,Nonce,N(NAT_DETECTION_SOURCE_IP),N(NAT_DETECTION_DESTINATION_IP)";
const { CURVE25519, ECP_256, MODP_2048 } = KE;

function sides(a: readonly number[], b: readonly number[]) {
  const proposals = (ke: readonly number[]): Proposal[] => [withKe(IKE_AEAD, ...ke)];
  return {
    a: sideA({ policy: { ikeProposals: proposals(a) } }),
    b: sideB({ policy: { ikeProposals: proposals(b) } }),
  };
}

Deno.test("INVALID_KE_PAYLOAD: the initiator tries again with the method that the responder names", async () => {
  const ladder = await Ladder.start(sides([CURVE25519, ECP_256], [ECP_256]));
  const first = await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.states("connecting[]", "");
  const told = await ladder.arrow("<- IKE_SA_INIT response 0: N(INVALID_KE_PAYLOAD)");
  const [n] = told.payloads;
  assert.ok(n?.type === "N");
  assert.deepEqual([...n.data], [0, ECP_256]);
  assert.equal(told.header.spiR, 0n);
  const second = await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  const nonce = (payloads: readonly Payload[]) => payloads.find((one) => one.type === "Nonce");
  assert.deepEqual(nonce(second.payloads), nonce(first.payloads), "a cookie stays good");
  assert.equal(second.header.spiI, first.header.spiI);
  await ladder.pair.connect();
  assert.equal(ladder.pair.a.holder.stats().pendingKe, 0);
});

Deno.test("INVALID_KE_PAYLOAD: together with a cookie it is settled in four requests at most", async () => {
  const pair = await new Pair({ ...sides([CURVE25519, ECP_256], [ECP_256]), limits: { cookieFrom: 0 } })
    .start();
  await pair.connect();
  const requests = pair.network.record.filter(({ data }) => {
    const { exchange, flags } = parsed(data).header;
    return exchange === EXCHANGE.IKE_SA_INIT && !flags.response;
  });
  assert.ok(requests.length <= 4, `${requests.length} requests`);
});

/** Answers each IKE_SA_INIT request of `a` with this notification, in the clear; returns how many requests came. */
async function refuseEach(pair: Pair, answer: (round: number) => Payload, rounds: number): Promise<number> {
  let requests = 0;
  for (let round = 0; round < rounds; round++) {
    const out = pair.network.inFlight.pop();
    pair.network.inFlight.length = 0;
    if (out?.arrival.kind !== "ike") break;
    requests++;
    const { datagram } = out.arrival;
    const { header } = parsed(datagram.data);
    const forged = { exchange: EXCHANGE.IKE_SA_INIT, messageId: 0, response: true };
    const data = clearMessage(header, "responder", forged, [answer(round)]);
    pair.a.engine.handleDatagrams([{ local: datagram.remote, remote: datagram.local, data, natt: false }]);
    await pair.settle();
  }
  return requests;
}

const invalidKe = (method: number) =>
  notify(NOTIFY.INVALID_KE_PAYLOAD, new Uint8Array([method >> 8, method & 255]));

Deno.test("INVALID_KE_PAYLOAD: methods in a circle end soon, and no private value is left", async () => {
  const pair = await new Pair(sides([CURVE25519, ECP_256, MODP_2048], [MODP_2048])).start();
  const circle = [ECP_256, CURVE25519, ECP_256, CURVE25519];
  const requests = await refuseEach(pair, (round) => invalidKe(circle[round % 4]!), 20);
  assert.ok(requests <= 3, `${requests} requests`);
  assert.equal(pair.a.holder.stats().pendingKe, 1, "the one that waits for a better answer");
  await pair.advance(200_000);
  assert.ok(pair.a.events.some((event) => event.kind === "failed" && event.report.code === "refused-ike"));
});

for (
  const [claim, data] of [
    ["a method that we did not offer", [0, 14]],
    ["the method that we used", [0, 31]],
    ["no method", []],
    ["half a method", [31]],
  ] as const
) {
  Deno.test(`INVALID_KE_PAYLOAD: one that names ${claim} is told and passed over: a better answer counts`, async () => {
    const pair = await new Pair(sides([CURVE25519, ECP_256], [CURVE25519])).start();
    const { arrival } = pair.network.inFlight[0]!;
    assert.ok(arrival.kind === "ike");
    const { header } = parsed(arrival.datagram.data);
    const forged = { exchange: EXCHANGE.IKE_SA_INIT, messageId: 0, response: true };
    const answer = clearMessage(header, "responder", forged, [
      notify(NOTIFY.INVALID_KE_PAYLOAD, new Uint8Array(data)),
    ]);
    const { local, remote } = arrival.datagram;
    pair.a.engine.handleDatagrams([{ local: remote, remote: local, data: answer, natt: false }]);
    await pair.settle();
    const told = pair.a.events.filter((event) => event.kind === "failed");
    assert.deepEqual(told.map((event) => event.report.code), ["refused-ike"]);
    await pair.connect();
  });
}

for (const type of [NOTIFY.NO_PROPOSAL_CHOSEN, NOTIFY.INVALID_SYNTAX, NOTIFY.INVALID_MAJOR_VERSION, 8191]) {
  Deno.test(`IKE_SA_INIT: an unprotected error ${type} does not end a negotiation that succeeds later`, async () => {
    const pair = await new Pair().start();
    const held = pair.network.inFlight[0]!.arrival;
    assert.ok(held.kind === "ike");
    const requests = await refuseEach(pair, () => notify(type), 1);
    assert.equal(requests, 1);
    pair.hand(held);
    await pair.connect();
  });
}
