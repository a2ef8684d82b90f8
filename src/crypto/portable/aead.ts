/** AEADs whose nonce is salt | IV: AES-GCM (RFC 4106, RFC 5282), ChaCha20-Poly1305 (RFC 7634), AES-GMAC (RFC 4543). */
import { type CipherGCMTypes, createCipheriv, createDecipheriv, type DecipherGCM } from "node:crypto";
import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { concat, equalConstantTime } from "../../bytes/mod.ts";
import type { EncrAlgorithm } from "../algorithms.ts";
import type { PacketCipher } from "../provider.ts";

/** An AEAD under one key, which it borrows: whoever made it overwrites the key. */
export interface Aead {
  /** Ciphertext and ICV, one behind the other, or apart. */
  seal(nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, icvLength: number): readonly Uint8Array[];
  /** The text; undefined where `icv` does not fit. */
  open(nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, icv: Uint8Array): Uint8Array | undefined;
  /** Overwrites what was made of the key, where that lasts. */
  wipe?(): void;
}

/**
 * An AEAD as packets use it. Every IKE SA keeps two: a class, and one buffer for key, salt (as KEYMAT has them) and the
 * IV behind them, take half of the memory that closures and an array each would.
 */
export class PacketAead implements PacketCipher {
  readonly ivLength: number;
  readonly icvLength: number;
  readonly blockLength: number;
  readonly #own: Uint8Array;
  readonly #nonce: Uint8Array;
  readonly #aead: Aead;
  #live = true;

  /** `key` is cipher key and salt; it is copied. */
  constructor(
    { ivLength, icvLength, blockLength, keyLength }: EncrAlgorithm,
    makeAead: (key: Uint8Array) => Aead,
    key: Uint8Array,
  ) {
    this.ivLength = ivLength;
    this.icvLength = icvLength;
    this.blockLength = blockLength;
    this.#own = new Uint8Array(key.length + ivLength);
    this.#own.set(key);
    this.#nonce = this.#own.subarray(keyLength);
    this.#aead = makeAead(this.#own.subarray(0, keyLength));
  }

  seal(buffer: Uint8Array, ivOffset: number, offset: number, length: number, aad: Uint8Array): void {
    this.#setIv(buffer, ivOffset);
    const text = buffer.subarray(offset, offset + length);
    let at = offset;
    for (const part of this.#aead.seal(this.#nonce, aad, text, this.icvLength)) {
      buffer.set(part, at);
      at += part.length;
    }
  }

  open(buffer: Uint8Array, ivOffset: number, offset: number, length: number, aad: Uint8Array): boolean {
    const end = offset + length;
    if (length < 0 || end + this.icvLength > buffer.length) return false;
    this.#setIv(buffer, ivOffset);
    const icv = buffer.subarray(end, end + this.icvLength);
    const text = this.#aead.open(this.#nonce, aad, buffer.subarray(offset, end), icv);
    if (text === undefined) return false;
    buffer.set(text, offset);
    return true;
  }

  wipe(): void {
    this.#live = false;
    this.#own.fill(0);
    this.#aead.wipe?.();
  }

  #setIv(buffer: Uint8Array, ivOffset: number): void {
    if (!this.#live) throw new Error("Use of a wiped key");
    const saltLength = this.#nonce.length - this.ivLength;
    for (let i = 0; i < this.ivLength; i++) this.#nonce[saltLength + i] = buffer[ivOffset + i]!;
  }
}

/** AES-GCM. node:crypto lacks the 192-bit key on Deno 2.5.7. */
export function aesGcm(key: Uint8Array): Aead {
  return key.length === 24 ? nobleGcm(key) : new NodeGcm(key);
}

const GCM_NAME: Readonly<Record<number, CipherGCMTypes>> = { 16: "aes-128-gcm", 32: "aes-256-gcm" };

class NodeGcm implements Aead {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, icvLength: number): readonly Uint8Array[] {
    const cipher = createCipheriv(GCM_NAME[this.#key.length]!, this.#key, nonce, {
      authTagLength: icvLength,
    });
    if (aad.length > 0) cipher.setAAD(aad);
    const output = cipher.update(text);
    cipher.final();
    return [output, cipher.getAuthTag()];
  }

  open(nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, icv: Uint8Array): Uint8Array | undefined {
    const options = { authTagLength: icv.length };
    const decipher: DecipherGCM = createDecipheriv(GCM_NAME[this.#key.length]!, this.#key, nonce, options);
    decipher.setAuthTag(icv);
    if (aad.length > 0) decipher.setAAD(aad);
    const output = decipher.update(text);
    return finishes(decipher) ? output : undefined;
  }
}

/** `final` throws where the ICV does not fit: the one thing that can be wrong by then. */
function finishes(decipher: DecipherGCM): boolean {
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}

function nobleGcm(key: Uint8Array): Aead {
  return {
    seal(nonce, aad, text, icvLength) {
      const output = gcm(key, nonce, aad).encrypt(text);
      return [output.subarray(0, text.length + icvLength)];
    },
    open(nonce, aad, text, icv) {
      // GCM decrypts by encrypting: the keystream is had from zeros, the full ICV from the text it leads to
      const mask = gcm(key, nonce).encrypt(new Uint8Array(text.length));
      const clear = text.map((octet, i) => octet ^ mask[i]!);
      const output = gcm(key, nonce, aad).encrypt(clear);
      const right = output.subarray(text.length, text.length + icv.length);
      return equalConstantTime(right, icv) ? clear : undefined;
    },
  };
}

/** ChaCha20-Poly1305. */
export function chacha(key: Uint8Array): Aead {
  return {
    seal: (nonce, aad, text) => [chacha20poly1305(key, nonce, aad).encrypt(text)],
    open(nonce, aad, text, icv) {
      try {
        return chacha20poly1305(key, nonce, aad).decrypt(concat(text, icv));
      } catch {
        return undefined; // not authentic: key, nonce and lengths are right by construction
      }
    },
  };
}

/** AES-GMAC with NULL encryption: the text is covered as AAD, and so is the IV (RFC 4543 §3.3). */
export function aesGmac(key: Uint8Array): Aead {
  const inner = aesGcm(key);
  const empty = new Uint8Array(0);
  const covered = (nonce: Uint8Array, aad: Uint8Array, text: Uint8Array) =>
    concat(aad, nonce.subarray(4), text);
  return {
    seal: (nonce, aad, text, icvLength) => [
      text,
      ...inner.seal(nonce, covered(nonce, aad, text), empty, icvLength),
    ],
    open: (nonce, aad, text, icv) =>
      inner.open(nonce, covered(nonce, aad, text), empty, icv) === undefined ? undefined : text,
  };
}
