/** Ciphers and MACs on whole packets, for tests: IV, text and ICV in one buffer, at an odd offset. */
import { concat } from "../../src/bytes/mod.ts";
import type { CryptoProvider, EncrChoice } from "../../src/crypto/mod.ts";

/** Octets before the packet in its buffer. */
const LEAD = 3;

/** IV | ciphertext | ICV */
export function seal(
  provider: CryptoProvider,
  choice: EncrChoice,
  key: Uint8Array,
  iv: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
): Uint8Array {
  const cipher = provider.cipher(choice, key, "seal");
  const buffer = concat(new Uint8Array(LEAD), iv, text, new Uint8Array(cipher.icvLength + 5));
  cipher.seal(buffer, LEAD, LEAD + iv.length, text.length, aad);
  cipher.wipe();
  const end = LEAD + iv.length + text.length + cipher.icvLength;
  if (buffer.subarray(0, LEAD).some(Boolean) || buffer.subarray(end).some(Boolean)) {
    throw new Error("The cipher wrote outside of its packet");
  }
  return buffer.slice(LEAD, end);
}

/** The text of IV | ciphertext | ICV; undefined where it is refused. */
export function open(
  provider: CryptoProvider,
  choice: EncrChoice,
  key: Uint8Array,
  aad: Uint8Array,
  packet: Uint8Array,
): Uint8Array | undefined {
  const cipher = provider.cipher(choice, key, "open");
  const buffer = concat(new Uint8Array(LEAD), packet);
  const offset = LEAD + cipher.ivLength;
  const length = packet.length - cipher.ivLength - cipher.icvLength;
  const right = cipher.open(buffer, LEAD, offset, length, aad);
  cipher.wipe();
  return right ? buffer.slice(offset, offset + length) : undefined;
}

/** Octets that look random and are the same in every run. */
export function pattern(length: number, seed: number): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
