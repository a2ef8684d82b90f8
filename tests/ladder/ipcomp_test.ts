/** IPComp (RFC 7296 §2.22, RFC 3173): offered, answered, declined, and what no correct peer sends. */
import assert from "node:assert/strict";
import type { ChildInstall } from "../../src/exchange/ports.ts";
import {
  emitIpcompSupported,
  EXCHANGE,
  NOTIFY,
  type NotifyPayload,
  parseIpcompSupported,
  type Payload,
} from "../../src/wire/mod.ts";
import { datagramTo, sealMessage } from "../support/forge.ts";
import { assertNothingLeft } from "../support/idle.ts";
import { AUTH_REQUEST, AUTH_RESPONSE, INIT, Ladder, type Step } from "../support/ladder.ts";
import type { Host } from "../support/pair.ts";
import { flow, sideA, sideB } from "../support/policies.ts";

const DEFLATE = 2;
const OFFER = "IDi,N(INITIAL_CONTACT),IDr,AUTH,N(IPCOMP_SUPPORTED),SA,TSi,TSr";
const PLAIN_OFFER = AUTH_REQUEST;
const ANSWER = "IDr,AUTH,N(IPCOMP_SUPPORTED),SA,TSi,TSr";
const PLAIN_ANSWER = AUTH_RESPONSE;

/** Up to the IKE_AUTH request, which is under way. */
async function begun(a: boolean, b: boolean): Promise<Ladder> {
  const ladder = await Ladder.start({
    a: sideA(a ? { policy: { ipcomp: true } } : {}),
    b: sideB(b ? { policy: { ipcomp: true } } : {}),
  });
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  return ladder;
}

function cpiOf({ payloads }: Pick<Step, "payloads">): number {
  const found = payloads.filter((one): one is NotifyPayload =>
    one.type === "N" && one.notifyType === NOTIFY.IPCOMP_SUPPORTED
  );
  assert.equal(found.length, 1);
  const parsed = parseIpcompSupported(found[0]!);
  assert.ok(parsed.ok);
  assert.equal(parsed.value.transform, DEFLATE);
  assert.ok(parsed.value.cpi >= 256 && parsed.value.cpi <= 61_439, `${parsed.value.cpi}`);
  return parsed.value.cpi;
}

function installed(host: Host): ChildInstall[] {
  return [...host.datapath.pairs.values()].map(({ child }) => child);
}

function logs(host: Host, text: RegExp): boolean {
  return host.events.some((event) => event.kind === "log" && text.test(event.text));
}

/** What the newest pair of each side says of compression. */
function assertCompresses({ pair }: Ladder, cpiA: number, cpiB: number): void {
  const [a, b] = [pair.a, pair.b].map((host) => installed(host).at(-1)!.ipcomp);
  assert.deepEqual(a, { transform: DEFLATE, inboundCpi: cpiA, outboundCpi: cpiB });
  assert.deepEqual(b, { transform: DEFLATE, inboundCpi: cpiB, outboundCpi: cpiA });
}

Deno.test("ladder: IKE_AUTH agrees on IPComp, each side with a CPI of its own, and `show sa` says so", async () => {
  const ladder = await begun(true, true);
  const { pair } = ladder;
  const offer = await ladder.arrow(`-> IKE_AUTH request 1: ${OFFER}`);
  const answer = await ladder.arrow(`<- IKE_AUTH response 1: ${ANSWER}`);
  await ladder.states("established[installed]", "established[installed]");
  assertCompresses(ladder, cpiOf(offer), cpiOf(answer));
  for (const host of pair.hosts) {
    assert.equal((await host.engine.snapshot())[0]!.children[0]!.ipcomp, "IPCOMP_DEFLATE");
    assert.ok(logs(host, /compressed: IPCOMP_DEFLATE/));
  }
  await pair.traffic.assertPasses();
  await pair.during(Promise.all(pair.hosts.map(({ engine }) => engine.shutdown())));
  await assertNothingLeft(pair);
});

for (const [wants, name] of [["a", "initiator"], ["b", "responder"]] as const) {
  Deno.test(`ladder: where the ${name} alone wants IPComp there is none, the tunnel comes up, and it is logged`, async () => {
    const ladder = await begun(wants === "a", wants === "b");
    const { pair } = ladder;
    await ladder.arrow(`-> IKE_AUTH request 1: ${wants === "a" ? OFFER : PLAIN_OFFER}`);
    await ladder.arrow(`<- IKE_AUTH response 1: ${PLAIN_ANSWER}`);
    await ladder.states("established[installed]", "established[installed]");
    for (const host of pair.hosts) {
      assert.deepEqual(installed(host).map(({ ipcomp }) => ipcomp), [undefined]);
      assert.equal((await host.engine.snapshot())[0]!.children[0]!.ipcomp, null);
      assert.equal(logs(host, /Peer does not compress/), host.name === wants);
    }
    await pair.traffic.assertPasses();
  });
}

