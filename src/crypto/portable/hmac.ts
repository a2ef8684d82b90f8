/** HMAC (RFC 2104) with MD5, SHA-1 and SHA-2, as integrity transforms (RFC 2403, 2404, 4868) and as PRFs. */
import { createHmac } from "node:crypto";
import { hmac } from "@noble/hashes/hmac.js";
import type { CHash } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { INTEG, PRF } from "../../wire/registry.ts";

/** A MAC under one key over parts of octets; the full output, untruncated. Who uses it stops once it is wiped. */
export interface KeyedMac {
  /** Octets of the output. */
  readonly length: number;
  /** Writes the MAC of the parts, one behind the other, to `out`, which has `length` octets. */
  compute(parts: readonly Uint8Array[], out: Uint8Array): void;
  wipe(): void;
}

/**
 * A state into which the key has already gone is copied for each message: a third of the cost of a new HMAC for
 * messages of IKE's size.
 */
function nobleHmac(hash: CHash, key: Uint8Array): KeyedMac {
  const keyed = hmac.create(hash, key);
  const state = keyed.clone();
  return {
    length: hash.outputLen,
    compute(parts, out) {
      keyed._cloneInto(state);
      for (const part of parts) state.update(part);
      state.digestInto(out);
    },
    wipe() {
      keyed.destroy();
      state.destroy();
    },
  };
}

/** The 64-bit hashes are faster in node:crypto, though it takes the key anew each time. */
function nodeHmac(hash: "sha384" | "sha512", length: number, key: Uint8Array): KeyedMac {
  const own = key.slice();
  return {
    length,
    compute(parts, out) {
      const state = createHmac(hash, own);
      for (const part of parts) state.update(part);
      out.set(state.digest());
    },
    wipe: () => void own.fill(0),
  };
}

type Make = (key: Uint8Array) => KeyedMac;

const MD5: Make = (key) => nobleHmac(md5, key);
const SHA1: Make = (key) => nobleHmac(sha1, key);
const SHA256: Make = (key) => nobleHmac(sha256, key);
const SHA384: Make = (key) => nodeHmac("sha384", 48, key);
const SHA512: Make = (key) => nodeHmac("sha512", 64, key);

/** The HMAC beneath each integrity transform. */
export const integHmac: Readonly<Record<number, Make>> = {
  [INTEG.AUTH_HMAC_MD5_96]: MD5,
  [INTEG.AUTH_HMAC_SHA1_96]: SHA1,
  [INTEG.AUTH_HMAC_SHA2_256_128]: SHA256,
  [INTEG.AUTH_HMAC_SHA2_384_192]: SHA384,
  [INTEG.AUTH_HMAC_SHA2_512_256]: SHA512,
};

/** The HMAC that is each PRF. */
export const prfHmac: Readonly<Record<number, Make>> = {
  [PRF.PRF_HMAC_MD5]: MD5,
  [PRF.PRF_HMAC_SHA1]: SHA1,
  [PRF.PRF_HMAC_SHA2_256]: SHA256,
  [PRF.PRF_HMAC_SHA2_384]: SHA384,
  [PRF.PRF_HMAC_SHA2_512]: SHA512,
};
