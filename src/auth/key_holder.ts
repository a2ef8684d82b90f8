/**
 * The holder of keys: answers the requests of `requests.ts` and is the only one to see ephemeral private values, SK_d,
 * SK_pi, SK_pr and PSKs. It works on values, so that it serves a port as well as a test.
 *
 * What a peer sent is never a reason to throw. Everything with a handle is bounded: a limit that is reached refuses
 * what is new. To forget the oldest instead would let anybody who can start exchanges end those of others.
 */
import { fail, ok, type Result, type Secret, type SecretRef, wipe } from "../bytes/mod.ts";
import {
  canDeriveChild,
  canDeriveIke,
  type CryptoProvider,
  type KeyExchange,
  type SkD,
  Skeyseed,
  type SkP,
} from "../crypto/mod.ts";
import { AUTH_METHOD } from "../wire/registry.ts";
import { pskAuth, pskVerify } from "./psk.ts";
import type {
  Authenticate,
  AuthenticateResult,
  DeriveChild,
  DeriveChildResult,
  FinishIke,
  FinishIkeResult,
  KeHalf,
  KeHandle,
  KeysError,
  SaHandle,
} from "./requests.ts";
import { signedOctets } from "./signed_octets.ts";

/** How many of each the holder keeps at most. */
export interface HolderLimits {
  /** Exchanges that we started and whose answer is awaited. */
  readonly pendingKe: number;
  /** IKE SAs, half-open ones and those being replaced included. */
  readonly sas: number;
}

const DEFAULT_LIMITS: HolderLimits = { pendingKe: 16_384, sas: 262_144 };

interface PendingKe {
  readonly method: number;
  readonly exchange: KeyExchange;
}

interface HeldSa {
  readonly prf: number;
  readonly d: SkD;
  readonly pi: SkP;
  readonly pr: SkP;
}

/** A finished key exchange; `publicValue` where our half was fresh. */
interface Agreed {
  readonly gIr: Uint8Array;
  readonly publicValue?: Uint8Array;
}

/** Keeps keys and works with them. Fresh private values come from the provider's source of randomness. */
export class KeyHolder {
  readonly #provider: CryptoProvider;
  readonly #limits: HolderLimits;
  readonly #pending = new Map<KeHandle, PendingKe>();
  readonly #sas = new Map<SaHandle, HeldSa>();
  readonly #secrets = new Map<SecretRef, Secret>();
  #lastHandle = 0;

