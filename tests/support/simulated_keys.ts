/**
 * The key holder as the engine under test sees it: the real one in the same thread, every answer a few microtasks
 * late, and SK_e*, SK_a* of each IKE SA kept so that a test can look inside of messages.
 */
import type { IkeSpi, Result } from "../../src/bytes/mod.ts";
import type { IkeSuite } from "../../src/crypto/suite.ts";
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
  SkKeys,
} from "../../src/auth/requests.ts";
import type { Keys } from "../../src/exchange/ports.ts";

/** What opens the messages of one IKE SA. */
export interface RecordedSa {
  readonly spiI: IkeSpi;
  readonly spiR: IkeSpi;
  readonly suite: IkeSuite;
  readonly sk: SkKeys;
}

/** Turns of the microtask queue that an answer takes: enough for handlers of other messages to run in between. */
const LATE = 3;

export class SimulatedKeys implements Keys {
  /** Every IKE SA whose keys were derived here. */
  readonly recorded: RecordedSa[] = [];
  /** The very octets that the engine got: it overwrites them. */
  readonly handedOut: Uint8Array[] = [];
  /** Requests that fail from now on, as a key holder fails that lacks an algorithm. */
  failing: "startKe" | "finishIke" | "authenticate" | "deriveChild" | undefined;
  /** How they fail. */
  error: KeysError = { code: "unsupported" };
  readonly #inner: Keys;

  constructor(inner: Keys) {
    this.#inner = inner;
  }

  startKe(method: number): Promise<Result<{ ke: KeHandle; publicValue: Uint8Array }, KeysError>> {
    return this.#answer("startKe", () => this.#inner.startKe(method));
  }

  async finishIke(request: FinishIke): Promise<Result<FinishIkeResult, KeysError>> {
    if (this.failing === "finishIke") this.#consume(request.half);
    const result = await this.#answer("finishIke", () => this.#inner.finishIke(request));
    if (result.ok) {
      const { ei, er, ai, ar } = result.value.sk;
      const sk = { ei: ei.slice(), er: er.slice(), ai: ai.slice(), ar: ar.slice() };
      this.handedOut.push(ei, er, ai, ar);
      this.recorded.push({ spiI: request.spiI, spiR: request.spiR, suite: request.suite, sk });
    }
    return result;
  }

  authenticate(request: Authenticate): Promise<Result<AuthenticateResult, KeysError>> {
    return this.#answer("authenticate", () => this.#inner.authenticate(request));
  }

  deriveChild(sa: SaHandle, request: DeriveChild): Promise<Result<DeriveChildResult, KeysError>> {
    if (this.failing === "deriveChild" && request.pfs !== undefined) this.#consume(request.pfs.half);
    return this.#answer("deriveChild", () => this.#inner.deriveChild(sa, request));
  }

  release(handles: { readonly ke?: readonly KeHandle[]; readonly sa?: readonly SaHandle[] }): void {
    this.#inner.release(handles);
  }

  /** A holder that fails has used the private value up all the same (`Keys`). */
  #consume(half: KeHalf): void {
    if ("ke" in half) this.#inner.release({ ke: [half.ke] });
  }

  async #answer<T>(
    name: NonNullable<SimulatedKeys["failing"]>,
    ask: () => Promise<Result<T, KeysError>>,
  ): Promise<Result<T, KeysError>> {
    for (let turn = 0; turn < LATE; turn++) await undefined;
    if (this.failing === name) return { ok: false, error: this.error };
    return await ask();
  }
}
