/**
 * The last answers of IKE SAs that are gone. Where the answer to a DELETE or to a refused IKE_AUTH was lost, the peer
 * repeats its request and gets the same octets again (RFC 7296 §2.1), instead of waiting for nobody.
 *
 * Nothing in here is secret, and who repeats a request learns what went over the wire before. The room is bounded: the
 * oldest answers make place.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { type IkeSpi, sameOctets } from "../bytes/mod.ts";

/** Answers that are kept at most, and their octets together. */
const MOST = { answers: 1024, octets: 262_144 };

interface LastAnswer {
  /** SHA-256 of the request. */
  readonly request: Uint8Array;
  readonly response: Uint8Array;
  readonly untilMs: number;
}

export class LastAnswers {
  readonly #keepMs: number;
  /** By the SPI that was ours, the oldest first. */
  readonly #bySpi = new Map<IkeSpi, LastAnswer>();
  #octets = 0;

  /** `keepMs`: as long as a peer repeats a request. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  get size(): number {
    return this.#bySpi.size;
  }

  /** Octets of all answers together. */
  get octets(): number {
    return this.#octets;
  }

  /** The IKE SA with this SPI of ours ends; `response` answered `request`, the last one that it took. */
  keep(spi: IkeSpi, request: Uint8Array, response: Uint8Array, nowMs: number): void {
    this.#forget(spi);
    this.#bySpi.set(spi, { request: sha256(request), response, untilMs: nowMs + this.#keepMs });
    this.#octets += response.length;
    for (const [oldest, { untilMs }] of this.#bySpi) {
      const full = this.#bySpi.size > MOST.answers || this.#octets > MOST.octets;
      if (!full && untilMs > nowMs) break;
      this.#forget(oldest);
    }
  }

  /** The answer to exactly these octets. */
  find(spi: IkeSpi, request: Uint8Array, nowMs: number): Uint8Array | undefined {
    const last = this.#bySpi.get(spi);
    if (last === undefined || last.untilMs <= nowMs) return undefined;
    return sameOctets(last.request, sha256(request)) ? last.response : undefined;
  }

  #forget(spi: IkeSpi): void {
    this.#octets -= this.#bySpi.get(spi)?.response.length ?? 0;
    this.#bySpi.delete(spi);
  }
}
