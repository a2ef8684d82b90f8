import assert from "node:assert/strict";
import { EXCHANGE, NOTIFY, type Payload, PROTOCOL } from "../../src/wire/mod.ts";
import { assertNothingLeft } from "../support/idle.ts";
import { datagramTo, sealMessage } from "../support/forge.ts";
import { Ladder } from "../support/ladder.ts";
import { ESP_AEAD, ESP_MAC, IKE_AEAD, IKE_MAC, sideA, sideB } from "../support/policies.ts";

const DPD_MS = 10_000;
const SUITES = [
  ["AEAD", { ikeProposals: [IKE_AEAD], childProposals: [ESP_AEAD] }],
  ["cipher and MAC", { ikeProposals: [IKE_MAC], childProposals: [ESP_MAC] }],
] as const;

/** A tunnel that `by` watches over. */
function watched(by: "a" | "b", policy: typeof SUITES[number][1] = SUITES[0][1]): Promise<Ladder> {
  const globals = { dpdIntervalMs: DPD_MS };
  return Ladder.connected({
    a: sideA({ policy, ...(by === "a" && { globals }) }),
    b: sideB({ policy, ...(by === "b" && { globals }) }),
  });
}

function arrows(by: "a" | "b"): { to: string; fro: string; first: number } {
  return by === "a" ? { to: "->", fro: "<-", first: 2 } : { to: "<-", fro: "->", first: 0 };
}

for (const by of ["a", "b"] as const) {
  for (const [name, policy] of SUITES) {
    Deno.test(`ladder: "${by}" probes a silent peer with an empty INFORMATIONAL (${name}), which answers`, async () => {
      const ladder = await watched(by, policy);
      const { to, fro, first } = arrows(by);
      await ladder.wait(DPD_MS - 1);
      ladder.silence();
      await ladder.wait(1);
      await ladder.arrow(`${to} INFORMATIONAL request ${first}: `);
      await ladder.arrow(`${fro} INFORMATIONAL response ${first}: `);
      ladder.silence();
      await ladder.wait(DPD_MS);
      await ladder.arrow(`${to} INFORMATIONAL request ${first + 1}: `);
      await ladder.states("established[installed]", "established[installed]");
    });
  }

  Deno.test(`ladder: "${by}" does not probe a peer whose ESP arrives`, async () => {
    const ladder = await watched(by);
    const { pair } = ladder;
    const peer = by === "a" ? "b" : "a";
    for (let at = 0; at < 10; at++) {
      pair.traffic.send(peer);
      await pair.drive();
      await ladder.wait(DPD_MS / 2);
      ladder.silence();
    }
  });

  Deno.test(`ladder: "${by}" gives up a peer that answers no probe`, async () => {
    const ladder = await watched(by);
    const { pair } = ladder;
    const host = by === "a" ? pair.a : pair.b;
    pair.network.conditions = { loss: 1 };
    const isDown = () => host.events.some((event) => event.kind === "ike-down");
    await pair.driveUntil("the peer is dead", isDown, 400_000);
    assert.equal(host.datapath.pairs.size, 0);
    assert.ok(host.events.some((event) => event.kind === "failed" && event.report.code === "timeout"));
  });

  for (const [name, policy] of SUITES) {
    Deno.test(`ladder: "${by}" deletes the IKE SA (${name}), the answer is empty, all of it goes`, async () => {
      const ladder = await Ladder.connected({ a: sideA({ policy }), b: sideB({ policy }) });
      const { pair } = ladder;
      const { to, fro, first } = arrows(by);
      await Promise.all(pair.hosts.map((host) => host.engine.setActive(false)));
      const done = (by === "a" ? pair.a : pair.b).engine.reset("sa");
      await pair.settle();
      await ladder.arrow(`${to} INFORMATIONAL request ${first}: D(IKE)`);
      await ladder.arrow(`${fro} INFORMATIONAL response ${first}: `);
      await done;
      await ladder.states("", "");
      for (const host of pair.hosts) {
        assert.equal(host.datapath.pairs.size, 0);
        assert.equal(host.holder.stats().sas, 0);
        assert.equal(host.events.filter((event) => event.kind === "ike-down").length, 1);
        assert.equal(host.events.filter((event) => event.kind === "child-down").length, 1);
      }
    });
  }

  Deno.test(`ladder: "${by}" deletes a Child SA, each side names its own SPI`, async () => {
    const ladder = await Ladder.connected();
    const { pair } = ladder;
    const { to, fro, first } = arrows(by);
    const host = by === "a" ? pair.a : pair.b;
    const { id, inbound, outbound } = [...host.datapath.pairs.values()][0]!.child;
    host.datapath.expire(id, "hard");
    await pair.settle();
    const request = await ladder.arrow(`${to} INFORMATIONAL request ${first}: D(ESP SPI)`);
    const response = await ladder.arrow(`${fro} INFORMATIONAL response ${first}: D(ESP SPI)`);
    assert.deepEqual([spiOf(request.payloads), spiOf(response.payloads)], [inbound.spi, outbound.spi]);
    await ladder.states("established[]", "established[]");
    for (const { datapath } of pair.hosts) assert.equal(datapath.pairs.size, 0);
  });

  Deno.test(`ladder: "${by}" closes on N(AUTHENTICATION_FAILED) of an established IKE SA`, async () => {
    const ladder = await Ladder.connected();
    const octets = fromPeer(ladder, by, [notify(NOTIFY.AUTHENTICATION_FAILED)]);
    const { pair } = ladder;
    const host = by === "a" ? pair.a : pair.b;
    await ladder.deliver(datagramTo(pair, host, octets));
    ladder.lose(`${arrows(by).to} INFORMATIONAL response ${by === "a" ? 0 : 2}: `);
    assert.equal((await host.engine.snapshot()).filter((sa) => sa.state === "established").length, 0);
    assert.equal(host.datapath.pairs.size, 0);
  });

  Deno.test(`ladder: "${by}" passes over unknown notifications and unknown SPIs in INFORMATIONAL`, async () => {
    const ladder = await Ladder.connected();
    const spis = [new Uint8Array([9, 9, 9, 9]), new Uint8Array([8, 8, 8, 8])];
    const payloads: Payload[] = [
      notify(40_000),
      notify(8_000),
      { type: "D", critical: false, protocol: PROTOCOL.ESP, spis },
      { type: "unknown", critical: false, typeNumber: 200, data: new Uint8Array(3) },
    ];
    const { pair } = ladder;
    const host = by === "a" ? pair.a : pair.b;
    await ladder.deliver(datagramTo(pair, host, fromPeer(ladder, by, payloads)));
    ladder.lose(`${arrows(by).to} INFORMATIONAL response ${by === "a" ? 0 : 2}: `);
    await ladder.states("established[installed]", "established[installed]");
  });
}

