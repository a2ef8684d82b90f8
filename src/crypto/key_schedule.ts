/**
 * The key schedule of IKEv2 (RFC 7296 §2.13, §2.14, §2.17, §2.18), a type for each stage so that no secret can be
 * used in place of another:
 *
 *     g^ir, nonces ──> Skeyseed ──> SK_d ──> KEYMAT of Child SAs, Skeyseed of a rekey
 *                               ├─> SK_pi, SK_pr ──> AUTH
 *                               └─> SK_ai, SK_ar, SK_ei, SK_er (handed out)
 */
import { concat, type IkeSpi, wipe } from "../bytes/mod.ts";
import { encrAlgorithm, integAlgorithm, prfAlgorithm } from "./algorithms.ts";
import type { CryptoProvider, Prf } from "./provider.ts";
import type { ChildSuite, IkeSuite } from "./suite.ts";

/** Nonces of the exchange that makes the keys, without payload headers. */
export interface Nonces {
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
}

/** The PRF of an IKE SA and who computes it. */
interface PrfOf {
  readonly provider: CryptoProvider;
  readonly prf: number;
}

/**
 * prf+ (RFC 7296 §2.13): `length` octets from the PRF and the seed.
 *
 * Throws a RangeError above 255 times the PRF's output, where the RFC's counter ends; no suite comes near.
 */
export function prfPlus(prf: Prf, seed: Uint8Array, length: number): Uint8Array {
  if (length > 255 * prf.length) throw new RangeError(`prf+ cannot make ${length} octets`);
  const output = new Uint8Array(length);
  const counter = new Uint8Array(1);
  let previous = new Uint8Array(0);
  for (let at = 0; at < length; at += prf.length) {
    counter[0]!++;
    const block = prf.compute(previous, seed, counter);
    wipe(previous);
    previous = block as Uint8Array<ArrayBuffer>;
    output.set(length - at < block.length ? block.subarray(0, length - at) : block, at);
  }
  wipe(previous);
  return output;
}

/** Computes once under a key, and leaves no keyed state behind. */
function once<T>(of: PrfOf, key: Uint8Array, use: (prf: Prf) => T): T {
  const prf = of.provider.prf(of.prf, key);
  try {
    return use(prf);
  } finally {
    prf.wipe();
  }
}

/** Consecutive parts of `octets` with these lengths: views of the same memory, so that they travel and go as one. */
function split<const L extends readonly number[]>(octets: Uint8Array, lengths: L) {
  let at = 0;
  const parts = lengths.map((length) => octets.subarray(at, at += length));
  return parts as { [I in keyof L]: Uint8Array };
}

function spiOctets(spi: IkeSpi): Uint8Array {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, spi);
  return octets;
}

/** Octets of SK_a* and SK_e*; undefined where the registry has no entry. */
function packetKeyLengths(suite: Pick<IkeSuite, "integ"> & Partial<Pick<IkeSuite, "encr">>) {
  const encr = suite.encr && encrAlgorithm(suite.encr);
  const integ = suite.integ === undefined ? undefined : integAlgorithm(suite.integ);
  if (suite.encr && !encr) return undefined;
  if (suite.integ !== undefined && !integ) return undefined;
  return { encr: encr ? encr.keyLength + encr.saltLength : 0, integ: integ?.keyLength ?? 0 };
}

/** Whether keys for such an IKE SA can be made. */
export function canDeriveIke(provider: CryptoProvider, suite: IkeSuite): boolean {
  return provider.hasPrf(suite.prf) && packetKeyLengths(suite) !== undefined;
}

/** Whether keys for such a Child SA can be made. */
export function canDeriveChild(suite: ChildSuite): boolean {
  return packetKeyLengths(suite) !== undefined;
}

/**
 * All keys of an IKE SA. `a*` are empty with an AEAD; `e*` have the salt of a counter mode behind the key. These four
 * share one buffer of their own.
 */
export interface IkeKeys {
  readonly d: SkD;
  readonly ai: Uint8Array;
  readonly ar: Uint8Array;
  readonly ei: Uint8Array;
  readonly er: Uint8Array;
  readonly pi: SkP;
  readonly pr: SkP;
}

/** SKEYSEED: makes the keys of one IKE SA, once. */
export class Skeyseed {
  readonly #octets: Uint8Array;

