import assert from "node:assert/strict";
import { sameOctets } from "../../src/bytes/mod.ts";
import { EXCHANGE, parseMessage, type Payload } from "../../src/wire/mod.ts";
import { clearMessage, datagramTo, sealMessage } from "../support/forge.ts";
import { AUTH_REQUEST, AUTH_RESPONSE, INIT, Ladder } from "../support/ladder.ts";
import { ESP_AEAD, ESP_MAC, IKE_AEAD, IKE_MAC, sideA, sideB } from "../support/policies.ts";

const UNKNOWN: Payload = { type: "unknown", critical: true, typeNumber: 200, data: new Uint8Array(4) };
const SUITES = [
  ["AEAD", { ikeProposals: [IKE_AEAD], childProposals: [ESP_AEAD] }],
  ["cipher and MAC", { ikeProposals: [IKE_MAC], childProposals: [ESP_MAC] }],
] as const;

/** The octets of the first message of `a`, changed. */
async function changedInit(
  change: (octets: Uint8Array) => void,
): Promise<{ ladder: Ladder; octets: Uint8Array }> {
  const ladder = await Ladder.start();
  const { datagram } = ladder.lose(`-> IKE_SA_INIT request 0: ${INIT}`);
  const octets = datagram.data.slice();
  change(octets);
  return { ladder, octets };
}

Deno.test("ladder: IKEv1 is passed over without an answer", async () => {
  const { ladder, octets } = await changedInit((octets) => octets[17] = 0x10);
  await ladder.deliver(datagramTo(ladder.pair, ladder.pair.b, octets));
  ladder.silence();
  await ladder.states("connecting[]", "");
});

Deno.test("ladder: a later major version is told ours, a later minor one is spoken to", async () => {
  const major = await changedInit((octets) => octets[17] = 0x30);
  await major.ladder.deliver(datagramTo(major.ladder.pair, major.ladder.pair.b, major.octets));
  await major.ladder.states("connecting[]", "");
  major.ladder.lose("<- IKE_SA_INIT response 0: N(INVALID_MAJOR_VERSION)");
  const minor = await changedInit((octets) => octets[17] = 0x2f);
  await minor.ladder.deliver(datagramTo(minor.ladder.pair, minor.ladder.pair.b, minor.octets));
  minor.ladder.lose(`<- IKE_SA_INIT response 0: ${INIT}`);
});

Deno.test("ladder: an unknown critical payload in IKE_SA_INIT is refused by name, and nothing stays", async () => {
  const ladder = await Ladder.start();
  const { datagram } = ladder.lose(`-> IKE_SA_INIT request 0: ${INIT}`);
  const parsed = parseMessage(datagram.data);
  assert.ok(parsed.ok);
  const forged = { exchange: EXCHANGE.IKE_SA_INIT, messageId: 0 };
  const octets = clearMessage(parsed.value.header, "initiator", forged, [...parsed.value.payloads, UNKNOWN]);
  await ladder.deliver(datagramTo(ladder.pair, ladder.pair.b, octets));
  const answer = ladder.lose("<- IKE_SA_INIT response 0: N(UNSUPPORTED_CRITICAL_PAYLOAD)").payloads[0]!;
  assert.ok(answer.type === "N");
  assert.deepEqual(answer.data, new Uint8Array([200]));
  await ladder.states("connecting[]", "");
});

