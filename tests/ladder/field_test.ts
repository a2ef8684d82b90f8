/**
 * A gateway and its peers over a bad network, with mishaps (`scripts/sim`): for every seed all come together when it
 * recovers, and nothing is left. `IKED_SEED` names the first seed, `IKED_SEEDS` how many.
 */
import assert from "node:assert/strict";
import { toHex } from "../../src/bytes/mod.ts";
import { IkeCapture } from "../../src/capture/mod.ts";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { parseKeyTable } from "../../cli/decode/key_table.ts";
import { dissect } from "../../cli/decode/message.ts";
import { Opener } from "../../cli/decode/opener.ts";
import type { Field } from "../../scripts/sim/field.ts";
import { DEFAULTS, type SimOptions } from "../../scripts/sim/plan.ts";
import { run } from "../../scripts/sim/run.ts";
import { SimulatedClock } from "../support/clock.ts";
import { pcapngOf, wiresharkKeys } from "../support/pcap.ts";
import { seedOr } from "../support/rng.ts";

const FIRST = seedOr(1);
const COUNT = Number(Deno.env.get("IKED_SEEDS") ?? "1000");
const SMALL: SimOptions = { ...DEFAULTS, peers: 3, seconds: 100, loss: 0.15 };

/** What has to have happened in some of many runs. */
const WANTED = ["reset", "rebind", "crash", "cut", "reconfigure"];

Deno.test(`field: ${COUNT} runs of a gateway with three peers come together, and nothing is left (first seed ${FIRST})`, async () => {
  const mishaps = new Map<string, number>(), roles = new Set<string>();
  for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
    const field = await run({ ...SMALL, seed }).catch((error: unknown) => {
      const repeat =
        `deno task sim --seed ${seed} --peers ${SMALL.peers} --loss ${SMALL.loss} --seconds ${SMALL.seconds}`;
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`Seed ${seed} (repeat with ${repeat}): ${message}`, { cause: error });
    });
    for (const [kind, times] of field.mishaps) mishaps.set(kind, (mishaps.get(kind) ?? 0) + times);
    for (const { plan } of field.peers) roles.add(plan.agrees ? plan.active : "refused");
  }
  if (COUNT < 200) return;
  for (const kind of WANTED) assert.ok((mishaps.get(kind) ?? 0) > 0, `no run had "${kind}"`);
  assert.deepEqual([...roles].sort(), ["both", "gateway", "peer", "refused"]);
});

/** All that goes over the wire, as one text. */
function wireOf({ network }: Field): string {
  return network.record.map(({ at, fate, data }) => `${at} ${fate} ${toHex(data)}`).join(
    "\n",
  );
}

Deno.test("field: a seed repeats a run to the octet, and another one does not", async () => {
  const [once, again, other] = [
    await run({ ...SMALL, seed: 3 }),
    await run({ ...SMALL, seed: 3 }),
    await run(SMALL),
  ];
  assert.ok(once.network.record.length > 50);
  assert.equal(wireOf(once), wireOf(again));
  assert.notEqual(wireOf(once), wireOf(other));
});

Deno.test("field: wire and keys that are written can be decrypted by who reads captures", async () => {
  const field = await run({ ...SMALL, seed: 8 });
  const file = pcapngOf(field.network.record, SimulatedClock.EPOCH_MS);
  const { keys, faults } = parseKeyTable(wiresharkKeys(field.recorded));
  assert.deepEqual(faults, []);
  const opener = new Opener(keys, createPortable(() => new Uint8Array(0)));
  let at = 0, opened = 0, messages = 0;
  const source = {
    read(into: Uint8Array) {
      const length = Math.min(into.length, file.length - at);
      into.set(file.subarray(at, at + length));
      at += length;
      return length;
    },
  };
  for (const item of new IkeCapture(source).items()) {
    assert.equal(item.kind, "message");
    if (item.kind !== "message") continue;
    messages++;
    const { decoded, opened: inside } = dissect(item, item.octets, opener);
    assert.equal(decoded.error, undefined);
    if (decoded.payloads.at(-1)?.type !== "SK") continue;
    assert.ok(inside?.payloads !== undefined && inside.error === undefined, `frame ${item.frame}`);
    opened++;
  }
  assert.equal(messages, field.network.record.length);
  assert.ok(opened > messages / 2);
});