for (const side of ["a", "b"] as const) {
  Deno.test(`ladder: "${side}" neither offers nor accepts IPComp for flows of another family than the endpoints'`, async () => {
    const inner = { ipcomp: true, flows: [flow("2001:db8:1::/48", "2001:db8:2::/48")] };
    const mirrored = { ipcomp: true, flows: [flow("2001:db8:2::/48", "2001:db8:1::/48")] };
    const ladder = await Ladder.start({ a: sideA({ policy: inner }), b: sideB({ policy: mirrored }) });
    const { pair } = ladder;
    await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
    await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
    const request = ladder.lose(`-> IKE_AUTH request 1: ${PLAIN_OFFER}`);
    const notifies = side === "b" ? [supported(0x1234)] : [];
    const forged = { exchange: EXCHANGE.IKE_AUTH, messageId: 1 };
    const payloads = forge(request.payloads, notifies);
    const octets = sealMessage(pair.a.keys.recorded[0]!, "initiator", forged, payloads);
    await ladder.deliver({ ...request.datagram, data: octets });
    await ladder.arrow(`<- IKE_AUTH response 1: ${PLAIN_ANSWER}`);
    await ladder.states("established[installed]", "established[installed]");
    assert.equal(installed(pair[side])[0]!.ipcomp, undefined);
    assert.ok(logs(pair[side], /not of one family/));
  });
}

for (const by of ["a", "b"] as const) {
  Deno.test(`ladder: a rekey by "${by}" agrees on IPComp again, with new CPIs`, async () => {
    const ladder = await begun(true, true);
    const { pair } = ladder;
    const before = [
      cpiOf(await ladder.arrow(`-> IKE_AUTH request 1: ${OFFER}`)),
      cpiOf(await ladder.arrow(`<- IKE_AUTH response 1: ${ANSWER}`)),
    ];
    await pair.drive();
    const host = pair[by];
    host.datapath.expire([...host.datapath.pairs.keys()][0]!, "soft");
    await pair.settle();
    const [to, fro, id] = by === "a" ? ["->", "<-", 2] : ["<-", "->", 0];
    const request = await ladder.arrow(
      `${to} CREATE_CHILD_SA request ${id}: N(REKEY_SA),N(IPCOMP_SUPPORTED),SA,Nonce,TSi,TSr`,
    );
    const response = await ladder.arrow(
      `${fro} CREATE_CHILD_SA response ${id}: N(IPCOMP_SUPPORTED),SA,Nonce,TSi,TSr`,
    );
    const [own, peers] = [cpiOf(request), cpiOf(response)];
    assertCompresses(ladder, by === "a" ? own : peers, by === "a" ? peers : own);
    assert.ok(!before.includes(own) && !before.includes(peers), "the old ones are still in use");
    await pair.drive();
    await pair.traffic.assertPasses();
  });
}

function supported(cpi: number, transform = DEFLATE): NotifyPayload {
  return emitIpcompSupported(cpi, transform);
}

const CUT: NotifyPayload = { ...supported(0x1234), data: Uint8Array.of(0x12, 0x34) };

/** What stands in the message in place of the IPCOMP_SUPPORTED of a correct peer. */
function forge(payloads: readonly Payload[], notifies: readonly NotifyPayload[]): Payload[] {
  const others = payloads.filter((one) => !(one.type === "N" && one.notifyType === NOTIFY.IPCOMP_SUPPORTED));
  const at = others.findIndex((one) => one.type === "SA");
  return [...others.slice(0, at), ...notifies, ...others.slice(at)];
}

const BAD_ANSWERS: readonly (readonly [string, boolean, readonly NotifyPayload[]])[] = [
  ["a CPI of 0", true, [supported(0)]],
  ["a CPI that names an algorithm", true, [supported(DEFLATE)]],
  ["a CPI of 255", true, [supported(255)]],
  ["a transform that was not offered", true, [supported(0x1234, 3)]],
  ["an unknown transform", true, [supported(0x1234, 200)]],
  ["two notifies", true, [supported(0x1234), supported(0x1235)]],
  ["the same notify twice", true, [supported(0x1234), supported(0x1234)]],
  ["a notify cut short", true, [CUT]],
  ["a notify though nothing was offered", false, [supported(0x1234)]],
];

