/** Responses, and repeated requests, that no correct peer sends. */
import assert from "node:assert/strict";
import { selectorToWire } from "../../src/selector/mod.ts";
import { EXCHANGE, type Payload } from "../../src/wire/mod.ts";
import { clearMessage, datagramTo, type Forged, sealMessage } from "../support/forge.ts";
import { AUTH_REQUEST, AUTH_RESPONSE, INIT, Ladder } from "../support/ladder.ts";
import { openMessage } from "../support/opened.ts";
import type { Pair } from "../support/pair.ts";
import { IKE_AEAD, selector, sideA, sideB, withKe } from "../support/policies.ts";

const UNKNOWN: Payload = { type: "unknown", critical: true, typeNumber: 200, data: new Uint8Array(4) };
const X25519 = 31, ECP_256 = 19;

/** A tunnel whose `a` has sent an empty INFORMATIONAL request with id 2. */
async function probing(): Promise<Ladder> {
  const ladder = await Ladder.connected({ a: sideA({ globals: { dpdIntervalMs: 10_000 } }) });
  await ladder.wait(10_000);
  ladder.lose("-> INFORMATIONAL request 2: ");
  return ladder;
}

async function respond(pair: Pair, forged: Omit<Forged, "response">, payloads: readonly Payload[] = []) {
  const sa = pair.a.keys.recorded[0]!;
  const octets = sealMessage(sa, "responder", { ...forged, response: true }, payloads);
  pair.a.engine.handleDatagrams([datagramTo(pair, pair.a, octets)]);
  await pair.settle();
}

Deno.test("hostile: a response to another exchange, or with another id, answers nothing", async () => {
  const ladder = await probing();
  const { pair } = ladder;
  await respond(pair, { exchange: EXCHANGE.CREATE_CHILD_SA, messageId: 2 });
  for (const messageId of [0, 1, 3, 0xffff_ffff]) {
    await respond(pair, { exchange: EXCHANGE.INFORMATIONAL, messageId });
  }
  await ladder.waitForMessage(10_000);
  await ladder.arrow("-> INFORMATIONAL request 2: ");
  await ladder.arrow("<- INFORMATIONAL response 2: ");
  await ladder.states("established[installed]", "established[installed]");
  await ladder.wait(5_000);
  ladder.silence();
});

Deno.test("hostile: an unknown critical payload in a response ends the IKE SA, one that is not critical does not", async () => {
  const critical = await probing();
  await respond(critical.pair, { exchange: EXCHANGE.INFORMATIONAL, messageId: 2 }, [UNKNOWN]);
  await critical.states("", "established[installed]");
  const told = critical.pair.a.events.find((event) => event.kind === "failed");
  assert.equal(told?.report.code, "malformed");
  const other = await probing();
  const harmless = { ...UNKNOWN, critical: false };
  await respond(other.pair, { exchange: EXCHANGE.INFORMATIONAL, messageId: 2 }, [harmless]);
  await other.states("established[installed]", "established[installed]");
});

Deno.test("hostile: the critical bit of a payload that is known means nothing (RFC 7296 §2.5)", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const vendor: Payload = { type: "V", critical: true, data: new Uint8Array(8) };
  const forged = { exchange: EXCHANGE.INFORMATIONAL, messageId: 2 };
  const octets = sealMessage(pair.a.keys.recorded[0]!, "initiator", forged, [vendor]);
  await ladder.deliver(datagramTo(pair, pair.b, octets));
  ladder.lose("<- INFORMATIONAL response 2: ");
  await ladder.states("established[installed]", "established[installed]");
});

Deno.test("hostile: who repeats the id of the last request without its keys gets no answer", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const forged = { exchange: EXCHANGE.INFORMATIONAL, messageId: 2 };
  const octets = sealMessage(pair.a.keys.recorded[0]!, "initiator", forged, []);
  await ladder.deliver(datagramTo(pair, pair.b, octets));
  ladder.lose("<- INFORMATIONAL response 2: ");
  const changed = octets.slice();
  changed[changed.length - 1]! ^= 1;
  await ladder.deliver(datagramTo(pair, pair.b, changed));
  ladder.silence();
  await ladder.deliver(datagramTo(pair, pair.b, octets));
  ladder.lose("<- INFORMATIONAL response 2: ");
});

Deno.test("hostile: a message with both SPIs and the initiator bit the wrong way round finds no SA", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const sa = pair.a.keys.recorded[0]!;
  // Sealed with the keys that `a` opens with, so that nothing but the header is wrong.
  const turned = { ...sa, spiI: sa.spiR, spiR: sa.spiI, sk: { ...sa.sk, ei: sa.sk.er, ai: sa.sk.ar } };
  const forged = { exchange: EXCHANGE.INFORMATIONAL, messageId: 0 };
  await ladder.deliver(datagramTo(pair, pair.a, sealMessage(turned, "initiator", forged, [])));
  const answers = pair.network.inFlight.map(({ arrival }) =>
    arrival.kind === "ike" ? openMessage(arrival.datagram.data, pair.a.keys.recorded).text : "ESP"
  );
  assert.deepEqual(answers, ["INFORMATIONAL response 0: N(INVALID_IKE_SPI)"]);
});

