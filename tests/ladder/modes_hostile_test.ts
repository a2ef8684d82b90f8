/** AH and transport mode: what no correct peer sends (RFC 7296 §1.3.1, §2.7, §2.9, §3.3.6). */
import assert from "node:assert/strict";
import {
  EXCHANGE,
  NOTIFY,
  type NotifyPayload,
  type Payload,
  type TsPayload,
  type WireProposal,
} from "../../src/wire/mod.ts";
import { sealMessage } from "../support/forge.ts";
import { AUTH_REQUEST, AUTH_RESPONSE, type Ladder, type Step } from "../support/ladder.ts";
import {
  AH_MAC,
  begun,
  failures,
  options,
  policyOf,
  selectors,
  TRANSPORT,
  TRANSPORT_REQUEST,
  TRANSPORT_RESPONSE,
  TUNNEL,
} from "../support/modes.ts";
import { ESP_AEAD, flow, sideA, sideB } from "../support/policies.ts";

/** Delivers the response that is under way with other payloads; what `a` says to it. */
async function answered(ladder: Ladder, { datagram }: Step, payloads: readonly Payload[]): Promise<void> {
  const forged = { exchange: EXCHANGE.IKE_AUTH, messageId: 1, response: true };
  const octets = sealMessage(ladder.pair.b.keys.recorded[0]!, "responder", forged, payloads);
  await ladder.deliver({ ...datagram, data: octets });
}

/** Delivers the IKE_AUTH request that is under way with other payloads. */
async function asked(ladder: Ladder, { datagram }: Step, payloads: readonly Payload[]): Promise<void> {
  const forged = { exchange: EXCHANGE.IKE_AUTH, messageId: 1 };
  const octets = sealMessage(ladder.pair.a.keys.recorded[0]!, "initiator", forged, payloads);
  await ladder.deliver({ ...datagram, data: octets });
}

const USE_TRANSPORT: NotifyPayload = {
  type: "N",
  critical: false,
  protocol: 0,
  spi: new Uint8Array(0),
  notifyType: NOTIFY.USE_TRANSPORT_MODE,
  data: new Uint8Array(0),
};

function wide(payload: TsPayload): TsPayload {
  const [first] = payload.selectors;
  const start = new Uint8Array(4), end = new Uint8Array(4).fill(255);
  return { ...payload, selectors: [{ ...first!, start, end } as typeof first & object] };
}

function mapTs(payloads: readonly Payload[], change: (one: TsPayload) => TsPayload): Payload[] {
  return payloads.map((one) => one.type === "TSi" || one.type === "TSr" ? change(one) : one);
}

function mapSa(
  payloads: readonly Payload[],
  change: (one: WireProposal) => readonly WireProposal[],
): Payload[] {
  return payloads.map((one) =>
    one.type === "SA" ? { ...one, proposals: one.proposals.flatMap(change) } : one
  );
}

/** The Child SA that the peer has is deleted there; none is left. */
async function assertDeleted(ladder: Ladder, code: string, protocol = "ESP"): Promise<void> {
  await ladder.arrow(`-> INFORMATIONAL request 2: D(${protocol} SPI)`);
  await ladder.arrow(`<- INFORMATIONAL response 2: D(${protocol} SPI)`);
  await ladder.states("established[]", "established[]");
  assert.deepEqual(ladder.pair.hosts.map(({ datapath }) => datapath.pairs.size), [0, 0]);
  assert.deepEqual(failures(ladder.pair.a), [code]);
}

