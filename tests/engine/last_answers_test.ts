import assert from "node:assert/strict";
import { ikeSpi, sameOctets } from "../../src/bytes/mod.ts";
import { LastAnswers } from "../../src/engine/last_answers.ts";
import { EXCHANGE } from "../../src/wire/mod.ts";
import { datagramTo, sealMessage } from "../support/forge.ts";
import { AUTH_REQUEST, INIT, Ladder } from "../support/ladder.ts";

const octets = (length: number, fill = 1) => new Uint8Array(length).fill(fill);

Deno.test("LastAnswers: exactly the request that was answered gets the answer, and for a time only", () => {
  const answers = new LastAnswers(1_000);
  answers.keep(ikeSpi(7n), octets(100), octets(50, 2), 0);
  assert.deepEqual(answers.find(ikeSpi(7n), octets(100), 999), octets(50, 2));
  assert.equal(answers.find(ikeSpi(7n), octets(101), 0), undefined);
  assert.equal(answers.find(ikeSpi(8n), octets(100), 0), undefined);
  const changed = octets(100);
  changed[50]! ^= 1;
  assert.equal(answers.find(ikeSpi(7n), changed, 0), undefined);
  assert.equal(answers.find(ikeSpi(7n), octets(100), 1_000), undefined);
});

Deno.test("LastAnswers: neither their number nor their octets grow without bound, the oldest go first", () => {
  const answers = new LastAnswers(1_000);
  for (let n = 1n; n <= 5_000n; n++) answers.keep(ikeSpi(n), octets(10), octets(10), 0);
  assert.equal(answers.size, 1024);
  assert.equal(answers.find(ikeSpi(1n), octets(10), 0), undefined);
  assert.ok(answers.find(ikeSpi(5_000n), octets(10), 0) !== undefined);
  for (let n = 6_000n; n < 6_100n; n++) answers.keep(ikeSpi(n), octets(60_000), octets(60_000), 0);
  assert.ok(answers.octets <= 262_144 && answers.octets > 100_000, `${answers.octets} octets`);
  answers.keep(ikeSpi(9_000n), octets(10), octets(10), 2_000);
  assert.deepEqual([answers.size, answers.octets], [1, 10], "those that are too old are gone");
});

/** `a` waits until it sends its last request again, and gets the same answer as before. */
async function repeated(ladder: Ladder, request: string, answer: string): Promise<void> {
  const sent = await ladder.arrow(request);
  const lost = ladder.lose(answer);
  await ladder.waitForMessage(3_000);
  const again = await ladder.arrow(request);
  assert.ok(sameOctets(sent.datagram.data, again.datagram.data));
  const answered = await ladder.arrow(answer);
  assert.ok(sameOctets(lost.datagram.data, answered.datagram.data));
}

Deno.test("ladder: the refusal of IKE_AUTH is sent again, though its IKE SA is gone", async () => {
  const ladder = await Ladder.start({ pskB: "example-psk-of-another" });
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await repeated(
    ladder,
    `-> IKE_AUTH request 1: ${AUTH_REQUEST}`,
    "<- IKE_AUTH response 1: N(AUTHENTICATION_FAILED)",
  );
  await ladder.states("", "");
  const codes = ladder.pair.a.events.flatMap((event) => event.kind === "failed" ? [event.report.code] : []);
  assert.deepEqual(codes, ["refused-auth"]);
});

Deno.test("ladder: the answer to a DELETE is sent again, though its IKE SA is gone", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  pair.a.engine.setActive(false);
  const done = pair.a.engine.reset("sa");
  await pair.settle();
  await repeated(ladder, "-> INFORMATIONAL request 2: D(IKE)", "<- INFORMATIONAL response 2: ");
  await done;
  await ladder.states("", "");
  ladder.silence();
});

Deno.test("ladder: another request on an IKE SA that is gone gets INVALID_IKE_SPI, not the last answer", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const sa = pair.a.keys.recorded[0]!;
  pair.a.engine.setActive(false);
  await pair.during(pair.a.engine.reset("sa"));
  await pair.drive();
  for (const messageId of [1, 2, 3]) {
    const forged = { exchange: EXCHANGE.INFORMATIONAL, messageId };
    await ladder.deliver(datagramTo(pair, pair.b, sealMessage(sa, "initiator", forged, [])));
    ladder.lose(`<- INFORMATIONAL response ${messageId}: N(INVALID_IKE_SPI)`);
  }
});
