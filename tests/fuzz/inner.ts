/** What stands inside of SK: true contents to start from, and how they are damaged, octets and payloads. */
import fc from "fast-check";
import {
  emitPayloads,
  EXCHANGE,
  parsePayloads,
  PAYLOAD,
  type Payload,
  PROTOCOL,
} from "../../src/wire/mod.ts";
import { chain } from "../support/arbitrary_payloads.ts";
import { damage, pick, splice } from "../support/mutate.ts";
import { openMessage } from "../support/opened.ts";
import type { Pair } from "../support/pair.ts";
import type { Rng } from "../support/rng.ts";

/** The inside of one protected message. */
export interface Inner {
  readonly exchange: number;
  readonly response: boolean;
  readonly firstPayload: number;
  readonly octets: Uint8Array;
}

/** All protected messages of a pair, opened, and as many made of arbitrary payloads. */
export function innerOf(pair: Pair): readonly Inner[] {
  const sas = pair.hosts.flatMap((host) => host.keys.recorded);
  const protectedOnes = pair.network.record.filter(({ data }) => data[18] !== 34);
  const said = protectedOnes.map(({ data }): Inner => {
    const { header, payloads } = openMessage(data, sas);
    return { exchange: header.exchange, response: header.flags.response, ...inside(payloads) };
  });
  const made = fc.sample(chain, { seed: 1, numRuns: said.length }).map((payloads, at): Inner => {
    const { exchange, response } = said[at]!;
    return { exchange, response, ...inside(payloads) };
  });
  // What always ends an IKE SA would leave no time for anything else.
  const [ends, goesOn] = [said.filter(endsIt), said.filter((one) => !endsIt(one))];
  return [...Array.from({ length: 8 }, () => goesOn).flat(), ...ends, ...made.slice(0, goesOn.length)];
}

/** Not expected any more, or the end itself: IKE_AUTH, and a DELETE of the IKE SA. */
function endsIt({ exchange, response, firstPayload, octets }: Inner): boolean {
  if (exchange === EXCHANGE.IKE_AUTH) return true;
  return !response && firstPayload === PAYLOAD.D && octets[4] === PROTOCOL.IKE;
}

function inside(payloads: readonly Payload[]): { firstPayload: number; octets: Uint8Array } {
  const { firstPayload, octets } = emitPayloads(payloads);
  return { firstPayload, octets };
}

/** A changed one: its octets, or its payloads with their lengths right, or as it was. */
export function damagedInner(corpus: readonly Inner[], rng: Rng): Inner {
  const inner = pick(corpus, rng);
  switch (rng.below(16)) {
    case 0:
      return { ...inner, octets: damage(inner.octets, rng) };
    case 1:
      return { ...inner, firstPayload: rng.below(256) };
    case 2:
      return { ...inner, octets: damage(splice(inner.octets, pick(corpus, rng).octets, rng), rng) };
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
      return inner;
    default:
      return { ...inner, ...rearranged(inner, pick(corpus, rng), rng) };
  }
}

/** Payloads left out, doubled, swapped, damaged inside, or another message's put in. */
function rearranged(inner: Inner, other: Inner, rng: Rng): { firstPayload: number; octets: Uint8Array } {
  const payloads = payloadsOf(inner);
  for (let times = 1 + rng.below(2); times > 0; times--) {
    const at = rng.below(payloads.length + 1), from = rng.below(payloads.length || 1);
    switch (rng.below(5)) {
      case 0:
        payloads.splice(at, 1);
        break;
      case 1:
        payloads.splice(at, 0, ...payloads.slice(from, from + 1));
        break;
      case 2:
        payloads.push(...payloads.splice(from, 1));
        break;
      case 3:
        payloads.splice(at, 1, ...payloadsOf(other).slice(0, 1 + rng.below(3)));
        break;
      default:
        if (payloads[from] !== undefined) payloads[from] = damagedPayload(payloads[from], rng);
    }
  }
  return inside(payloads);
}

function payloadsOf({ firstPayload, octets }: Inner): Payload[] {
  const parsed = parsePayloads(firstPayload, octets);
  // What can only be the last one of an outer message stays out of the way of what is put behind it.
  return parsed.ok ? parsed.value.filter(({ type }) => type !== "SK" && type !== "SKF") : [];
}

/** One payload whose octets changed and that can still be parsed; else the same. */
function damagedPayload(payload: Payload, rng: Rng): Payload {
  const { firstPayload, octets } = emitPayloads([payload]);
  const body = damage(octets.subarray(4), rng);
  const whole = new Uint8Array(4 + body.length);
  whole.set(octets.subarray(0, 2));
  whole.set(body, 4);
  new DataView(whole.buffer).setUint16(2, whole.length);
  const parsed = parsePayloads(firstPayload, whole);
  return parsed.ok ? parsed.value[0] ?? payload : payload;
}
