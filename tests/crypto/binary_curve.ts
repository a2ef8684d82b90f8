/**
 * Arithmetic of elliptic curves over GF(2^m), y^2 + xy = x^3 + b, in affine coordinates: slow, plain and ours alone, to
 * hold libcrypto's EC2N groups against. Field elements are polynomials as bits of an integer.
 */

/** A point; undefined is the one at infinity. */
export type Point = { readonly x: bigint; readonly y: bigint } | undefined;

export interface BinaryCurve {
  /** The field polynomial. */
  readonly polynomial: bigint;
  /** Bits of a field element. */
  readonly bits: number;
  readonly b: bigint;
  readonly base: { readonly x: bigint; readonly y: bigint };
  /** The prime that divides the number of points. */
  readonly prime: bigint;
  /** The number of points, divided by it. */
  readonly cofactor: bigint;
}

/** Oakley groups three and four (RFC 2409 §6.3, §6.4); the y of the generator is the one that OpenSSL took. */
export const OAKLEY: Readonly<Record<3 | 4, BinaryCurve>> = {
  3: {
    polynomial: (1n << 155n) | (1n << 62n) | 1n,
    bits: 155,
    b: 0x07338fn,
    base: { x: 0x7bn, y: 0x1c8n },
    prime: 0x0800000000000000000057db5698537193aef944n / 12n,
    cofactor: 12n,
  },
  4: {
    polynomial: (1n << 185n) | (1n << 69n) | 1n,
    bits: 185,
    b: 0x1ee9n,
    base: { x: 0x18n, y: 0xdn },
    prime: 0x01ffffffffffffffffffffffdbf2f889b73e484175f94ebcn / 4n,
    cofactor: 4n,
  },
};

function degree(a: bigint): number {
  return a.toString(2).length - 1;
}

export function multiplyElements(curve: BinaryCurve, a: bigint, b: bigint): bigint {
  let result = 0n;
  const top = 1n << BigInt(curve.bits);
  for (let x = a, y = b; y > 0n; y >>= 1n) {
    if (y & 1n) result ^= x;
    x <<= 1n;
    if (x & top) x ^= curve.polynomial;
  }
  return result;
}

/** By Euclid's algorithm for polynomials. */
function inverse(curve: BinaryCurve, a: bigint): bigint {
  let [u, v, g1, g2] = [a, curve.polynomial, 1n, 0n];
  while (u !== 1n) {
    let shift = degree(u) - degree(v);
    if (shift < 0) {
      [u, v, g1, g2] = [v, u, g2, g1];
      shift = -shift;
    }
    u ^= v << BigInt(shift);
    g1 ^= g2 << BigInt(shift);
  }
  return reduce(curve, g1);
}

function reduce(curve: BinaryCurve, a: bigint): bigint {
  let rest = a;
  while (rest >> BigInt(curve.bits) !== 0n) rest ^= curve.polynomial << BigInt(degree(rest) - curve.bits);
  return rest;
}

export function isOnCurve(curve: BinaryCurve, { x, y }: { x: bigint; y: bigint }): boolean {
  const times = (a: bigint, b: bigint) => multiplyElements(curve, a, b);
  return (times(y, y) ^ times(x, y)) === (times(times(x, x), x) ^ curve.b);
}

export function add(curve: BinaryCurve, p: Point, q: Point): Point {
  if (p === undefined || q === undefined) return p ?? q;
  const times = (a: bigint, b: bigint) => multiplyElements(curve, a, b);
  if (p.x === q.x) {
    if (p.y !== q.y || p.x === 0n) return undefined;
    const slope = p.x ^ times(p.y, inverse(curve, p.x));
    const x = times(slope, slope) ^ slope;
    return { x, y: times(p.x, p.x) ^ times(slope ^ 1n, x) };
  }
  const slope = times(p.y ^ q.y, inverse(curve, p.x ^ q.x));
  const x = times(slope, slope) ^ slope ^ p.x ^ q.x;
  return { x, y: times(slope, p.x ^ x) ^ x ^ p.y };
}

export function multiply(curve: BinaryCurve, point: Point, scalar: bigint): Point {
  let result: Point;
  for (let p = point, k = scalar; k > 0n; k >>= 1n, p = add(curve, p, p)) {
    if (k & 1n) result = add(curve, result, p);
  }
  return result;
}

/** The point of order two: x is 0, y the square root of b. */
export function orderTwo(curve: BinaryCurve): { x: bigint; y: bigint } {
  let y = curve.b;
  for (let i = 1; i < curve.bits; i++) y = multiplyElements(curve, y, y);
  return { x: 0n, y };
}