for (const [name, policy] of SUITES) {
  for (const exchange of ["INFORMATIONAL", "CREATE_CHILD_SA"] as const) {
    Deno.test(`ladder: an unknown critical payload in ${exchange} (${name}) is refused and the SA stays`, async () => {
      const ladder = await Ladder.connected({ a: sideA({ policy }), b: sideB({ policy }) });
      const { pair } = ladder;
      const forged = { exchange: EXCHANGE[exchange], messageId: 2 };
      const octets = sealMessage(pair.a.keys.recorded[0]!, "initiator", forged, [UNKNOWN]);
      await ladder.deliver(datagramTo(pair, pair.b, octets));
      ladder.lose(`<- ${exchange} response 2: N(UNSUPPORTED_CRITICAL_PAYLOAD)`);
      await ladder.states("established[installed]", "established[installed]");
    });
  }

  Deno.test(`ladder: a message (${name}) with any octet changed is passed over`, async () => {
    const ladder = await Ladder.connected({ a: sideA({ policy }), b: sideB({ policy }) });
    const { pair } = ladder;
    const forged = { exchange: EXCHANGE.INFORMATIONAL, messageId: 2 };
    const octets = sealMessage(pair.a.keys.recorded[0]!, "initiator", forged, []);
    for (let at = 0; at < octets.length; at++) {
      const changed = octets.slice();
      changed[at]! ^= 1;
      // Unprotected errors that a wrong version or SPI may cause go to whom it may concern, not into the SA.
      await ladder.deliver(datagramTo(pair, pair.b, changed));
    }
    pair.network.inFlight.length = 0;
    await ladder.deliver(datagramTo(pair, pair.b, octets));
    ladder.lose("<- INFORMATIONAL response 2: ");
    await ladder.states("established[installed]", "established[installed]");
  });
}

