/** An authenticated peer cannot make us hold more and more by replacing what it does not delete. */
import assert from "node:assert/strict";
import { emitRekeySa, EXCHANGE, type Payload } from "../../src/wire/mod.ts";
import { espSpiOctets } from "../../src/exchange/context.ts";
import { MAX_CHILDREN } from "../../src/exchange/create_child/mod.ts";
import type { EspSpi } from "../../src/bytes/mod.ts";
import { datagramTo, sealMessage } from "../support/forge.ts";
import { Ladder } from "../support/ladder.ts";
import { openMessage } from "../support/opened.ts";
import { sideA } from "../support/policies.ts";

/** Sends a request as `a` on the IKE SA made last, and returns the names of the answer's payloads. */
async function ask(ladder: Ladder, messageId: number, payloads: readonly Payload[]): Promise<string> {
  const { pair } = ladder;
  const sa = pair.b.keys.recorded.at(-1)!;
  const octets = sealMessage(sa, "initiator", { exchange: EXCHANGE.CREATE_CHILD_SA, messageId }, payloads);
  await ladder.deliver(datagramTo(pair, pair.b, octets));
  const arrival = pair.network.pick(({ kind }) => kind === "ike");
  assert.ok(arrival?.kind === "ike");
  return openMessage(arrival.datagram.data, pair.b.keys.recorded).text;
}

Deno.test("ladder: a Child SA that is replaced again and again without a DELETE is refused in the end", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  pair.a.datapath.expire([...pair.a.datapath.pairs.keys()][0]!, "soft");
  await pair.settle();
  const { payloads } = ladder.lose("-> CREATE_CHILD_SA request 2: N(REKEY_SA),SA,Nonce,TSi,TSr");
  const offer = payloads.filter((payload) => payload.type !== "N");
  let spi = [...pair.a.datapath.pairs.values()][0]!.child.inbound.spi;
  let refused = 0;
  for (let n = 0; n < 4 * MAX_CHILDREN; n++) {
    const next = (0x0100_0000 + n) as EspSpi;
    const request = offer.map((payload): Payload =>
      payload.type === "SA"
        ? { ...payload, proposals: payload.proposals.map((one) => ({ ...one, spi: espSpiOctets(next) })) }
        : payload
    );
    const text = await ask(ladder, 2 + n, [emitRekeySa({ protocol: 3, spi }), ...request]);
    if (text.includes("NO_ADDITIONAL_SAS")) refused++;
    else spi = next;
  }
  assert.ok(refused > 0);
  assert.ok(pair.b.datapath.pairs.size <= 2 * MAX_CHILDREN, `${pair.b.datapath.pairs.size} pairs`);
  await pair.advance(130_000);
  assert.equal(pair.b.datapath.pairs.size, 1, "those that were replaced are gone with time");
});

Deno.test("ladder: an IKE SA that is replaced again and again without a DELETE is put off in the end", async () => {
  const ladder = await Ladder.connected({ a: sideA({ policy: { ikeLifetimeMs: 60_000 } }) });
  const { pair } = ladder;
  await ladder.waitForMessage(60_000);
  const { payloads } = ladder.lose("-> CREATE_CHILD_SA request 2: SA,Nonce,KE");
  let messageId = 2, put = 0;
  for (let n = 1; n <= 100; n++) {
    const request = payloads.map((payload): Payload =>
      payload.type === "SA"
        ? {
          ...payload,
          proposals: payload.proposals.map((one) => ({ ...one, spi: new Uint8Array(8).fill(n) })),
        }
        : payload
    );
    const text = await ask(ladder, messageId, request);
    if (text.includes("TEMPORARY_FAILURE")) put++;
    messageId = text.includes("TEMPORARY_FAILURE") ? messageId + 1 : 0;
  }
  assert.ok(put > 0);
  assert.ok(pair.b.holder.stats().sas <= 20, `${pair.b.holder.stats().sas} IKE SAs`);
  await pair.advance(130_000);
  assert.equal(pair.b.holder.stats().sas, 1);
});

for (const what of ["IKE SA", "Child SA"] as const) {
  Deno.test(`rekey: a peer that refuses to replace a long-lived ${what} is asked a few times, not every ten seconds`, async () => {
    const hours = 3 * 3_600_000;
    const policy = what === "IKE SA" ? { ikeLifetimeMs: hours } : { childLifetime: { ms: hours, octets: 0 } };
    const { pair } = await Ladder.connected({ a: sideA({ policy }) });
    pair.b.keys.failing = what === "IKE SA" ? "finishIke" : "deriveChild";
    const down = what === "IKE SA" ? "ike-down" : "child-down";
    const over = () => pair.a.events.some((event) => event.kind === down);
    await pair.driveUntil("its lifetime is over", over, 4 * 3_600_000);
    const refused = pair.a.events.filter((event) => event.kind === "failed");
    assert.ok(refused.length >= 2 && refused.length <= 12, `${refused.length} lines`);
  });
}
