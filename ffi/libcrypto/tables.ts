/** What OpenSSL calls the algorithms of the registry: data, no library is opened. */
import { type AlgorithmEntry, modpGroup } from "../../src/crypto/mod.ts";
import { ENCR, INTEG, KE, PRF } from "../../src/wire/registry.ts";
import type { Mode } from "./cipher.ts";

/** OpenSSL's name of a cipher, without or with the key size behind `AES-`, how packets use it, and where it is. */
export type CipherRow = readonly [name: (keyLength: number) => string, mode: Mode, provider?: "legacy"];

export const ciphers: Readonly<Record<number, CipherRow>> = {
  [ENCR.ENCR_AES_CBC]: [aes("CBC"), "block"],
  [ENCR.ENCR_AES_CTR]: [aes("CTR"), "counter"],
  [ENCR.ENCR_AES_GCM_8]: [aes("GCM"), "aead"],
  [ENCR.ENCR_AES_GCM_12]: [aes("GCM"), "aead"],
  [ENCR.ENCR_AES_GCM_16]: [aes("GCM"), "aead"],
  [ENCR.ENCR_NULL_AUTH_AES_GMAC]: [aes("GCM"), "gmac"],
  [ENCR.ENCR_AES_CCM_8]: [aes("CCM"), "ccm"],
  [ENCR.ENCR_AES_CCM_12]: [aes("CCM"), "ccm"],
  [ENCR.ENCR_AES_CCM_16]: [aes("CCM"), "ccm"],
  [ENCR.ENCR_CHACHA20_POLY1305]: [() => "ChaCha20-Poly1305", "aead"],
  [ENCR.ENCR_3DES]: [() => "DES-EDE3-CBC", "block"],
  [ENCR.ENCR_DES]: [() => "DES-CBC", "block", "legacy"],
  [ENCR.ENCR_BLOWFISH]: [() => "BF-CBC", "block", "legacy"],
  [ENCR.ENCR_CAST]: [() => "CAST5-CBC", "block", "legacy"],
};

function aes(mode: string): (keyLength: number) => string {
  return (keyLength) => `AES-${keyLength * 8}-${mode}`;
}

export type MacName = readonly [
  mac: "HMAC" | "CMAC",
  parameter: readonly ["digest" | "cipher", string],
  length: number,
];

const MD5: MacName = ["HMAC", ["digest", "MD5"], 16];
const SHA1: MacName = ["HMAC", ["digest", "SHA1"], 20];
const SHA256: MacName = ["HMAC", ["digest", "SHA256"], 32];
const SHA384: MacName = ["HMAC", ["digest", "SHA384"], 48];
const SHA512: MacName = ["HMAC", ["digest", "SHA512"], 64];
const CMAC: MacName = ["CMAC", ["cipher", "AES-128-CBC"], 16];

export const integs: Readonly<Record<number, MacName>> = {
  [INTEG.AUTH_HMAC_MD5_96]: MD5,
  [INTEG.AUTH_HMAC_SHA1_96]: SHA1,
  [INTEG.AUTH_HMAC_SHA2_256_128]: SHA256,
  [INTEG.AUTH_HMAC_SHA2_384_192]: SHA384,
  [INTEG.AUTH_HMAC_SHA2_512_256]: SHA512,
  [INTEG.AUTH_AES_CMAC_96]: CMAC,
};

export const prfs: Readonly<Record<number, MacName>> = {
  [PRF.PRF_HMAC_MD5]: MD5,
  [PRF.PRF_HMAC_SHA1]: SHA1,
  [PRF.PRF_HMAC_SHA2_256]: SHA256,
  [PRF.PRF_HMAC_SHA2_384]: SHA384,
  [PRF.PRF_HMAC_SHA2_512]: SHA512,
};

/** OpenSSL's name of a curve, and the cofactor of its subgroup of prime order. */
export const curves: Readonly<Record<number, readonly [name: string, cofactor?: number]>> = {
  // Both generators' orders have small factors of their own: RFC 2409 §6.3 and §6.4 give 12 and 4 times a prime
  [KE.EC2N_155]: ["Oakley-EC2N-3", 12],
  [KE.EC2N_185]: ["Oakley-EC2N-4", 4],
  [KE.ECP_192]: ["prime192v1"],
  [KE.ECP_224]: ["secp224r1"],
  [KE.ECP_256]: ["prime256v1"],
  [KE.ECP_384]: ["secp384r1"],
  [KE.ECP_521]: ["secp521r1"],
  [KE.BRAINPOOL_P224R1]: ["brainpoolP224r1"],
  [KE.BRAINPOOL_P256R1]: ["brainpoolP256r1"],
  [KE.BRAINPOOL_P384R1]: ["brainpoolP384r1"],
  [KE.BRAINPOOL_P512R1]: ["brainpoolP512r1"],
};

/** OpenSSL's names of the curves of RFC 7748. */
export const montgomeryCurves: Readonly<Record<number, "X25519" | "X448">> = {
  [KE.CURVE25519]: "X25519",
  [KE.CURVE448]: "X448",
};

/** What of OpenSSL 3 has an algorithm: the library, its legacy module, or nothing. A build may leave out any. */
export function opensslHas(entry: AlgorithmEntry): "library" | "legacy module" | undefined {
  switch (entry.kind) {
    case "encr": {
      const row = ciphers[entry.id];
      return row && (row[2] === "legacy" ? "legacy module" : "library");
    }
    case "integ":
      return integs[entry.id] && "library";
    case "prf":
      return prfs[entry.id] && "library";
    case "ke": {
      const found = curves[entry.id] ?? montgomeryCurves[entry.id] ?? modpGroup(entry.id);
      return found === undefined ? undefined : "library";
    }
  }
}
