/** AES-CCM with counters of four octets and nonces of eleven (RFC 3610, RFC 4309 §4, RFC 5282 §4). */
import { createCipheriv } from "node:crypto";
import { unsafe } from "@noble/ciphers/aes.js";
import { concat, equalConstantTime } from "../../bytes/mod.ts";
import type { Aead } from "./aead.ts";

const BLOCK = 16;
/** Octets of the length field. */
const L = 4;

/** AES-CCM under a key without its salt. */
export function aesCcm(key: Uint8Array): Aead {
  const schedule = unsafe.expandKeyLE(key);
  const name = `aes-${key.length * 8}-ctr`;
  /** The key stream over one block of zeros, for the ICV, and the text (RFC 3610 §2.3). */
  const crypt = (nonce: Uint8Array, mac: Uint8Array, text: Uint8Array): readonly [Uint8Array, Uint8Array] => {
    const counter = new Uint8Array(BLOCK);
    counter[0] = L - 1;
    counter.set(nonce, 1);
    const cipher = createCipheriv(name, key, counter);
    const output = [cipher.update(mac), cipher.update(text)] as const;
    cipher.final();
    return output;
  };
  return {
    seal(nonce, aad, text, icvLength) {
      const mac = cbcMac(schedule, nonce, aad, text, icvLength);
      const [icv, output] = crypt(nonce, mac, text);
      return [output, icv.subarray(0, icvLength)];
    },
    open(nonce, aad, text, icv) {
      const [mask, output] = crypt(nonce, new Uint8Array(BLOCK), text);
      const mac = cbcMac(schedule, nonce, aad, output, icv.length);
      for (let i = 0; i < BLOCK; i++) mac[i]! ^= mask[i]!;
      return equalConstantTime(mac.subarray(0, icv.length), icv) ? output : undefined;
    },
    wipe: () => void schedule.fill(0),
  };
}

/** RFC 3610 §2.2: B_0, the AAD behind its length, the text, each padded to whole blocks. */
function cbcMac(
  schedule: Uint32Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
  icvLength: number,
): Uint8Array {
  const state = new Uint8Array(BLOCK);
  state[0] = (aad.length > 0 ? 0x40 : 0) | (((icvLength - 2) / 2) << 3) | (L - 1);
  state.set(nonce, 1);
  new DataView(state.buffer).setUint32(BLOCK - L, text.length);
  unsafe.encryptBlock(schedule, state);
  if (aad.length > 0) {
    absorb(schedule, state, concat(lengthOfAad(aad.length), aad));
  }
  absorb(schedule, state, text);
  return state;
}

/** Two octets, or from 0xff00 on the mark 0xfffe and four (RFC 3610 §2.2). */
function lengthOfAad(length: number): Uint8Array {
  const field = new Uint8Array(length < 0xff00 ? 2 : 6);
  const view = new DataView(field.buffer);
  if (length < 0xff00) {
    view.setUint16(0, length);
  } else {
    view.setUint16(0, 0xfffe);
    view.setUint32(2, length);
  }
  return field;
}

function absorb(schedule: Uint32Array, state: Uint8Array, octets: Uint8Array): void {
  let at = 0;
  for (const octet of octets) {
    state[at++]! ^= octet;
    if (at === BLOCK) {
      unsafe.encryptBlock(schedule, state);
      at = 0;
    }
  }
  if (at > 0) unsafe.encryptBlock(schedule, state);
}
