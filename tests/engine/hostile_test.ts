import assert from "node:assert/strict";
import { ikeSpi } from "../../src/bytes/mod.ts";
import { EXCHANGE, NOTIFY, type Payload } from "../../src/wire/mod.ts";
import { notify } from "../../src/exchange/notifies.ts";
import { clearMessage, datagramTo, type Forged, sealMessage } from "../support/forge.ts";
import { AUTH_REQUEST, INIT, Ladder } from "../support/ladder.ts";
import { Pair } from "../support/pair.ts";
import { brief, initRequest, parsed } from "./strangers.ts";
import { ADDRESSES } from "../support/policies.ts";

const PROBE: Forged = { exchange: EXCHANGE.INFORMATIONAL, messageId: 2 };

async function connected(): Promise<Pair> {
  const { pair } = await Ladder.connected();
  pair.network.record.length = 0;
  return pair;
}

async function give(pair: Pair, octets: Uint8Array): Promise<string[]> {
  pair.network.record.length = 0;
  pair.b.engine.handleDatagrams([datagramTo(pair, pair.b, octets)]);
  await pair.settle();
  return pair.network.record.map(({ data }) => brief(data));
}

function sealed(pair: Pair, forged: Forged = PROBE, payloads: readonly Payload[] = []): Uint8Array {
  return sealMessage(pair.b.keys.recorded[0]!, "initiator", forged, payloads);
}

function withFlags(octets: Uint8Array, flags: number): Uint8Array {
  const changed = octets.slice();
  changed[19] = flags;
  return changed;
}

Deno.test("hostile: a request with the wrong initiator bit, or the bits of a response, gets no answer from the SA", async () => {
  const pair = await connected();
  const probe = sealed(pair);
  for (const flags of [0x00, 0x20, 0x28]) {
    assert.ok((await give(pair, withFlags(probe, flags))).every((text) => text === "N(INVALID_IKE_SPI)"));
  }
  assert.deepEqual(await give(pair, probe), ["SK"], "the id was not used up");
});

Deno.test("hostile: our own message sent back to us is not authentic", async () => {
  const pair = await connected();
  const mirrored = sealMessage(pair.a.keys.recorded[0]!, "responder", { ...PROBE, messageId: 0 }, []);
  assert.ok((await give(pair, mirrored)).every((text) => text === "N(INVALID_IKE_SPI)"));
  assert.deepEqual(await give(pair, withFlags(mirrored, 0x08)), []);
});

Deno.test("hostile: the right SPI of ours with a wrong one of the peer finds no SA", async () => {
  const pair = await connected();
  const octets = sealed(pair);
  new DataView(octets.buffer).setBigUint64(0, 0x1234n);
  assert.deepEqual(await give(pair, octets), ["N(INVALID_IKE_SPI)"]);
});

Deno.test("hostile: INVALID_IKE_SPI is for requests only, carries their ids, and is not sent without end", async () => {
  const pair = await connected();
  const nobody = { spiI: ikeSpi(1n), spiR: ikeSpi(2n) };
  const request = clearMessage(nobody, "initiator", { exchange: EXCHANGE.INFORMATIONAL, messageId: 77 }, []);
  assert.deepEqual(await give(pair, request), ["N(INVALID_IKE_SPI)"]);
  const { header } = parsed(pair.network.record[0]!.data);
  assert.deepEqual([header.spiI, header.spiR, header.messageId], [1n, 2n, 77]);
  assert.ok(header.flags.response && !header.flags.initiator);
  assert.deepEqual(await give(pair, withFlags(request, 0x28)), []);
  pair.network.record.length = 0;
  pair.b.engine.handleDatagrams(new Array(500).fill(datagramTo(pair, pair.b, request)));
  await pair.settle();
  assert.ok(pair.network.record.length <= 10);
});

Deno.test("hostile: an exchange that has no place on an established SA ends it, as RFC 7296 §2.21.3 has it", async () => {
  for (const exchange of [EXCHANGE.IKE_AUTH, EXCHANGE.IKE_INTERMEDIATE, 240]) {
    const pair = await connected();
    assert.deepEqual(await give(pair, sealed(pair, { exchange, messageId: 2 })), ["SK"]);
    assert.deepEqual(await pair.b.engine.snapshot(), []);
    assert.equal(pair.b.holder.stats().sas, 0);
  }
});

Deno.test("hostile: an IKE_AUTH without its payloads is INVALID_SYNTAX and ends the half-open SA", async () => {
  const ladder = await Ladder.start();
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  ladder.lose(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  const { pair } = ladder;
  await ladder.deliver(datagramTo(pair, pair.b, sealed(pair, { exchange: EXCHANGE.IKE_AUTH, messageId: 1 })));
  ladder.lose("<- IKE_AUTH response 1: N(INVALID_SYNTAX)");
  assert.deepEqual(await pair.b.engine.snapshot(), []);
});

Deno.test("hostile: before IKE_AUTH no other exchange is heard", async () => {
  const ladder = await Ladder.start();
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  const { pair } = ladder;
  pair.network.inFlight.length = 0;
  for (const exchange of [EXCHANGE.INFORMATIONAL, EXCHANGE.CREATE_CHILD_SA]) {
    const forged = { exchange, messageId: 1 };
    await ladder.deliver(
      datagramTo(pair, pair.b, sealed(pair, forged, [{ type: "D", critical: false, protocol: 1, spis: [] }])),
    );
    ladder.silence();
  }
  await ladder.states("connecting[]", "connecting[]");
});

Deno.test("hostile: an unprotected error for a protected request is not believed", async () => {
  const ladder = await Ladder.start();
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  const { pair } = ladder;
  const sa = pair.a.keys.recorded[0]!;
  for (const type of [NOTIFY.AUTHENTICATION_FAILED, NOTIFY.INVALID_IKE_SPI, NOTIFY.INVALID_SYNTAX]) {
    const forged = { exchange: EXCHANGE.IKE_AUTH, messageId: 1, response: true };
    await ladder.deliver(datagramTo(pair, pair.a, clearMessage(sa, "responder", forged, [notify(type)])));
  }
  await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  await pair.connect();
});

Deno.test("hostile: IKE_SA_INIT with any field of the header that may not be so is passed over", async () => {
  const pair = await new Pair().start();
  pair.network.record.length = 0;
  const good = initRequest({ spiI: 5n, from: ADDRESSES[4].nat });
  const change = (at: number, value: number) => {
    const data = good.data.slice();
    data[at] = value;
    return { ...good, data };
  };
  const zeroSpi = { ...good, data: good.data.slice().fill(0, 0, 8) };
  const bad = [zeroSpi, change(15, 1), change(19, 0x00), change(19, 0x20), change(19, 0x28), change(23, 1)];
  pair.b.engine.handleDatagrams(bad);
  await pair.settle();
  assert.deepEqual(pair.network.record, []);
  assert.deepEqual(await pair.b.engine.snapshot(), []);
});

Deno.test("hostile: messages that wait for the turn of one SA are bounded", async () => {
  const pair = await connected();
  const flood = new Array(10_000).fill(datagramTo(pair, pair.b, sealed(pair)));
  pair.b.engine.handleDatagrams(flood);
  assert.ok(pair.b.engine.pending() < 50, `${pair.b.engine.pending()} pending`);
  await pair.settle();
  assert.ok(await pair.connected());
});