for (const [what, offered, notifies] of BAD_ANSWERS) {
  Deno.test(`ladder: an answer with ${what} makes no Child SA, and the peer's is deleted`, async () => {
    const ladder = await begun(offered, offered);
    const { pair } = ladder;
    await ladder.arrow(`-> IKE_AUTH request 1: ${offered ? OFFER : PLAIN_OFFER}`);
    const answer = ladder.lose(`<- IKE_AUTH response 1: ${offered ? ANSWER : PLAIN_ANSWER}`);
    const [sa] = pair.b.keys.recorded;
    const forged = { exchange: EXCHANGE.IKE_AUTH, messageId: 1, response: true };
    const octets = sealMessage(sa!, "responder", forged, forge(answer.payloads, notifies));
    await ladder.deliver({ ...answer.datagram, data: octets });
    await ladder.arrow("-> INFORMATIONAL request 2: D(ESP SPI)");
    await ladder.arrow("<- INFORMATIONAL response 2: D(ESP SPI)");
    await ladder.states("established[]", "established[]");
    assert.deepEqual([pair.a.datapath.pairs.size, pair.b.datapath.pairs.size], [0, 0]);
    const report = pair.a.events.find((event) => event.kind === "failed");
    assert.equal(report?.kind === "failed" && report.report.code, "bad-response");
  });
}

/** Delivers the IKE_AUTH request of `a` with other notifies; what `b` answers with its keys. */
async function asked(wants: boolean, notifies: readonly NotifyPayload[]): Promise<Ladder> {
  const ladder = await begun(true, wants);
  const { pair } = ladder;
  const request = ladder.lose(`-> IKE_AUTH request 1: ${OFFER}`);
  const forged = { exchange: EXCHANGE.IKE_AUTH, messageId: 1 };
  const octets = sealMessage(
    pair.a.keys.recorded[0]!,
    "initiator",
    forged,
    forge(request.payloads, notifies),
  );
  await ladder.deliver({ ...request.datagram, data: octets });
  return ladder;
}

Deno.test("ladder: of several transforms that are offered the responder takes the one it can do", async () => {
  const offers = [supported(0x1111, 3), supported(0x2222, 1), supported(0x3333), supported(0x4444)];
  const ladder = await asked(true, offers);
  const own = cpiOf(await ladder.arrow(`<- IKE_AUTH response 1: ${ANSWER}`));
  assert.deepEqual(installed(ladder.pair.b)[0]!.ipcomp, {
    transform: DEFLATE,
    inboundCpi: own,
    outboundCpi: 0x3333,
  });
});

for (
  const [what, notifies] of [
    ["LZS and LZJH alone", [supported(0x1234, 3), supported(0x1234, 4)]],
    ["an unknown transform", [supported(0x1234, 200)]],
    ["CPIs that are none", [supported(0), supported(63), supported(255)]],
    ["a notify cut short", [CUT]],
    ["nothing", []],
  ] as const
) {
  Deno.test(`ladder: a request that offers ${what} gets a Child SA without IPComp`, async () => {
    const ladder = await asked(true, notifies);
    ladder.lose(`<- IKE_AUTH response 1: ${PLAIN_ANSWER}`);
    assert.deepEqual(installed(ladder.pair.b).map(({ ipcomp }) => ipcomp), [undefined]);
    assert.ok(logs(ladder.pair.b, /Peer does not compress/));
  });
}

Deno.test("ladder: IPCOMP_SUPPORTED where no Child SA is negotiated changes nothing", async () => {
  const ladder = await begun(true, true);
  const { pair } = ladder;
  await pair.connect();
  await pair.drive();
  const before = pair.hosts.map((host) => installed(host).map(({ ipcomp }) => ipcomp));
  const forged = { exchange: EXCHANGE.INFORMATIONAL, messageId: 2 };
  const octets = sealMessage(pair.a.keys.recorded[0]!, "initiator", forged, [supported(0x1234)]);
  await ladder.deliver(datagramTo(pair, pair.b, octets));
  ladder.lose("<- INFORMATIONAL response 2: ");
  await ladder.states("established[installed]", "established[installed]");
  assert.deepEqual(pair.hosts.map((host) => installed(host).map(({ ipcomp }) => ipcomp)), before);
  await pair.traffic.assertPasses();
});
