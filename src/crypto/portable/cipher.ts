/**
 * Ciphers without authentication: AES-CBC (RFC 3602), AES-CTR (RFC 3686), 3DES-CBC (RFC 2451), DES-CBC (RFC 2405),
 * NULL (RFC 2410).
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { cbc } from "@noble/ciphers/aes.js";
import des from "des.js";
import type { EncrAlgorithm } from "../algorithms.ts";
import type { PacketCipher } from "../provider.ts";

/** Turns `text` into as many octets; `iv` stands in the packet. */
export interface Transformation {
  run(iv: Uint8Array, text: Uint8Array): Uint8Array;
  wipe(): void;
}

/** A cipher as packets use it: in place, whole blocks only. */
export function packetCipher(entry: EncrAlgorithm, transformation: Transformation): PacketCipher {
  const { ivLength, icvLength, blockLength } = entry;
  let live = true;
  const run = (buffer: Uint8Array, ivOffset: number, offset: number, length: number) => {
    if (!live) throw new Error("Use of a wiped key");
    const iv = buffer.subarray(ivOffset, ivOffset + ivLength);
    buffer.set(transformation.run(iv, buffer.subarray(offset, offset + length)), offset);
  };
  return {
    ivLength,
    icvLength,
    blockLength,
    seal(buffer, ivOffset, offset, length) {
      if (length % blockLength !== 0) throw new RangeError(`Text of ${length} octets is not whole blocks`);
      run(buffer, ivOffset, offset, length);
    },
    open(buffer, ivOffset, offset, length) {
      if (length < 0 || length % blockLength !== 0 || offset + length > buffer.length) return false;
      run(buffer, ivOffset, offset, length);
      return true;
    },
    wipe() {
      live = false;
      transformation.wipe();
    },
  };
}

/** AES-CBC. node:crypto lacks the 192-bit key on Deno 2.5.7. */
export function aesCbc(key: Uint8Array, seals: boolean): Transformation {
  const own = key.slice();
  const wipe = () => void own.fill(0);
  if (own.length === 24) {
    const run = (iv: Uint8Array, text: Uint8Array) => {
      const cipher = cbc(own, iv, { disablePadding: true });
      return seals ? cipher.encrypt(text) : cipher.decrypt(text);
    };
    return { run, wipe };
  }
  const name = `aes-${own.length * 8}-cbc`;
  const create = seals ? createCipheriv : createDecipheriv;
  return {
    run(iv, text) {
      const cipher = create(name, own, iv);
      cipher.setAutoPadding(false);
      const output = cipher.update(text);
      cipher.final();
      return output;
    },
    wipe,
  };
}

/** AES-CTR: the counter block is nonce | IV | 1 (RFC 3686 §4). `key` has the nonce behind it. */
export function aesCtr(key: Uint8Array): Transformation {
  const own = key.slice(0, -4);
  const counter = new Uint8Array(16);
  counter.set(key.subarray(-4));
  counter[15] = 1;
  const name = `aes-${own.length * 8}-ctr`;
  return {
    run(iv, text) {
      counter.set(iv, 4);
      const cipher = createCipheriv(name, own, counter);
      const output = cipher.update(text);
      cipher.final();
      return output;
    },
    wipe: () => void own.fill(0),
  };
}

const TripleDes = des.CBC.instantiate(des.EDE);
const Des = des.CBC.instantiate(des.DES);

/** 3DES-CBC, or DES-CBC under a key of 8 octets; parity bits of the key are not looked at (RFC 2451 §2.3). */
export function desCbc(key: Uint8Array, seals: boolean): Transformation {
  const own = key.slice();
  const method = own.length === 8 ? Des : TripleDes;
  return {
    run(iv, text) {
      const cipher = method.create({
        type: seals ? "encrypt" : "decrypt",
        key: own,
        iv,
        padding: false,
      });
      // des.js keeps the last block back; without any there is nothing to finish
      if (text.length === 0) return text;
      return Uint8Array.from(cipher.update(text).concat(cipher.final()));
    },
    wipe: () => void own.fill(0),
  };
}

/** NULL: the text is its own ciphertext. */
export const nullCipher: Transformation = { run: (_iv, text) => text, wipe: () => {} };
