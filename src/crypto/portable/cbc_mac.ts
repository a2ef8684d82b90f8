/** MACs made of AES in CBC mode: AES-XCBC (RFC 3566, RFC 4434) and AES-CMAC (RFC 4493, RFC 4615). */
import { unsafe } from "@noble/ciphers/aes.js";
import { concat, wipe } from "../../bytes/mod.ts";
import type { KeyedMac } from "./hmac.ts";

const BLOCK = 16;

/** The chaining of both: everything up to the last block, which one of two subkeys masks. */
function cbcMac(schedule: Uint32Array, complete: Uint8Array, padded: Uint8Array): KeyedMac {
  return {
    length: BLOCK,
    compute(parts, out) {
      const message = concat(...parts);
      const state = new Uint8Array(BLOCK);
      const last = Math.max(0, Math.ceil(message.length / BLOCK) - 1) * BLOCK;
      for (let at = 0; at < last; at += BLOCK) {
        for (let i = 0; i < BLOCK; i++) state[i]! ^= message[at + i]!;
        unsafe.encryptBlock(schedule, state);
      }
      const left = message.length - last;
      const subkey = left === BLOCK ? complete : padded;
      for (let i = 0; i < BLOCK; i++) {
        state[i]! ^= subkey[i]! ^ (i < left ? message[last + i]! : i === left ? 0x80 : 0);
      }
      unsafe.encryptBlock(schedule, state);
      out.set(state);
      wipe(message, state);
    },
    wipe() {
      schedule.fill(0);
      wipe(complete, padded);
    },
  };
}

/** AES-XCBC-MAC under a key of 16 octets (RFC 3566 §4): three keys made of it. */
export function aesXcbc(key: Uint8Array): KeyedMac {
  const schedule = unsafe.expandKeyLE(key);
  const [k1, k2, k3] = [1, 2, 3].map((n) => unsafe.encryptBlock(schedule, new Uint8Array(BLOCK).fill(n))) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  schedule.fill(0);
  const own = unsafe.expandKeyLE(k1);
  wipe(k1);
  return cbcMac(own, k2, k3);
}

/** AES-CMAC under a key of 16 octets (RFC 4493 §2.3): subkeys are doublings in GF(2^128). */
export function aesCmac(key: Uint8Array): KeyedMac {
  const schedule = unsafe.expandKeyLE(key);
  const k1 = unsafe.dbl(unsafe.encryptBlock(schedule, new Uint8Array(BLOCK)));
  const k2 = unsafe.dbl(k1.slice());
  return cbcMac(schedule, k1, k2);
}

/**
 * As PRFs they take keys of any length: a longer one is MACed under the zero key; a shorter one is padded with zeros
 * by XCBC (RFC 4434 §2), and MACed by CMAC (RFC 4615 §3).
 */
export function prfKey(make: (key: Uint8Array) => KeyedMac, key: Uint8Array, padShort: boolean): Uint8Array {
  if (key.length === BLOCK) return key.slice();
  const own = new Uint8Array(BLOCK);
  if (key.length < BLOCK && padShort) {
    own.set(key);
    return own;
  }
  const fold = make(new Uint8Array(BLOCK));
  fold.compute([key], own);
  fold.wipe();
  return own;
}
