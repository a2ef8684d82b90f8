import assert from "node:assert/strict";
import fc from "fast-check";
import { ikeSpi } from "../../src/bytes/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { CookieJar } from "../../src/exchange/cookie.ts";
import { Ladder } from "../support/ladder.ts";
import { address, ADDRESSES } from "../support/policies.ts";
import { Pair } from "../support/pair.ts";
import { createRng } from "../support/rng.ts";
import { brief, initRequest, notifyData, parsed } from "./strangers.ts";

const LIMITS = { cookieFrom: 0 };

function jar(secretMs = 1_000): CookieJar {
  const random = createRng(3, "jar").octets;
  return new CookieJar(createPortable(random), random, secretMs);
}

const SUBJECT = { nonceI: new Uint8Array(32).fill(1), address: address("192.0.2.7"), spiI: ikeSpi(9n) };

Deno.test("CookieJar: a cookie is good for its nonce, address and SPI, and for nothing else", () => {
  const cookies = jar();
  const cookie = cookies.make(SUBJECT, 0);
  assert.ok(cookie.length <= 64);
  assert.ok(cookies.check(cookie, SUBJECT, 0));
  assert.equal(cookies.check(cookie, { ...SUBJECT, nonceI: new Uint8Array(32).fill(2) }, 0), false);
  assert.equal(cookies.check(cookie, { ...SUBJECT, address: address("192.0.2.8") }, 0), false);
  assert.equal(cookies.check(cookie, { ...SUBJECT, spiI: ikeSpi(10n) }, 0), false);
  for (let at = 0; at < cookie.length; at++) {
    const changed = cookie.slice();
    changed[at]! ^= 1;
    assert.equal(cookies.check(changed, SUBJECT, 0), false, `octet ${at}`);
  }
});

Deno.test("CookieJar: a cookie outlives one change of the secret and no more", () => {
  const cookies = jar(1_000);
  const cookie = cookies.make(SUBJECT, 0);
  assert.ok(cookies.check(cookie, SUBJECT, 999));
  assert.ok(cookies.check(cookie, SUBJECT, 1_500));
  assert.notDeepEqual(cookies.make(SUBJECT, 1_500), cookie);
  assert.equal(cookies.check(cookie, SUBJECT, 2_600), false);
});

Deno.test("CookieJar: a cookie is not good after a long silence", () => {
  const cookies = jar(1_000);
  const cookie = cookies.make(SUBJECT, 0);
  assert.equal(cookies.check(cookie, SUBJECT, 5_000), false);
});

Deno.test("CookieJar: cookies of another jar, and any octets at all, are no cookies", () => {
  const cookies = jar();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
    assert.equal(cookies.check(octets, SUBJECT, 0), false);
  }));
});

Deno.test("cookie: under load an initiator returns the cookie and both get their tunnel", async () => {
  const ladder = await Ladder.start({ limits: LIMITS });
  const init = "SA,KE,Nonce,N(NAT_DETECTION_SOURCE_IP),N(NAT_DETECTION_DESTINATION_IP)";
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${init}`);
  await ladder.states("connecting[]", "");
  await ladder.arrow("<- IKE_SA_INIT response 0: N(COOKIE)");
  await ladder.arrow(`-> IKE_SA_INIT request 0: N(COOKIE),${init}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${init}`);
  await ladder.pair.connect();
  await ladder.pair.traffic.assertPasses();
});

Deno.test("cookie: a request without or with a wrong one leaves nothing behind", async () => {
  const pair = new Pair({ limits: LIMITS });
  await pair.start();
  const sent = pair.network.record;
  const from = address("192.0.2.50");
  for (const cookie of [undefined, new Uint8Array(33), new Uint8Array(64).fill(5)]) {
    const before = sent.length;
    pair.b.engine.handleDatagrams([initRequest({ spiI: 5n, from, ...(cookie && { cookie }) })]);
    await pair.settle();
    assert.equal(sent.length, before + 1);
    assert.equal(brief(sent.at(-1)!.data), "N(COOKIE)");
    assert.equal(parsed(sent.at(-1)!.data).header.spiR, 0n);
  }
  assert.deepEqual(await pair.b.engine.snapshot(), []);
  assert.equal(pair.b.holder.stats().sas, 0);
  const cookie = notifyData(sent.at(-1)!.data);
  pair.b.engine.handleDatagrams([initRequest({ spiI: 5n, from: address("192.0.2.51"), cookie })]);
  await pair.settle();
  assert.equal(brief(sent.at(-1)!.data), "N(COOKIE)", "a cookie of another address");
  pair.b.engine.handleDatagrams([initRequest({ spiI: 5n, from, cookie })]);
  await pair.settle();
  assert.match(brief(sent.at(-1)!.data), /^SA,KE,Nonce/);
});

Deno.test("cookie: an initiator that is asked for one for ever gives up, and holds no private value", async () => {
  const pair = await new Pair().start();
  const { a } = pair;
  for (let round = 0; round < 20; round++) {
    const out = pair.network.inFlight.pop();
    if (out?.arrival.kind !== "ike") break;
    const { header } = parsed(out.arrival.datagram.data);
    const reply = cookieReply(header.spiI, new Uint8Array(16).fill(round));
    a.engine.handleDatagrams([{
      local: { address: ADDRESSES[4].a, port: 500 },
      remote: { address: ADDRESSES[4].b, port: 500 },
      data: reply,
      natt: false,
    }]);
    await pair.settle();
  }
  const failed = a.events.filter((event) => event.kind === "failed");
  assert.deepEqual(failed.map((event) => event.report.code), ["cookie-loop"]);
  assert.deepEqual(await a.engine.snapshot(), []);
  assert.deepEqual({ ...a.holder.stats(), secrets: 0 }, { pendingKe: 0, sas: 0, secrets: 0 });
});

function cookieReply(spiI: bigint, cookie: Uint8Array): Uint8Array {
  const octets = new Uint8Array(28 + 8 + cookie.length);
  const view = new DataView(octets.buffer);
  view.setBigUint64(0, spiI);
  octets.set([41, 0x20, 34, 0x20], 16);
  view.setUint32(24, octets.length);
  view.setUint16(30, 8 + cookie.length);
  view.setUint16(34, 16390);
  octets.set(cookie, 36);
  return octets;
}