  constructor(options: { readonly provider: CryptoProvider; readonly limits?: Partial<HolderLimits> }) {
    this.#provider = options.provider;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /** Adds secrets, or replaces those of the same name. They belong to the holder from now on. */
  loadSecrets(secrets: Iterable<{ readonly ref: SecretRef; readonly secret: Secret }>): void {
    for (const { ref, secret } of secrets) {
      const old = this.#secrets.get(ref);
      if (old !== secret) old?.wipe();
      this.#secrets.set(ref, secret);
    }
  }

  /** Wipes secrets; unknown names are passed over. */
  forgetSecrets(refs: Iterable<SecretRef>): void {
    for (const ref of refs) {
      this.#secrets.get(ref)?.wipe();
      this.#secrets.delete(ref);
    }
  }

  /** How much is held. */
  stats(): { readonly pendingKe: number; readonly sas: number; readonly secrets: number } {
    return { pendingKe: this.#pending.size, sas: this.#sas.size, secrets: this.#secrets.size };
  }

  /** A fresh private value for a key exchange method. */
  // deno-lint-ignore require-await
  async startKe(method: number): Promise<Result<{ ke: KeHandle; publicValue: Uint8Array }, KeysError>> {
    if (!this.#provider.hasKe(method)) return fail({ code: "unsupported" });
    if (this.#pending.size >= this.#limits.pendingKe) return fail({ code: "too-many" });
    const exchange = this.#provider.keyExchange(method);
    const ke = ++this.#lastHandle as KeHandle;
    this.#pending.set(ke, { method, exchange });
    return ok({ ke, publicValue: exchange.publicValue.slice() });
  }

  /** Finishes an exchange and derives the keys of an IKE SA (RFC 7296 §2.14, §2.18). Consumes a `ke`. */
  // deno-lint-ignore require-await
  async finishIke(request: FinishIke): Promise<Result<FinishIkeResult, KeysError>> {
    const half = this.#take(request.half);
    const old = request.rekeyOf === undefined ? undefined : this.#sas.get(request.rekeyOf);
    if (request.rekeyOf !== undefined && old === undefined) return refuse(half, "unknown-handle");
    if (!canDeriveIke(this.#provider, request.suite)) return refuse(half, "unsupported");
    if (this.#sas.size >= this.#limits.sas) return refuse(half, "too-many");

    const agreed = this.#agree(half, request.suite.ke, request.peerPublicValue);
    if (!agreed.ok) return agreed;
    const { gIr, publicValue } = agreed.value;
    const seed = old === undefined
      ? Skeyseed.initial(this.#provider, request.suite.prf, request, gIr)
      : Skeyseed.rekeyed(old.d, request, gIr);
    wipe(gIr);
    const keys = seed.expand(this.#provider, request.suite, request, request);
    seed.wipe();

    const sa = ++this.#lastHandle as SaHandle;
    this.#sas.set(sa, { prf: request.suite.prf, d: keys.d, pi: keys.pi, pr: keys.pr });
    const sk = { ei: keys.ei, er: keys.er, ai: keys.ai, ar: keys.ar };
    return ok(publicValue === undefined ? { sa, sk } : { sa, sk, publicValue });
  }

  /** Verifies the peer's AUTH, makes ours, derives a Child SA: whichever is asked for, in this order. */
  // deno-lint-ignore require-await
  async authenticate(request: Authenticate): Promise<Result<AuthenticateResult, KeysError>> {
    const result = this.#authenticate(request);
    if (!result.ok && request.child?.pfs) this.#take(request.child.pfs.half)?.exchange?.wipe();
    return result;
  }

  #authenticate(request: Authenticate): Result<AuthenticateResult, KeysError> {
    const sa = this.#sas.get(request.sa);
    if (sa === undefined) return fail({ code: "unknown-handle" });
    const [ours, theirs] = request.role === "initiator" ? [sa.pi, sa.pr] : [sa.pr, sa.pi];

    if (request.verify) {
      const { method, secret, octets, data } = request.verify;
      const wanted = AUTH_METHOD.SHARED_KEY_MIC;
      if (method !== wanted) return fail({ code: "wrong-method", wanted, got: method });
      const psk = this.#secrets.get(secret);
      if (psk === undefined) return fail({ code: "unknown-handle" });
      const signed = signedOctets(theirs, octets);
      if (!pskVerify(this.#provider, sa.prf, psk, signed, data)) return fail({ code: "bad-auth" });
    }

    let auth: AuthenticateResult["auth"];
    if (request.sign) {
      const psk = this.#secrets.get(request.sign.secret);
      if (psk === undefined) return fail({ code: "unknown-handle" });
      const signed = signedOctets(ours, request.sign.octets);
      const data = pskAuth(this.#provider, sa.prf, psk, signed);
      auth = { method: AUTH_METHOD.SHARED_KEY_MIC, data };
    }

    let child: DeriveChildResult | undefined;
    if (request.child) {
      const derived = this.#deriveChild(sa, request.child);
      if (!derived.ok) return derived;
      child = derived.value;
    }
    return ok({ ...(auth && { auth }), ...(child && { child }) });
  }

  /** Derives the keys of a Child SA (RFC 7296 §2.17). Consumes a `ke`. */
  // deno-lint-ignore require-await
  async deriveChild(handle: SaHandle, request: DeriveChild): Promise<Result<DeriveChildResult, KeysError>> {
    const sa = this.#sas.get(handle);
    if (sa !== undefined) return this.#deriveChild(sa, request);
    return refuse(request.pfs && this.#take(request.pfs.half), "unknown-handle");
  }

  #deriveChild(sa: HeldSa, request: DeriveChild): Result<DeriveChildResult, KeysError> {
    const { suite, pfs } = request;
    const half = pfs && this.#take(pfs.half);
    if (!canDeriveChild(suite)) return refuse(half, "unsupported");
    if (pfs === undefined) return ok({ keys: sa.d.keymat(suite, request) });

    const agreed = this.#agree(half, suite.ke ?? 0, pfs.peerPublicValue);
    if (!agreed.ok) return agreed;
    const { gIr, publicValue } = agreed.value;
    const keys = sa.d.keymat(suite, request, gIr);
    wipe(gIr);
    return ok(publicValue === undefined ? { keys } : { keys, publicValue });
  }

  /** Wipes what the handles name; unknown ones are passed over. */
  release(handles: { readonly ke?: readonly KeHandle[]; readonly sa?: readonly SaHandle[] }): void {
    for (const ke of handles.ke ?? []) this.#take({ ke })?.exchange?.wipe();
    for (const handle of handles.sa ?? []) {
      const sa = this.#sas.get(handle);
      this.#sas.delete(handle);
      for (const key of sa ? [sa.d, sa.pi, sa.pr] : []) key.wipe();
    }
  }

  /** Our half, out of the list of pending ones: it is used for one exchange and no more. */
  #take(half: KeHalf): Half | undefined {
    if ("fresh" in half) return { method: half.fresh };
    const pending = this.#pending.get(half.ke);
    this.#pending.delete(half.ke);
    return pending;
  }

  /** g^ir of our half and the peer's value. Our private value is wiped whatever comes of it. */
  #agree(half: Half | undefined, method: number, peerPublicValue: Uint8Array): Result<Agreed, KeysError> {
    if (half === undefined || half.method !== method) return refuse(half, "unknown-handle");
    if (half.exchange === undefined && !this.#provider.hasKe(method)) return fail({ code: "unsupported" });
    const exchange = half.exchange ?? this.#provider.keyExchange(method);
    const gIr = exchange.derive(peerPublicValue);
    const publicValue = exchange.publicValue;
    exchange.wipe();
    if (gIr === undefined) return fail({ code: "bad-public-value" });
    return ok(half.exchange === undefined ? { gIr, publicValue: publicValue.slice() } : { gIr });
  }
}

/** Our half of an exchange; without `exchange` the private value is still to be made. */
type Half = { readonly method: number; readonly exchange?: KeyExchange };

function refuse(half: Half | undefined, code: "unknown-handle" | "unsupported" | "too-many") {
  half?.exchange?.wipe();
  return fail<KeysError>({ code });
}
