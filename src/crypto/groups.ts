/**
 * Parameters of the MODP groups (RFC 7296 Appendix B, RFC 3526, RFC 5114), private exponents, and the test of a peer's
 * value (RFC 6989 §2.1, §2.2).
 *
 * The safe primes are all of one form, p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) * pi) + c): each is computed
 * from n and c when its group is first used.
 */
import { isLower, wipe } from "../bytes/mod.ts";
import { KE } from "../wire/registry.ts";
import type { Random } from "./provider.ts";
import { SUBGROUPS } from "./subgroups.ts";

/** A group of integers modulo a prime. */
export interface ModpGroup {
  readonly prime: bigint;
  readonly generator: bigint;
  /**
   * The prime order of the subgroup that the generator spans, as octets. Absent with a safe prime, where there is no
   * small subgroup to be led into: a peer's value is not tested further then.
   */
  readonly order?: Uint8Array;
  /** The modulus less 1, as octets. */
  readonly minusOne: Uint8Array;
  /** Octets of the modulus, and of each value on the wire. */
  readonly length: number;
  /**
   * Octets of our private exponents: twice the strength of the group (RFC 3526 §8), at least 256 bits; those of the
   * order where there is one.
   */
  readonly exponentLength: number;
}

/** [n, c, octets of exponents] */
const constants: Readonly<Record<number, readonly [bits: number, c: bigint, exponentLength: number]>> = {
  [KE.MODP_768]: [768, 149686n, 32],
  [KE.MODP_1024]: [1024, 129093n, 32],
  [KE.MODP_1536]: [1536, 741804n, 32],
  [KE.MODP_2048]: [2048, 124476n, 32],
  [KE.MODP_3072]: [3072, 1690314n, 40],
  [KE.MODP_4096]: [4096, 240904n, 40],
  [KE.MODP_6144]: [6144, 929484n, 48],
  [KE.MODP_8192]: [8192, 4743158n, 48],
};

const groups = new Map<number, ModpGroup>();

/** The group of a key exchange method; undefined where it is none of integers. */
export function modpGroup(id: number): ModpGroup | undefined {
  const known = groups.get(id);
  if (known !== undefined) return known;
  const group = safePrimeGroup(id) ?? subgroup(id);
  if (group !== undefined) groups.set(id, group);
  return group;
}

function safePrimeGroup(id: number): ModpGroup | undefined {
  const row = constants[id];
  if (row === undefined) return undefined;
  const [bits, c, exponentLength] = row;
  const n = BigInt(bits);
  const prime = (1n << n) - (1n << (n - 64n)) - 1n + ((scaledPi(n - 130n) + c) << 64n);
  const length = bits / 8;
  return { prime, generator: 2n, minusOne: fromInteger(prime - 1n, length), length, exponentLength };
}

function subgroup(id: number): ModpGroup | undefined {
  const row = SUBGROUPS[id];
  if (row === undefined) return undefined;
  const prime = BigInt(`0x${row.p}`);
  const length = row.p.length / 2, exponentLength = row.q.length / 2;
  const order = fromInteger(BigInt(`0x${row.q}`), exponentLength);
  const generator = BigInt(`0x${row.g}`);
  return { prime, generator, order, minusOne: fromInteger(prime - 1n, length), length, exponentLength };
}

/** A fresh private exponent; with an order, a number from 1 to it less 1, every one as likely as any other. */
export function privateExponent(group: ModpGroup, random: Random): Uint8Array {
  return group.order === undefined ? random(group.exponentLength) : scalarBelow(group.order, random);
}

/** A number from 1 to `order` less 1, every one as likely as any other. `order` may begin with zeros. */
export function scalarBelow(order: Uint8Array, random: Random): Uint8Array {
  const top = order.findIndex((octet) => octet !== 0);
  const mask = 0xff >> Math.clz32(order[top]!) - 24;
  for (;;) {
    const candidate = random(order.length);
    candidate.fill(0, 0, top);
    candidate[top]! &= mask;
    if (candidate.some((octet) => octet !== 0) && isLower(candidate, order)) return candidate;
    wipe(candidate);
  }
}

/** floor(2^bits * pi) by Machin's formula, with 64 guard bits. */
function scaledPi(bits: bigint): bigint {
  const guard = 64n;
  const one = 1n << (bits + guard);
  return (16n * scaledArctan(one, 5n) - 4n * scaledArctan(one, 239n)) >> guard;
}

/** one * arctan(1 / x) */
function scaledArctan(one: bigint, x: bigint): bigint {
  let power = one / x;
  let sum = power;
  for (let n = 3n, sign = -1n; power > 0n; n += 2n, sign = -sign) {
    power /= x * x;
    sum += sign * (power / n);
  }
  return sum;
}

/** An unsigned integer, most significant octet first. */
export function toInteger(octets: Uint8Array): bigint {
  let hex = "0x0";
  for (const octet of octets) hex += octet.toString(16).padStart(2, "0");
  return BigInt(hex);
}

/** An unsigned integer in `length` octets, most significant first; it must fit. */
export function fromInteger(value: bigint, length: number): Uint8Array {
  const hex = value.toString(16).padStart(length * 2, "0");
  const octets = new Uint8Array(length);
  for (let i = 0; i < length; i++) octets[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return octets;
}

/**
 * Whether the peer's value has the length of the modulus and 1 < y < p - 1 (RFC 6989 §2.1). With a safe prime nothing
 * else is asked as long as private values are not used twice; with an order, y^order must be 1 besides (§2.2), which
 * is for the caller, who has the arithmetic.
 */
export function isModpPeerValue(group: ModpGroup, octets: Uint8Array): boolean {
  if (octets.length !== group.length) return false;
  const aboveOne = octets.subarray(0, -1).some((octet) => octet !== 0) || octets.at(-1)! > 1;
  return aboveOne && isLower(octets, group.minusOne);
}
