/** Damages octets as a seed says: bit and octet flips, truncation, growth, copied parts, lengths one off. */
import { concat } from "../../src/bytes/mod.ts";
import type { Rng } from "./rng.ts";

type Operator = (octets: Uint8Array, rng: Rng) => Uint8Array;

const OPERATORS: readonly Operator[] = [
  function flipBit(octets, rng) {
    const at = rng.below(octets.length);
    octets[at]! ^= 1 << rng.below(8);
    return octets;
  },
  function setOctet(octets, rng) {
    octets[rng.below(octets.length)] = [0, 1, 0x7f, 0x80, 0xff, rng.below(256)][rng.below(6)]!;
    return octets;
  },
  function oneOff(octets, rng) {
    octets[rng.below(octets.length)]! += rng.chance(0.5) ? 1 : -1;
    return octets;
  },
  function truncate(octets, rng) {
    return octets.slice(0, rng.below(octets.length) + 1);
  },
  function grow(octets, rng) {
    return concat(octets, rng.octets(1 + rng.below(16)));
  },
  function cut(octets, rng) {
    const from = rng.below(octets.length), to = from + rng.below(octets.length - from);
    return from === 0 && to === octets.length
      ? octets
      : concat(octets.subarray(0, from), octets.subarray(to));
  },
  function duplicate(octets, rng) {
    const from = rng.below(octets.length), to = from + rng.below(Math.min(64, octets.length - from));
    return concat(octets.subarray(0, to), octets.subarray(from, to), octets.subarray(to));
  },
];

/** A damaged copy: one to four of the operators above. */
export function damage(octets: Uint8Array, rng: Rng): Uint8Array {
  let damaged: Uint8Array = octets.slice();
  const times = 1 + rng.below(4);
  for (let i = 0; i < times && damaged.length > 0; i++) {
    damaged = OPERATORS[rng.below(OPERATORS.length)]!(damaged, rng);
  }
  return damaged;
}

/** A damaged copy; in half of the cases the IKE header's length is made right again, so that payloads are reached. */
export function mutate(message: Uint8Array, rng: Rng): Uint8Array {
  const octets = damage(message, rng);
  if (rng.chance(0.5) && octets.length >= 28) {
    new DataView(octets.buffer, octets.byteOffset).setUint32(24, octets.length);
  }
  return octets;
}

/** The front of one and the rear of another, cut anywhere. */
export function splice(front: Uint8Array, rear: Uint8Array, rng: Rng): Uint8Array {
  return concat(front.subarray(0, rng.below(front.length + 1)), rear.subarray(rng.below(rear.length + 1)));
}

/** One of a list that is not empty. */
export function pick<T>(list: readonly T[], rng: Rng): T {
  return list[rng.below(list.length)]!;
}
