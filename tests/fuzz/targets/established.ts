/**
 * An established IKE SA whose peer has the keys and says anything with them: requests, responses to what we ask, at
 * any time. Both roles. The peer may end the SA, not more: no throw, no storm, nothing left, and it can come back.
 *
 *     what (1), exchange (1), flags: response, old SA (1), id offset (1), first payload (1), padding lie (1), inner
 */
import { Pair } from "../../support/pair.ts";
import { datagramTo } from "../../support/forge.ts";
import { mutate, pick } from "../../support/mutate.ts";
import { ESP_AEAD, ESP_MAC, IKE_AEAD, IKE_MAC, sideA, sideB } from "../../support/policies.ts";
import type { Rng } from "../../support/rng.ts";
import { FEW_SPIS, livelyPair } from "../corpus.ts";
import { Impostor } from "../impostor.ts";
import { damagedInner, type Inner, innerOf } from "../inner.ts";
import type { Episode, Target } from "../target.ts";
import { TestedEngine } from "../tested_engine.ts";

const WHAT = { sealed: 0, raw: 1, time: 2 } as const;
const HEAD = 6;
/** IKE SAs of which the peer still knows keys: those of the last rekeys. */
const REMEMBERED = 4;

/** Handshakes of IKE SAs that are rekeyed by both sides, often, so that time alone makes the engine ask. */
async function connected(seed: number): Promise<Pair> {
  const suite = (seed & 2) === 0
    ? { ikeProposals: [IKE_AEAD], childProposals: [ESP_AEAD] }
    : { ikeProposals: [IKE_MAC], childProposals: [ESP_MAC] };
  const lives = { ikeLifetimeMs: 90_000, childLifetime: { ms: 40_000, octets: 0 } };
  const options = { policy: { ...suite, ...lives }, globals: { dpdIntervalMs: 20_000 } };
  const pair = await new Pair({ seed, fewSpis: FEW_SPIS, a: sideA(options), b: sideB(options) }).start();
  await pair.connect();
  await pair.drive();
  return pair;
}

class Conversation implements Episode {
  readonly #engine: TestedEngine;
  readonly #impostors: Impostor[] = [];

  constructor(pair: Pair, seed: number) {
    this.#engine = new TestedEngine(pair, (seed & 1) === 0 ? pair.b : pair.a);
    this.#begin();
  }

  async feed(input: Uint8Array): Promise<string> {
    const word = await this.#take(input);
    if (this.#engine.host.holder.stats().sas > 0) {
      this.#learn();
      return word;
    }
    await this.#comeBack();
    return "ended";
  }

  async finish(): Promise<void> {
    await this.#engine.finish();
  }

  async #take(input: Uint8Array): Promise<string> {
    const [what = 0, exchange = 0, flags = 0, idOffset = 0, firstPayload = 0, padLie = 0] = input;
    switch (what) {
      case WHAT.time:
        this.#hear(await this.#engine.pass((exchange << 8 | flags) * 2));
        return "time";
      case WHAT.raw:
        return await this.#give(input.subarray(1));
      default: {
        const impostor = this.#impostors.at(-1 - (flags >> 1) % this.#impostors.length)!;
        const said = {
          exchange: exchange === 0 ? impostor.asked.exchange : exchange,
          response: (flags & 1) === 1,
          idOffset: idOffset << 24 >> 24,
          firstPayload,
          padLie,
          inner: input.subarray(HEAD),
        };
        return await this.#give(impostor.say(said));
      }
    }
  }

  async #give(data: Uint8Array): Promise<string> {
    const { pair, host } = this.#engine;
    const sent = await this.#engine.give(datagramTo(pair, host, data));
    this.#hear(sent);
    return sent.length > 0 ? "answered" : "silent";
  }

  #hear(sent: readonly Uint8Array[]): void {
    for (const octets of sent) for (const impostor of this.#impostors) impostor.hear(octets);
  }

  /** The true peer starts anew: whatever was said before, the two come together. */
  async #comeBack(): Promise<void> {
    const { pair, host } = this.#engine;
    const peer = host === pair.a ? pair.b : pair.a;
    void peer.engine.reset("all");
    await pair.connect();
    await pair.drive();
    this.#begin();
  }

  /** The host "a" began the IKE SA that there is: its next request has the id 2, the first one of "b" 0. */
  #begin(): void {
    const { host, pair } = this.#engine;
    this.#engine.taken();
    const sa = host.keys.recorded.at(-1)!;
    for (const { keys } of pair.hosts) keys.recorded.length = 0;
    const impostor = host === pair.b ? new Impostor(sa, "initiator", 2) : new Impostor(sa, "responder", 0);
    this.#impostors.splice(0, REMEMBERED, impostor);
  }

  /** The peer learns the keys of every IKE SA that a rekey makes; ids begin at 0 in it. */
  #learn(): void {
    for (const sa of this.#engine.host.keys.recorded.splice(0)) {
      this.#impostors.push(new Impostor(sa, this.#roleIn(sa.spiI), 0));
      if (this.#impostors.length > REMEMBERED) this.#impostors.shift();
    }
  }

  /** SPIs of host "a" begin with 0x10, those of "b" with 0x20 (`fewSpis`). */
  #roleIn(spiI: bigint): "initiator" | "responder" {
    const ours = this.#engine.host.name === "a" ? 0x10n : 0x20n;
    return spiI >> 56n === ours ? "responder" : "initiator";
  }
}

export default async function load(): Promise<Target> {
  const pair = await livelyPair();
  const inner = innerOf(pair);
  const wire = pair.network.record.map(({ data }) => data);
  const generate = (rng: Rng): Uint8Array => {
    const dice = rng.below(20);
    if (dice < 2) return Uint8Array.of(WHAT.time, rng.below(rng.chance(0.2) ? 256 : 16), rng.below(256));
    if (dice < 4) return Uint8Array.of(WHAT.raw, ...mutate(pick(wire, rng), rng));
    return sealed(damagedInner(inner, rng), rng);
  };
  return {
    name: "established",
    says: "anything that a peer can say with the keys of an established IKE SA",
    inputs: 200,
    reaches: ["answered", "silent", "time", "ended"],
    generate,
    open: async (seed) => new Conversation(await connected(seed), seed),
  };
}

function sealed({ exchange, response, firstPayload, octets }: Inner, rng: Rng): Uint8Array {
  const other = rng.chance(0.05) ? rng.below(256) : response ? 0 : exchange;
  const answers = rng.chance(0.1) ? !response : response;
  const flags = (answers ? 1 : 0) | (rng.chance(0.3) ? rng.below(REMEMBERED) << 1 : 0);
  const idOffset = rng.chance(0.1) ? rng.below(256) : 0;
  const padLie = rng.chance(0.02) ? rng.below(256) : 0;
  return Uint8Array.of(WHAT.sealed, other, flags, idOffset, firstPayload, padLie, ...octets);
}
