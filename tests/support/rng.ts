/** Randomness that a seed repeats: sfc32, a small counter-based generator. Never for keys that protect anything. */
export interface Rng {
  /** The next 32 bits. */
  next(): number;
  /** A number from 0 up to, not including, 1. */
  fraction(): number;
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  octets(length: number): Uint8Array;
  /** An independent stream, named so that one consumer's draws do not shift another's. */
  fork(name: string): Rng;
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** A generator whose output depends on `seed` and `stream` alone. */
export function createRng(seed: number, stream = ""): Rng {
  let a = seed >>> 0, b = hash(stream), c = 0x9e3779b9, counter = 1;
  const next = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  const fraction = () => next() / 0x1_0000_0000;
  return {
    next,
    fraction,
    below: (limit) => Math.floor(fraction() * limit),
    chance: (probability) => fraction() < probability,
    octets(length) {
      const octets = new Uint8Array(length);
      for (let i = 0; i < length; i++) octets[i] = next() >>> 24;
      return octets;
    },
    fork: (name) => createRng(seed, `${stream}/${name}`),
  };
}

/** The seed of a test: `IKED_SEED` where it is set, to repeat what failed; else the one given. */
export function seedOr(fallback: number): number {
  const text = Deno.env.get("IKED_SEED");
  return text === undefined || text === "" ? fallback : Number(text);
}