for (
  const [claim, change] of [
    [
      "KE of another method than the proposal",
      (payload: Payload) => payload.type === "KE" ? { ...payload, group: ECP_256 } : payload,
    ],
    ["a method in the proposal that KE does not have", (payload: Payload) =>
      payload.type === "SA"
        ? {
          ...payload,
          proposals: payload.proposals.map((one) => ({
            ...one,
            transforms: one.transforms.map((t) => t.type === 4 ? { ...t, id: ECP_256 } : t),
          })),
        }
        : payload],
  ] as const
) {
  Deno.test(`hostile: an IKE_SA_INIT response with ${claim} is refused, and leaves nothing`, async () => {
    const policy = { ikeProposals: [withKe(IKE_AEAD, X25519, ECP_256)] };
    const ladder = await Ladder.start({ a: sideA({ policy }), b: sideB({ policy }) });
    const { pair } = ladder;
    await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
    const { header, payloads } = ladder.lose(`<- IKE_SA_INIT response 0: ${INIT}`);
    const forged = { exchange: EXCHANGE.IKE_SA_INIT, messageId: 0, response: true };
    const octets = clearMessage(header, "responder", forged, payloads.map(change));
    await ladder.deliver(datagramTo(pair, pair.a, octets));
    const codes = pair.a.events.flatMap((event) => event.kind === "failed" ? [event.report.code] : []);
    assert.deepEqual(codes, ["bad-response"]);
    assert.deepEqual([pair.a.holder.stats().pendingKe, pair.a.holder.stats().sas], [0, 0]);
  });
}

Deno.test("hostile: selectors wider than proposed make no Child SA, and the peer's half is deleted", async () => {
  const ladder = await Ladder.start();
  const { pair } = ladder;
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  const { payloads } = ladder.lose(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  const wide = payloads.map((payload): Payload =>
    payload.type === "TSr" ? { ...payload, selectors: [selectorToWire(selector("10.2.0.0/15"))] } : payload
  );
  await respond(pair, { exchange: EXCHANGE.IKE_AUTH, messageId: 1 }, wide);
  assert.equal(pair.a.datapath.pairs.size, 0);
  await ladder.arrow("-> INFORMATIONAL request 2: D(ESP SPI)");
  await ladder.arrow("<- INFORMATIONAL response 2: D(ESP SPI)");
  await ladder.states("established[]", "established[]");
  const codes = pair.a.events.flatMap((event) => event.kind === "failed" ? [event.report.code] : []);
  assert.deepEqual(codes, ["bad-response"]);
});

for (const spi of [0, 1, 255]) {
  Deno.test(`hostile: SPI ${spi} of a Child SA is none (RFC 4303 §2.1), in a request and in a response`, async () => {
    const reserved = (payload: Payload): Payload =>
      payload.type === "SA"
        ? {
          ...payload,
          proposals: payload.proposals.map((one) => ({ ...one, spi: Uint8Array.of(0, 0, 0, spi) })),
        }
        : payload;
    const ladder = await Ladder.start();
    const { pair } = ladder;
    await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
    await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
    const { payloads } = ladder.lose(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
    const forged = { exchange: EXCHANGE.IKE_AUTH, messageId: 1 };
    const sa = pair.a.keys.recorded[0]!;
    const octets = sealMessage(sa, "initiator", forged, payloads.map(reserved));
    await ladder.deliver(datagramTo(pair, pair.b, octets));
    const answer = ladder.lose("<- IKE_AUTH response 1: IDr,AUTH,N(NO_PROPOSAL_CHOSEN)");
    assert.equal(pair.b.datapath.seenIds.size, 0);

    const [idr, auth] = answer.payloads;
    const child = payloads.filter(({ type }) => type === "SA" || type === "TSi" || type === "TSr").map(
      reserved,
    );
    const [offer] = child;
    assert.ok(idr && auth && offer?.type === "SA");
    const chosen = { ...offer.proposals[0]!, transforms: offer.proposals[0]!.transforms.slice(0, 2) };
    const made = [idr, auth, { ...offer, proposals: [chosen] }, ...child.slice(1)];
    await respond(pair, { exchange: EXCHANGE.IKE_AUTH, messageId: 1 }, made);
    assert.equal(pair.a.datapath.seenIds.size, 0);
    const codes = pair.a.events.flatMap((event) => event.kind === "failed" ? [event.report] : []);
    assert.deepEqual(codes.map(({ code, wanted }) => [code, wanted]), [["bad-response", "an SPI above 255"]]);
  });
}
