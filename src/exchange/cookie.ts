/**
 * Stateless cookies of a responder under load (RFC 7296 §2.6): version of the secret | prf(secret, Ni | IPi | SPIi).
 * Who returns one has shown that it gets what is sent to its address.
 */
import { concat, equalConstantTime, type IkeSpi, wipe } from "../bytes/mod.ts";
import type { CryptoProvider, Random } from "../crypto/provider.ts";
import { addressToOctets, type IpAddress } from "../ip/mod.ts";
import { PRF } from "../wire/registry.ts";
import { ikeSpiOctets } from "./context.ts";

const SECRET_LENGTH = 32;

interface Secret {
  readonly version: number;
  readonly octets: Uint8Array;
  readonly sinceMs: number;
}

/** What a cookie is bound to. */
export interface CookieSubject {
  readonly nonceI: Uint8Array;
  readonly address: IpAddress;
  readonly spiI: IkeSpi;
}

/** Makes and checks cookies; secrets are replaced as time goes by, the one before the present one stays good. */
export class CookieJar {
  readonly #crypto: CryptoProvider;
  readonly #random: Random;
  readonly #secretMs: number;
  #present: Secret | undefined;
  #previous: Secret | undefined;

  /** `secretMs`: how long a secret makes cookies, and then checks them. */
  constructor(provider: CryptoProvider, random: Random, secretMs: number) {
    this.#crypto = provider;
    this.#random = random;
    this.#secretMs = secretMs;
  }

  /** A cookie: 33 octets. */
  make(subject: CookieSubject, nowMs: number): Uint8Array {
    return this.#compute(this.#secret(nowMs), subject);
  }

  /** Whether we made this cookie for this subject, lately. */
  check(cookie: Uint8Array, subject: CookieSubject, nowMs: number): boolean {
    const present = this.#secret(nowMs);
    const secret = [present, this.#previous].find((one) => one?.version === cookie[0]);
    return secret !== undefined && equalConstantTime(cookie, this.#compute(secret, subject));
  }

  /** Forgets both secrets: no cookie made before is good any more. */
  reset(): void {
    wipe(this.#present?.octets, this.#previous?.octets);
    this.#present = undefined;
    this.#previous = undefined;
  }

  #secret(nowMs: number): Secret {
    const old = this.#present;
    if (old !== undefined && nowMs - old.sinceMs < this.#secretMs) return old;
    const version = ((old?.version ?? this.#random(1)[0]!) + 1) & 255;
    wipe(this.#previous?.octets);
    const stale = old !== undefined && nowMs - old.sinceMs >= 2 * this.#secretMs;
    if (stale) wipe(old.octets);
    this.#previous = stale ? undefined : old;
    this.#present = { version, octets: this.#random(SECRET_LENGTH).slice(), sinceMs: nowMs };
    return this.#present;
  }

  #compute(secret: Secret, { nonceI, address, spiI }: CookieSubject): Uint8Array {
    const prf = this.#crypto.prf(PRF.PRF_HMAC_SHA2_256, secret.octets);
    const tag = prf.compute(nonceI, addressToOctets(address), ikeSpiOctets(spiI));
    prf.wipe();
    return concat(new Uint8Array([secret.version]), tag);
  }
}