  private constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  /**
   * SKEYSEED = prf(Ni | Nr, g^ir). Of PRFs whose key has one length, the first 8 octets of each nonce make the key
   * (RFC 7296 §2.14).
   */
  static initial(provider: CryptoProvider, prf: number, nonces: Nonces, gIr: Uint8Array): Skeyseed {
    const half = prfAlgorithm(prf)?.fixedKey ? 8 : undefined;
    const key = concat(nonces.nonceI.subarray(0, half), nonces.nonceR.subarray(0, half));
    return new Skeyseed(once({ provider, prf }, key, (keyed) => keyed.compute(gIr)));
  }

  /** SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the PRF of the old IKE SA (RFC 7296 §2.18). */
  static rekeyed(old: SkD, nonces: Nonces, gIr: Uint8Array): Skeyseed {
    return new Skeyseed(old.compute(gIr, nonces.nonceI, nonces.nonceR));
  }

  /** {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr) */
  expand(
    provider: CryptoProvider,
    suite: IkeSuite,
    nonces: Nonces,
    spis: { readonly spiI: IkeSpi; readonly spiR: IkeSpi },
  ): IkeKeys {
    const lengths = packetKeyLengths(suite);
    const p = prfAlgorithm(suite.prf)?.keyLength;
    if (lengths === undefined || p === undefined) throw new Error("Suite without an entry in the registry");
    const { encr: e, integ: a } = lengths;
    const of = { provider, prf: suite.prf };
    const seed = concat(nonces.nonceI, nonces.nonceR, spiOctets(spis.spiI), spiOctets(spis.spiR));
    const all = once(of, this.#octets, (keyed) => prfPlus(keyed, seed, 3 * p + 2 * a + 2 * e));
    const end = p + 2 * a + 2 * e;
    const [ai, ar, ei, er] = split(all.slice(p, end), [a, a, e, e]);
    const [d, pi, pr] = split(concat(all.subarray(0, p), all.subarray(end)), [p, p, p]);
    wipe(all);
    return { d: new SkD(of, d), ai, ar, ei, er, pi: new SkP(of, pi), pr: new SkP(of, pr) };
  }

  wipe(): void {
    this.#octets.fill(0);
  }
}

/** A key of an IKE SA that only its PRF takes. */
abstract class PrfKey {
  readonly #of: PrfOf;
  readonly #key: Uint8Array;

  constructor(of: PrfOf, key: Uint8Array) {
    this.#of = of;
    this.#key = key;
  }

  /** prf(this key, the parts one behind the other) */
  compute(...parts: readonly Uint8Array[]): Uint8Array {
    return once(this.#of, this.#key, (keyed) => keyed.compute(...parts));
  }

  protected plus(seed: Uint8Array, length: number): Uint8Array {
    return once(this.#of, this.#key, (keyed) => prfPlus(keyed, seed, length));
  }

  wipe(): void {
    this.#key.fill(0);
  }
}

/**
 * Keys of a Child SA: those of the direction initiator to responder end in I. All four share one buffer, so that
 * moving one of them over a port moves all.
 */
export interface Keymat {
  readonly encrI: Uint8Array;
  readonly integI: Uint8Array;
  readonly encrR: Uint8Array;
  readonly integR: Uint8Array;
}

/** SK_d: derives the keys of Child SAs and of the IKE SA that follows. */
export class SkD extends PrfKey {
  declare private readonly stage: "SK_d";

  /**
   * KEYMAT = prf+(SK_d, [g^ir (new) |] Ni | Nr), taken initiator to responder first, encryption before integrity
   * (RFC 7296 §2.17).
   */
  keymat(suite: ChildSuite, nonces: Nonces, gIr: Uint8Array = new Uint8Array(0)): Keymat {
    const lengths = packetKeyLengths(suite);
    if (lengths === undefined) throw new Error("Suite without an entry in the registry");
    const { encr: e, integ: a } = lengths;
    const seed = concat(gIr, nonces.nonceI, nonces.nonceR);
    const all = this.plus(seed, 2 * (e + a));
    const [encrI, integI, encrR, integR] = split(all, [e, a, e, a]);
    wipe(seed);
    return { encrI, integI, encrR, integR };
  }
}

/** SK_pi or SK_pr: what AUTH is made with. */
export class SkP extends PrfKey {
  declare private readonly stage: "SK_p";
}
