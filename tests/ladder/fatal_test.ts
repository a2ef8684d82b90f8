/** INVALID_SYNTAX ends the IKE SA on both sides, without a DELETE (RFC 7296 §2.21.3). */
import assert from "node:assert/strict";
import { EXCHANGE, NOTIFY, type Payload } from "../../src/wire/mod.ts";
import { notify } from "../../src/exchange/notifies.ts";
import { datagramTo, sealMessage } from "../support/forge.ts";
import { Ladder } from "../support/ladder.ts";
import { ESP_AEAD, sideA, sideB, withKe } from "../support/policies.ts";

/** A tunnel whose `a` has sent its own request: a rekey of the Child SA, of the IKE SA, or a probe. */
const REQUESTS = [
  ["CREATE_CHILD_SA", "N(REKEY_SA),SA,Nonce,TSi,TSr", { childLifetime: { ms: 60_000, octets: 0 } }, 0],
  ["CREATE_CHILD_SA", "SA,Nonce,KE", { ikeLifetimeMs: 60_000 }, 0],
  ["INFORMATIONAL", "", {}, 60_000],
] as const;

for (const [exchange, payloads, policy, dpdIntervalMs] of REQUESTS) {
  Deno.test(`ladder: INVALID_SYNTAX in the response to ${exchange} [${payloads}] ends the IKE SA at once`, async () => {
    const ladder = await Ladder.connected({ a: sideA({ policy, globals: { dpdIntervalMs } }) });
    const { pair } = ladder;
    await ladder.waitForMessage(60_000);
    ladder.lose(`-> ${exchange} request 2: ${payloads}`);
    const forged = { exchange: EXCHANGE[exchange], messageId: 2, response: true };
    const refusal = sealMessage(pair.a.keys.recorded[0]!, "responder", forged, [
      notify(NOTIFY.INVALID_SYNTAX),
    ]);
    await ladder.deliver(datagramTo(pair, pair.a, refusal));
    await ladder.states("", "established[installed]");
    ladder.silence();
    assert.equal(pair.a.datapath.pairs.size, 0);
    const codes = pair.a.events.flatMap((event) => event.kind === "failed" ? [event.report.code] : []);
    assert.deepEqual(codes, ["refused-syntax"]);
    assert.deepEqual([pair.a.holder.stats().pendingKe, pair.a.holder.stats().sas], [0, 0]);
  });
}

/** `b` gets this request of `a`, a rekey that was changed on the way. */
async function changedRekey(
  policy: Parameters<typeof sideA>[0],
  text: string,
  change: (payload: Payload) => Payload,
): Promise<Ladder> {
  const ladder = await Ladder.connected({
    a: sideA(policy),
    b: sideB({ policy: { childProposals: [withKe(ESP_AEAD, 31)] } }),
  });
  const { pair } = ladder;
  await ladder.waitForMessage(60_000);
  const { payloads } = ladder.lose(`-> CREATE_CHILD_SA request 2: ${text}`);
  const forged = { exchange: EXCHANGE.CREATE_CHILD_SA, messageId: 2 };
  const octets = sealMessage(pair.a.keys.recorded[0]!, "initiator", forged, payloads.map(change));
  await ladder.deliver(datagramTo(pair, pair.b, octets));
  return ladder;
}

const low = (payload: Payload): Payload =>
  payload.type === "KE" ? { ...payload, data: new Uint8Array(32) } : payload;

const spiZero = (payload: Payload): Payload =>
  payload.type === "SA"
    ? { ...payload, proposals: payload.proposals.map((one) => ({ ...one, spi: new Uint8Array(8) })) }
    : payload;

const REKEY_CHILD = { childLifetime: { ms: 60_000, octets: 0 }, childProposals: [withKe(ESP_AEAD, 31)] };
const REKEY_IKE = { ikeLifetimeMs: 60_000 };

for (
  const [claim, policy, text, change] of [
    [
      "a public value that RFC 6989 forbids, for a Child SA,",
      REKEY_CHILD,
      "N(REKEY_SA),SA,Nonce,KE,TSi,TSr",
      low,
    ],
    ["a public value that RFC 6989 forbids, for an IKE SA,", REKEY_IKE, "SA,Nonce,KE", low],
    ["SPI 0 for an IKE SA", REKEY_IKE, "SA,Nonce,KE", spiZero],
  ] as const
) {
  Deno.test(`ladder: ${claim} is INVALID_SYNTAX, and we end the IKE SA, too`, async () => {
    const ladder = await changedRekey({ policy }, text, change);
    const { pair } = ladder;
    ladder.lose("<- CREATE_CHILD_SA response 2: N(INVALID_SYNTAX)");
    ladder.silence();
    assert.deepEqual(await pair.b.engine.snapshot(), []);
    assert.equal(pair.b.datapath.pairs.size, 0);
    assert.deepEqual([pair.b.holder.stats().pendingKe, pair.b.holder.stats().sas], [0, 0]);
  });
}

Deno.test("ladder: a response with a public value that RFC 6989 forbids ends the IKE SA by DELETE", async () => {
  const ladder = await Ladder.connected({
    a: sideA({ policy: REKEY_CHILD }),
    b: sideB({ policy: { childProposals: REKEY_CHILD.childProposals } }),
  });
  const { pair } = ladder;
  await ladder.waitForMessage(60_000);
  await ladder.arrow("-> CREATE_CHILD_SA request 2: N(REKEY_SA),SA,Nonce,KE,TSi,TSr");
  const { payloads } = ladder.lose("<- CREATE_CHILD_SA response 2: SA,Nonce,KE,TSi,TSr");
  const forged = { exchange: EXCHANGE.CREATE_CHILD_SA, messageId: 2, response: true };
  const octets = sealMessage(pair.a.keys.recorded[0]!, "responder", forged, payloads.map(low));
  await ladder.deliver(datagramTo(pair, pair.a, octets));
  await ladder.arrow("-> INFORMATIONAL request 3: D(IKE)");
  await ladder.arrow("<- INFORMATIONAL response 3: ");
  await ladder.states("", "");
  assert.equal(pair.a.holder.stats().sas, 0);
});
