/**
 * A responder and strangers: beginnings of every kind, from several addresses, with and without cookie, and whatever
 * one can say in a half-open IKE SA whose keys he has agreed, without being who he says he is. Nobody gets more than
 * one datagram for one of his, and what is kept stays within the limits.
 *
 *     what (1), who (1), then: datagram | SPI (1), inner head and octets as in `established`
 */
import assert from "node:assert/strict";
import { NOTIFY, parseMessage } from "../../../src/wire/mod.ts";
import type { Datagram } from "../../../src/exchange/ports.ts";
import { initRequest } from "../../engine/strangers.ts";
import { mutate } from "../../support/mutate.ts";
import { Pair } from "../../support/pair.ts";
import { address, ADDRESSES } from "../../support/policies.ts";
import type { Rng } from "../../support/rng.ts";
import { damagedMessage, FEW_SPIS, livelyPair, messages } from "../corpus.ts";
import { Impostor } from "../impostor.ts";
import { damagedInner, innerOf } from "../inner.ts";
import type { Episode, Target } from "../target.ts";
import { TestedEngine } from "../tested_engine.ts";

const WHAT = { raw: 0, begin: 1, sealed: 2, time: 3 } as const;
const STRANGERS = [ADDRESSES[4].a, ADDRESSES[4].nat, address("192.0.2.77"), address("192.0.2.78")];
const LIMITS = { halfOpen: 24, halfOpenPerAddress: 12, cookieFrom: 12, cookieFromPerAddress: 6 };
/** Half-open IKE SAs that strangers remember. */
const REMEMBERED = 12;

class Flood implements Episode {
  readonly #engine: TestedEngine;
  readonly #impostors: Impostor[] = [];
  readonly #cookies = new Map<number, Uint8Array>();

  constructor(pair: Pair) {
    this.#engine = new TestedEngine(pair, pair.b);
  }

  async feed(input: Uint8Array): Promise<string> {
    const word = await this.#take(input);
    const { host } = this.#engine;
    const { sas, pendingKe } = host.holder.stats();
    assert.ok(sas <= LIMITS.halfOpen && pendingKe === 0, `${sas} IKE SAs, ${pendingKe} key exchanges`);
    assert.ok(host.datapath.pairs.size === 0, "A stranger got a Child SA");
    for (const sa of host.keys.recorded.splice(0)) {
      this.#impostors.push(new Impostor(sa, "initiator", 1));
      if (this.#impostors.length > REMEMBERED) this.#impostors.shift();
    }
    return word;
  }

  async finish(): Promise<void> {
    await this.#engine.finish();
  }

  async #take(input: Uint8Array): Promise<string> {
    const [what = 0, who = 0, third = 0] = input;
    switch (what) {
      case WHAT.time:
        await this.#engine.pass((who << 8 | third) * 2);
        return "time";
      case WHAT.begin: {
        const cookie = this.#cookies.get(third);
        const from = STRANGERS[who % STRANGERS.length]!;
        return await this.#give(
          initRequest({ spiI: BigInt(third + 1), from, ...(cookie && { cookie }) }),
          third,
        );
      }
      case WHAT.sealed: {
        const impostor = this.#impostors.at(-1 - third % Math.max(this.#impostors.length, 1));
        if (impostor === undefined) return "nobody";
        const [exchange = 0, flags = 0, idOffset = 0, firstPayload = 0] = input.subarray(3);
        const inner = input.subarray(7);
        const said = {
          exchange,
          response: flags === 1,
          idOffset: idOffset << 24 >> 24,
          firstPayload,
          padLie: 0,
          inner,
        };
        return await this.#give(this.#from(who, impostor.say(said)));
      }
      default:
        return await this.#give(this.#from(who, input.subarray(2)));
    }
  }

  #from(who: number, data: Uint8Array): Datagram {
    const port = (who & 0x80) === 0 ? 500 : 4500;
    const remote = { address: STRANGERS[who % STRANGERS.length]!, port: who & 0x40 ? port : 1024 + who };
    return { local: { address: ADDRESSES[4].b, port }, remote, data, natt: port === 4500 };
  }

  async #give(datagram: Datagram, spi?: number): Promise<string> {
    const sent = await this.#engine.give(datagram);
    assert.ok(sent.length <= 1, `${sent.length} datagrams for one`);
    const [answer] = sent;
    if (answer === undefined) return "silent";
    const parsed = parseMessage(answer);
    assert.ok(parsed.ok, "The answer is no message");
    const { exchange, flags, messageId } = parsed.value.header;
    assert.ok(flags.response, "A request to a stranger");
    for (const impostor of this.#impostors) impostor.hear(answer);
    const cookie = parsed.value.payloads.find((one) => one.type === "N" && one.notifyType === NOTIFY.COOKIE);
    if (cookie?.type === "N") {
      if (spi !== undefined) this.#cookies.set(spi, cookie.data.slice());
      return "cookie";
    }
    return exchange === 34 && messageId === 0 && parsed.value.payloads.length > 2 ? "begun" : "refused";
  }
}

export default async function load(): Promise<Target> {
  const pair = await livelyPair();
  const inner = innerOf(pair).filter(({ response }) => !response);
  const wire = await messages();
  const begin = initRequest({ spiI: 99n, from: STRANGERS[0]! }).data;
  const raw = (who: number, octets: Uint8Array) => {
    const input = new Uint8Array(2 + octets.length);
    input.set([WHAT.raw, who]);
    input.set(octets, 2);
    return input;
  };
  const generate = (rng: Rng): Uint8Array => {
    const who = rng.below(256);
    const dice = rng.below(20);
    if (dice < 2) return Uint8Array.of(WHAT.time, rng.below(rng.chance(0.2) ? 64 : 4), rng.below(256));
    if (dice < 5) return Uint8Array.of(WHAT.begin, who, rng.below(200));
    if (dice < 10) return raw(who, damagedMessage(wire, rng));
    if (dice < 14) return raw(who, mutate(begin, rng));
    const { exchange, firstPayload, octets } = damagedInner(inner, rng);
    const head = [
      rng.chance(0.9) ? 35 : exchange,
      rng.chance(0.95) ? 0 : 1,
      rng.chance(0.9) ? 0 : rng.below(256),
    ];
    return Uint8Array.of(WHAT.sealed, who, rng.below(REMEMBERED), ...head, firstPayload, ...octets);
  };
  return {
    name: "half-open",
    says: "anything that strangers can say to a responder, in a half-open IKE SA and without",
    inputs: 300,
    reaches: ["silent", "begun", "refused", "cookie", "time"],
    generate,
    open: async (seed) => {
      const fresh = new Pair({ seed, fewSpis: FEW_SPIS, limits: LIMITS });
      await fresh.start();
      fresh.a.engine.setActive(false);
      await fresh.settle();
      fresh.network.inFlight.length = 0;
      fresh.network.record.length = 0;
      return new Flood(fresh);
    },
  };
}