Deno.test("ladder: a retransmitted request gets the stored response, octet for octet", async () => {
  const ladder = await Ladder.start();
  const request = await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  const first = ladder.lose(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.deliver(request.datagram);
  const again = await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  assert.ok(sameOctets(first.datagram.data, again.datagram.data));

  const auth = await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  const lost = ladder.lose(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  await ladder.deliver(auth.datagram);
  const repeated = await ladder.arrow(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  assert.ok(sameOctets(lost.datagram.data, repeated.datagram.data));
  await ladder.states("established[installed]", "established[installed]");
  assert.equal(ladder.pair.b.datapath.seenIds.size, 1, "the repeated request made no second Child SA");
});

Deno.test("ladder: a lost response makes the initiator send the same request again, with back-off", async () => {
  const ladder = await Ladder.start();
  const texts = `-> IKE_SA_INIT request 0: ${INIT}`;
  const first = ladder.lose(texts);
  const times: number[] = [];
  for (let tries = 0; tries < 3; tries++) {
    const began = ladder.pair.clock.now();
    const next = ladder.pair.a.engine.nextTimeout()!;
    await ladder.wait(next - began);
    times.push(next - began);
    assert.ok(sameOctets(ladder.lose(texts).datagram.data, first.datagram.data));
  }
  assert.ok(times[1]! > times[0]! * 1.5 && times[2]! > times[1]! * 1.5, `waits ${times}`);
});

Deno.test("ladder: late, repeated and replayed responses change nothing", async () => {
  const ladder = await Ladder.start();
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  const init = await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.deliver(init.datagram);
  const request = await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  const response = await ladder.arrow(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  for (const datagram of [init.datagram, response.datagram, response.datagram]) {
    await ladder.deliver(datagram);
  }
  ladder.silence();
  await ladder.deliver(request.datagram);
  await ladder.arrow(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  await ladder.states("established[installed]", "established[installed]");
  await ladder.pair.traffic.assertPasses();
});

Deno.test("ladder: a replayed request from before the window, and one ahead of it, get no answer", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const send = async (messageId: number) => {
    const forged = { exchange: EXCHANGE.INFORMATIONAL, messageId };
    const octets = sealMessage(pair.a.keys.recorded[0]!, "initiator", forged, []);
    await ladder.deliver(datagramTo(pair, pair.b, octets));
  };
  await send(2);
  ladder.lose("<- INFORMATIONAL response 2: ");
  await send(3);
  ladder.lose("<- INFORMATIONAL response 3: ");
  for (const outside of [0, 1, 2, 5, 6, 0xffff_ffff]) {
    await send(outside);
    ladder.silence();
  }
  await send(4);
  ladder.lose("<- INFORMATIONAL response 4: ");
});

Deno.test("ladder: IKE_AUTH that overtakes nothing: a request before its IKE_SA_INIT is passed over", async () => {
  const ladder = await Ladder.start();
  const init = ladder.lose(`-> IKE_SA_INIT request 0: ${INIT}`);
  const parsed = parseMessage(init.datagram.data);
  assert.ok(parsed.ok);
  const header = { spiI: parsed.value.header.spiI, spiR: 0x1234n as typeof parsed.value.header.spiR };
  const octets = clearMessage(header, "initiator", { exchange: EXCHANGE.IKE_AUTH, messageId: 1 }, []);
  await ladder.deliver(datagramTo(ladder.pair, ladder.pair.b, octets));
  await ladder.states("connecting[]", "");
});

Deno.test("ladder: with many half-open SAs an initiator has to return a cookie", async () => {
  const ladder = await Ladder.start({ limits: { cookieFrom: 0, cookieFromPerAddress: 0 } });
  const first = await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.states("connecting[]", "");
  const answer = await ladder.arrow("<- IKE_SA_INIT response 0: N(COOKIE)");
  assert.equal(answer.header.spiR, 0n);
  const second = await ladder.arrow(`-> IKE_SA_INIT request 0: N(COOKIE),${INIT}`);
  const [cookie] = answer.payloads, [returned] = second.payloads;
  assert.ok(cookie?.type === "N" && returned?.type === "N" && sameOctets(cookie.data, returned.data));
  assert.equal(first.header.spiI, second.header.spiI);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.pair.connect();
  await ladder.states("established[installed]", "established[installed]");
});

Deno.test("ladder: a cookie of another address, or a made-up one, is no good", async () => {
  const ladder = await Ladder.start({ limits: { cookieFrom: 0, cookieFromPerAddress: 0 } });
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow("<- IKE_SA_INIT response 0: N(COOKIE)");
  const { datagram } = ladder.lose(`-> IKE_SA_INIT request 0: N(COOKIE),${INIT}`);
  const elsewhere = { ...datagram.remote.address, value: datagram.remote.address.value + 7n };
  await ladder.deliver({ ...datagram, remote: { ...datagram.remote, address: elsewhere } });
  assert.deepEqual((await ladder.pair.b.engine.snapshot()).length, 0);
  const made = datagram.data.slice();
  made[28 + 8 + 4]! ^= 1;
  await ladder.deliver({ ...datagram, data: made });
  assert.deepEqual((await ladder.pair.b.engine.snapshot()).length, 0);
  await ladder.deliver(datagram);
  assert.deepEqual((await ladder.pair.b.engine.snapshot()).length, 1);
});

Deno.test("ladder: half-open SAs stop at the limit, and time frees them again", async () => {
  const limits = { halfOpen: 5, halfOpenPerAddress: 5, cookieFrom: 1000, cookieFromPerAddress: 1000 };
  const ladder = await Ladder.start({ limits });
  const { pair } = ladder;
  const { datagram } = ladder.lose(`-> IKE_SA_INIT request 0: ${INIT}`);
  for (let n = 1; n <= 20; n++) {
    const data = datagram.data.slice();
    data[0]! ^= n;
    await ladder.deliver({ ...datagram, data });
  }
  assert.equal((await pair.b.engine.snapshot()).length, 5);
  assert.equal(pair.b.holder.stats().sas, 5);
  pair.a.engine.setActive(false);
  await pair.during(pair.a.engine.reset("all"));
  await pair.advance(120_000);
  assert.equal((await pair.b.engine.snapshot()).length, 0);
  assert.equal(pair.b.holder.stats().sas, 0);
});

for (const length of [0, 1, 27, 28, 65_507]) {
  Deno.test(`ladder: a datagram of ${length} octets is passed over`, async () => {
    const ladder = await Ladder.connected();
    const { pair } = ladder;
    for (const fill of [0, 0x20, 0xff]) {
      for (const port of [500, 4500]) {
        await ladder.deliver(datagramTo(pair, pair.b, new Uint8Array(length).fill(fill), port));
      }
    }
    await ladder.states("established[installed]", "established[installed]");
    await pair.traffic.assertPasses();
  });
}