Deno.test("ladder: both sides delete the same Child SA at once: neither answers with an SPI", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  for (const { datapath } of pair.hosts) datapath.expire([...datapath.pairs.keys()][0]!, "hard");
  await pair.settle();
  await ladder.arrow("-> INFORMATIONAL request 2: D(ESP SPI)");
  await ladder.arrow("<- INFORMATIONAL request 0: D(ESP SPI)");
  await ladder.arrow("<- INFORMATIONAL response 2: ");
  await ladder.arrow("-> INFORMATIONAL response 0: ");
  await ladder.states("established[]", "established[]");
});

Deno.test("ladder: both sides delete the IKE SA at once: both answer, both are rid of it", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  for (const { engine } of pair.hosts) engine.setActive(false);
  const done = Promise.all(pair.hosts.map(({ engine }) => engine.reset("sa")));
  await pair.settle();
  await ladder.arrow("-> INFORMATIONAL request 2: D(IKE)");
  await ladder.arrow("-> INFORMATIONAL response 0: ").catch(() => undefined);
  await pair.during(done);
  await ladder.states("", "");
});

Deno.test("ladder: a peer that is gone does not hold up shutdown, and nothing is left", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  pair.network.conditions = { loss: 1 };
  const began = pair.clock.now();
  await pair.during(Promise.all(pair.hosts.map(({ engine }) => engine.shutdown())));
  assert.ok(pair.clock.now() - began <= 3_000);
  await assertNothingLeft(pair);
});

Deno.test("ladder: shutdown says DELETE to the peer and leaves nothing", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const done = pair.a.engine.shutdown();
  await pair.settle();
  await ladder.arrow("-> INFORMATIONAL request 2: D(IKE)");
  await ladder.arrow("<- INFORMATIONAL response 2: ");
  await done;
  await ladder.states("", "");
  await pair.during(pair.b.engine.shutdown());
  await assertNothingLeft(pair);
});

function notify(notifyType: number): Payload {
  const nothing = new Uint8Array(0);
  return { type: "N", critical: false, protocol: 0, spi: nothing, notifyType, data: nothing };
}

/** An INFORMATIONAL request to `to`, sealed as its peer would. */
function fromPeer(ladder: Ladder, to: "a" | "b", payloads: readonly Payload[]): Uint8Array {
  const sa = ladder.pair[to].keys.recorded[0]!;
  const role = to === "a" ? "responder" : "initiator";
  const messageId = to === "a" ? 0 : 2;
  return sealMessage(sa, role, { exchange: EXCHANGE.INFORMATIONAL, messageId }, payloads);
}

function spiOf(payloads: readonly Payload[]): number {
  const [first] = payloads;
  assert.ok(first?.type === "D" && first.spis.length === 1);
  const [octets] = first.spis;
  return new DataView(octets!.buffer, octets!.byteOffset, 4).getUint32(0);
}
