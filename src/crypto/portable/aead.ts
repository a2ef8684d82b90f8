/** AEADs whose nonce is salt | IV: AES-GCM (RFC 4106, RFC 5282), ChaCha20-Poly1305 (RFC 7634), AES-GMAC (RFC 4543). */
import { type CipherGCMTypes, createCipheriv, createDecipheriv, type DecipherGCM } from "node:crypto";
import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { concat, equalConstantTime } from "../../bytes/mod.ts";
import type { EncrAlgorithm } from "../algorithms.ts";
import type { PacketCipher } from "../provider.ts";

/** An AEAD under one key. */
export interface Aead {
  /** Ciphertext and ICV, one behind the other, or apart. */
  seal(nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, icvLength: number): readonly Uint8Array[];
  /** The text; undefined where `icv` does not fit. */
  open(nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, icv: Uint8Array): Uint8Array | undefined;
  wipe(): void;
}

/** An AEAD as packets use it. `salt` is the part of KEYMAT behind the key. */
export function packetAead(entry: EncrAlgorithm, aead: Aead, salt: Uint8Array): PacketCipher {
  const { ivLength, icvLength, blockLength } = entry;
  const nonce = new Uint8Array(salt.length + ivLength);
  nonce.set(salt);
  let live = true;
  const setIv = (buffer: Uint8Array, ivOffset: number) => {
    if (!live) throw new Error("Use of a wiped key");
    for (let i = 0; i < ivLength; i++) nonce[salt.length + i] = buffer[ivOffset + i]!;
  };
  return {
    ivLength,
    icvLength,
    blockLength,
    seal(buffer, ivOffset, offset, length, aad) {
      setIv(buffer, ivOffset);
      let at = offset;
      for (const part of aead.seal(nonce, aad, buffer.subarray(offset, offset + length), icvLength)) {
        buffer.set(part, at);
        at += part.length;
      }
    },
    open(buffer, ivOffset, offset, length, aad) {
      const end = offset + length;
      if (length < 0 || end + icvLength > buffer.length) return false;
      setIv(buffer, ivOffset);
      const icv = buffer.subarray(end, end + icvLength);
      const text = aead.open(nonce, aad, buffer.subarray(offset, end), icv);
      if (text === undefined) return false;
      buffer.set(text, offset);
      return true;
    },
    wipe() {
      live = false;
      nonce.fill(0);
      aead.wipe();
    },
  };
}

/** AES-GCM. node:crypto lacks the 192-bit key on Deno 2.5.7. */
export function aesGcm(key: Uint8Array): Aead {
  return key.length === 24 ? nobleGcm(key) : nodeGcm(key);
}

function nodeGcm(key: Uint8Array): Aead {
  const own = key.slice();
  const name = `aes-${own.length * 8}-gcm` as CipherGCMTypes;
  return {
    seal(nonce, aad, text, icvLength) {
      const cipher = createCipheriv(name, own, nonce, { authTagLength: icvLength });
      if (aad.length > 0) cipher.setAAD(aad);
      const output = cipher.update(text);
      cipher.final();
      return [output, cipher.getAuthTag()];
    },
    open(nonce, aad, text, icv) {
      const decipher: DecipherGCM = createDecipheriv(name, own, nonce, { authTagLength: icv.length });
      decipher.setAuthTag(icv);
      if (aad.length > 0) decipher.setAAD(aad);
      const output = decipher.update(text);
      return finishes(decipher) ? output : undefined;
    },
    wipe: () => void own.fill(0),
  };
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
  const own = key.slice();
  return {
    seal(nonce, aad, text, icvLength) {
      const output = gcm(own, nonce, aad).encrypt(text);
      return [output.subarray(0, text.length + icvLength)];
    },
    open(nonce, aad, text, icv) {
      // GCM decrypts by encrypting: the keystream is had from zeros, the full ICV from the text it leads to
      const mask = gcm(own, nonce).encrypt(new Uint8Array(text.length));
      const clear = text.map((octet, i) => octet ^ mask[i]!);
      const output = gcm(own, nonce, aad).encrypt(clear);
      const right = output.subarray(text.length, text.length + icv.length);
      return equalConstantTime(right, icv) ? clear : undefined;
    },
    wipe: () => void own.fill(0),
  };
}

/** ChaCha20-Poly1305. */
export function chacha(key: Uint8Array): Aead {
  const own = key.slice();
  return {
    seal: (nonce, aad, text) => [chacha20poly1305(own, nonce, aad).encrypt(text)],
    open(nonce, aad, text, icv) {
      try {
        return chacha20poly1305(own, nonce, aad).decrypt(concat(text, icv));
      } catch {
        return undefined; // not authentic: key, nonce and lengths are right by construction
      }
    },
    wipe: () => void own.fill(0),
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
    wipe: () => inner.wipe(),
  };
}