Deno.test("ladder: an answer in transport mode, where a tunnel was asked for, is deleted", async () => {
  const ladder = await begun(options(TUNNEL));
  await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  const step = ladder.lose(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  const at = step.payloads.findIndex((one) => one.type === "SA");
  await answered(ladder, step, [...step.payloads.slice(0, at), USE_TRANSPORT, ...step.payloads.slice(at)]);
  await assertDeleted(ladder, "mode-mismatch");
});

Deno.test("ladder: an answer in transport mode with more than the two hosts is deleted", async () => {
  const ladder = await begun(options(TRANSPORT));
  await ladder.arrow(`-> IKE_AUTH request 1: ${TRANSPORT_REQUEST}`);
  const step = ladder.lose(`<- IKE_AUTH response 1: ${TRANSPORT_RESPONSE}`);
  await answered(ladder, step, mapTs(step.payloads, wide));
  await assertDeleted(ladder, "bad-response");
});

Deno.test("ladder: a request in transport mode for everything is narrowed to the two hosts, whatever the policy allows", async () => {
  const any = { ...policyOf(TRANSPORT, "b"), flows: [flow("0.0.0.0/0", "0.0.0.0/0")] };
  const ladder = await begun({ a: sideA({ policy: policyOf(TRANSPORT, "a") }), b: sideB({ policy: any }) });
  const step = ladder.lose(`-> IKE_AUTH request 1: ${TRANSPORT_REQUEST}`);
  await asked(ladder, step, mapTs(step.payloads, wide));
  await ladder.arrow(`<- IKE_AUTH response 1: ${TRANSPORT_RESPONSE}`);
  assert.deepEqual(selectors(ladder.pair.b), [["198.51.100.2", "192.0.2.1"]]);
  await ladder.states("established[installed]", "established[installed]");
});

Deno.test("ladder: a request in transport mode for other hosts gets TS_UNACCEPTABLE", async () => {
  const any = { ...policyOf(TRANSPORT, "b"), flows: [flow("0.0.0.0/0", "0.0.0.0/0")] };
  const ladder = await begun({ a: sideA({ policy: policyOf(TRANSPORT, "a") }), b: sideB({ policy: any }) });
  const step = ladder.lose(`-> IKE_AUTH request 1: ${TRANSPORT_REQUEST}`);
  const octets = Uint8Array.of(203, 0, 113, 9);
  const other = (one: TsPayload): TsPayload => ({
    ...one,
    selectors: one.selectors.map((ts) => ({ ...ts, start: octets, end: octets }) as typeof ts),
  });
  await asked(ladder, step, mapTs(step.payloads, other));
  await ladder.arrow("<- IKE_AUTH response 1: IDr,AUTH,N(TS_UNACCEPTABLE)");
  await ladder.states("established[]", "established[]");
  assert.deepEqual(failures(ladder.pair.b), ["no-selectors"]);
});

const AES_GCM = {
  type: 1,
  id: 20,
  attributes: [{ type: 14, value: 256 }],
} as const;

Deno.test("ladder: of an AH proposal with ciphers, as OpenIKED sends it, all but these is chosen", async () => {
  const kind = { protocol: "AH", mode: "tunnel" } as const;
  const ladder = await begun(options(kind));
  const step = ladder.lose(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  const odd = mapSa(step.payloads, (one) => [{ ...one, transforms: [AES_GCM, ...one.transforms] }]);
  await asked(ladder, step, odd);
  const { payloads } = await ladder.arrow(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  const sa = payloads.find((one) => one.type === "SA");
  assert.deepEqual(sa?.proposals.map((one) => one.transforms.map(({ type }) => type)), [[3, 5]]);
  await ladder.states("established[installed]", "established[installed]");
  assert.deepEqual(ladder.pair.b.datapath.pairs.values().next().value?.child.suite, {
    protocol: 2,
    integ: 12,
    esn: true,
  });
});

Deno.test("ladder: an answer for AH with a cipher, which was not offered, is deleted", async () => {
  const ladder = await begun(options({ protocol: "AH", mode: "tunnel" }));
  await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  const step = ladder.lose(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  const odd = mapSa(step.payloads, (one) => [{ ...one, transforms: [AES_GCM, ...one.transforms] }]);
  await answered(ladder, step, odd);
  await assertDeleted(ladder, "bad-response", "AH");
});

Deno.test("ladder: an AH proposal with a transform of another kind is not chosen", async () => {
  for (const type of [2, 200]) {
    const ladder = await begun(options({ protocol: "AH", mode: "tunnel" }));
    const step = ladder.lose(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
    const odd = { type, id: 5, attributes: [] };
    const proposals = mapSa(step.payloads, (one) => [{ ...one, transforms: [odd, ...one.transforms] }]);
    await asked(ladder, step, proposals);
    await ladder.arrow("<- IKE_AUTH response 1: IDr,AUTH,N(NO_PROPOSAL_CHOSEN)");
    await ladder.states("established[]", "established[]");
    assert.deepEqual(failures(ladder.pair.b), ["no-child-proposal"]);
  }
});

Deno.test("ladder: an AH proposal without integrity is not chosen", async () => {
  const kind = { protocol: "AH", mode: "tunnel" } as const;
  for (const none of [[], [{ type: 3, id: 0, attributes: [] }]]) {
    const ladder = await begun(options(kind));
    const step = ladder.lose(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
    const odd = mapSa(step.payloads, (one) => [{
      ...one,
      transforms: [...none, ...one.transforms.filter(({ type }) => type !== 3)],
    }]);
    await asked(ladder, step, odd);
    await ladder.arrow("<- IKE_AUTH response 1: IDr,AUTH,N(NO_PROPOSAL_CHOSEN)");
    assert.deepEqual(failures(ladder.pair.b), ["no-child-proposal"]);
  }
});

for (const protocol of ["ESP", "AH"] as const) {
  Deno.test(`ladder: of proposals for AH and for ESP the responder takes the one for ${protocol} of its policy`, async () => {
    const kind = { protocol, mode: "tunnel" } as const;
    const other = protocol === "AH" ? ESP_AEAD : AH_MAC;
    const ladder = await begun(options(kind));
    const step = ladder.lose(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
    const mixed = mapSa(step.payloads, (one) => [
      {
        ...one,
        number: 1,
        protocol: other.protocol,
        transforms: other.protocol === 2
          ? [{ type: 3, id: 12, attributes: [] }, { type: 5, id: 0, attributes: [] }]
          : [AES_GCM, { type: 5, id: 0, attributes: [] }],
      },
      { ...one, number: 2 },
    ]);
    await asked(ladder, step, mixed);
    const { payloads } = ladder.lose(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
    const sa = payloads.find((one) => one.type === "SA");
    assert.deepEqual(sa?.proposals.map((one) => [one.number, one.protocol]), [[
      2,
      protocol === "AH" ? 2 : 3,
    ]]);
    const installed = [...ladder.pair.b.datapath.pairs.values()];
    assert.deepEqual(installed.map(({ child }) => child.suite.protocol), [protocol === "AH" ? 2 : 3]);
  });

  Deno.test(`ladder: an answer with another protocol than ${protocol}, which was offered, is deleted`, async () => {
    const ladder = await begun(options({ protocol, mode: "tunnel" }));
    await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
    const step = ladder.lose(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
    const other = protocol === "AH" ? 3 : 2;
    const odd = mapSa(step.payloads, (one) => [{ ...one, protocol: other }]);
    await answered(ladder, step, odd);
    await assertDeleted(ladder, "bad-response", protocol);
  });
}

Deno.test("ladder: a peer that asks for AH through NAT all the same is refused, and the IKE SA stays", async () => {
  const b = sideB({ policy: policyOf({ protocol: "AH", mode: "tunnel" }, "b") });
  const ladder = await begun({ b, nat: "a" });
  const step = ladder.lose(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  const ah = mapSa(step.payloads, (one) => [{
    ...one,
    protocol: 2,
    transforms: [{ type: 3, id: 12, attributes: [] }, { type: 5, id: 0, attributes: [] }],
  }]);
  await asked(ladder, step, ah);
  ladder.lose("<- IKE_AUTH response 1: IDr,AUTH,N(NO_PROPOSAL_CHOSEN)");
  assert.deepEqual(failures(ladder.pair.b), ["ah-nat"]);
  assert.equal(ladder.pair.b.datapath.pairs.size, 0);
});
