/** Transform types, identifiers and attributes (RFC 7296 §3.3.2, §3.3.5). */
import { type CodePoints, codePoints, nameOf } from "./names.ts";

/** Transform types. */
export const TRANSFORM_TYPE = codePoints("transform type", {
  ENCR: 1, // RFC 7296
  PRF: 2, // RFC 7296
  INTEG: 3, // RFC 7296
  /** Key exchange method; RFC 7296 calls it D-H. */
  KE: 4, // RFC 7296, RFC 9370
  /** Sequence numbers. */
  ESN: 5, // RFC 7296, RFC 9827
  ADDKE1: 6, // RFC 9370
  ADDKE2: 7, // RFC 9370
  ADDKE3: 8, // RFC 9370
  ADDKE4: 9, // RFC 9370
  ADDKE5: 10, // RFC 9370
  ADDKE6: 11, // RFC 9370
  ADDKE7: 12, // RFC 9370
  /** Key wrap algorithm. */
  KWA: 13, // RFC 9838
  /** Group controller authentication method. */
  GCAUTH: 14, // RFC 9838
});

/** Transform attribute types. */
export const TRANSFORM_ATTRIBUTE = codePoints("attribute", {
  /** Key length in bits, always in the short form. */
  KEY_LENGTH: 14, // RFC 7296 §3.3.5
});

/** Encryption algorithms (transform type 1). */
export const ENCR = codePoints("ENCR", {
  ENCR_DES_IV64: 1, // RFC 1827
  ENCR_DES: 2, // RFC 2405
  ENCR_3DES: 3, // RFC 2451
  ENCR_RC5: 4, // RFC 2451
  ENCR_IDEA: 5, // RFC 2451
  ENCR_CAST: 6, // RFC 2451
  ENCR_BLOWFISH: 7, // RFC 2451
  ENCR_3IDEA: 8, // RFC 2451
  ENCR_DES_IV32: 9, // RFC 7296
  ENCR_NULL: 11, // RFC 2410
  ENCR_AES_CBC: 12, // RFC 3602
  ENCR_AES_CTR: 13, // RFC 3686, RFC 5930
  ENCR_AES_CCM_8: 14, // RFC 4309
  ENCR_AES_CCM_12: 15, // RFC 4309
  ENCR_AES_CCM_16: 16, // RFC 4309
  ENCR_AES_GCM_8: 18, // RFC 4106, RFC 5282
  ENCR_AES_GCM_12: 19, // RFC 4106, RFC 5282
  ENCR_AES_GCM_16: 20, // RFC 4106, RFC 5282
  ENCR_NULL_AUTH_AES_GMAC: 21, // RFC 4543
  ENCR_CAMELLIA_CBC: 23, // RFC 5529
  ENCR_CAMELLIA_CTR: 24, // RFC 5529
  ENCR_CAMELLIA_CCM_8: 25, // RFC 5529
  ENCR_CAMELLIA_CCM_12: 26, // RFC 5529
  ENCR_CAMELLIA_CCM_16: 27, // RFC 5529
  ENCR_CHACHA20_POLY1305: 28, // RFC 7634
  ENCR_AES_CCM_8_IIV: 29, // RFC 8750
  ENCR_AES_GCM_16_IIV: 30, // RFC 8750
  ENCR_CHACHA20_POLY1305_IIV: 31, // RFC 8750
  ENCR_KUZNYECHIK_MGM_KTREE: 32, // RFC 9227
  ENCR_MAGMA_MGM_KTREE: 33, // RFC 9227
  ENCR_KUZNYECHIK_MGM_MAC_KTREE: 34, // RFC 9227
  ENCR_MAGMA_MGM_MAC_KTREE: 35, // RFC 9227
});

/** Pseudorandom functions (transform type 2). */
export const PRF = codePoints("PRF", {
  PRF_HMAC_MD5: 1, // RFC 2104
  PRF_HMAC_SHA1: 2, // RFC 2104
  PRF_HMAC_TIGER: 3, // RFC 7296
  PRF_AES128_XCBC: 4, // RFC 4434
  PRF_HMAC_SHA2_256: 5, // RFC 4868
  PRF_HMAC_SHA2_384: 6, // RFC 4868
  PRF_HMAC_SHA2_512: 7, // RFC 4868
  PRF_AES128_CMAC: 8, // RFC 4615
  PRF_HMAC_STREEBOG_512: 9, // RFC 9385
});

/** Integrity algorithms (transform type 3). */
export const INTEG = codePoints("INTEG", {
  NONE: 0, // RFC 7296
  AUTH_HMAC_MD5_96: 1, // RFC 2403
  AUTH_HMAC_SHA1_96: 2, // RFC 2404
  AUTH_DES_MAC: 3, // RFC 7296
  AUTH_KPDK_MD5: 4, // RFC 7296
  AUTH_AES_XCBC_96: 5, // RFC 3566
  AUTH_HMAC_MD5_128: 6, // RFC 4595
  AUTH_HMAC_SHA1_160: 7, // RFC 4595
  AUTH_AES_CMAC_96: 8, // RFC 4494
  AUTH_AES_128_GMAC: 9, // RFC 4543
  AUTH_AES_192_GMAC: 10, // RFC 4543
  AUTH_AES_256_GMAC: 11, // RFC 4543
  AUTH_HMAC_SHA2_256_128: 12, // RFC 4868
  AUTH_HMAC_SHA2_384_192: 13, // RFC 4868
  AUTH_HMAC_SHA2_512_256: 14, // RFC 4868
});

/** Key exchange methods (transform types 4 and 6 to 12). */
export const KE = codePoints("KE", {
  NONE: 0, // RFC 7296
  MODP_768: 1, // RFC 7296 Appendix B.1
  MODP_1024: 2, // RFC 7296 Appendix B.2
  /** Of IKEv1; IANA keeps the number reserved in IKEv2. */
  EC2N_155: 3, // RFC 2409 §6.3
  /** Of IKEv1; IANA keeps the number reserved in IKEv2. */
  EC2N_185: 4, // RFC 2409 §6.4
  MODP_1536: 5, // RFC 3526
  MODP_2048: 14, // RFC 3526
  MODP_3072: 15, // RFC 3526
  MODP_4096: 16, // RFC 3526
  MODP_6144: 17, // RFC 3526
  MODP_8192: 18, // RFC 3526
  ECP_256: 19, // RFC 5903
  ECP_384: 20, // RFC 5903
  ECP_521: 21, // RFC 5903
  MODP_1024_160: 22, // RFC 5114
  MODP_2048_224: 23, // RFC 5114
  MODP_2048_256: 24, // RFC 5114
  ECP_192: 25, // RFC 5114
  ECP_224: 26, // RFC 5114
  BRAINPOOL_P224R1: 27, // RFC 6954
  BRAINPOOL_P256R1: 28, // RFC 6954
  BRAINPOOL_P384R1: 29, // RFC 6954
  BRAINPOOL_P512R1: 30, // RFC 6954
  CURVE25519: 31, // RFC 8031
  CURVE448: 32, // RFC 8031
  GOST3410_2012_256: 33, // RFC 9385
  GOST3410_2012_512: 34, // RFC 9385
  ML_KEM_512: 35, // draft-ietf-ipsecme-ikev2-mlkem
  ML_KEM_768: 36, // draft-ietf-ipsecme-ikev2-mlkem
  ML_KEM_1024: 37, // draft-ietf-ipsecme-ikev2-mlkem
  /** Private use, as OpenIKED has it. */
  SNTRUP761X25519: 1035,
}, {
  MODP_768: "768-bit MODP Group",
  MODP_1024: "1024-bit MODP Group",
  EC2N_155: "155-bit EC2N Group",
  EC2N_185: "185-bit EC2N Group",
  MODP_1536: "1536-bit MODP Group",
  MODP_2048: "2048-bit MODP Group",
  MODP_3072: "3072-bit MODP Group",
  MODP_4096: "4096-bit MODP Group",
  MODP_6144: "6144-bit MODP Group",
  MODP_8192: "8192-bit MODP Group",
  ECP_256: "256-bit random ECP group",
  ECP_384: "384-bit random ECP group",
  ECP_521: "521-bit random ECP group",
  MODP_1024_160: "1024-bit MODP Group with 160-bit Prime Order Subgroup",
  MODP_2048_224: "2048-bit MODP Group with 224-bit Prime Order Subgroup",
  MODP_2048_256: "2048-bit MODP Group with 256-bit Prime Order Subgroup",
  ECP_192: "192-bit Random ECP Group",
  ECP_224: "224-bit Random ECP Group",
  BRAINPOOL_P224R1: "brainpoolP224r1",
  BRAINPOOL_P256R1: "brainpoolP256r1",
  BRAINPOOL_P384R1: "brainpoolP384r1",
  BRAINPOOL_P512R1: "brainpoolP512r1",
  CURVE25519: "Curve25519",
  CURVE448: "Curve448",
  ML_KEM_512: "ml-kem-512",
  ML_KEM_768: "ml-kem-768",
  ML_KEM_1024: "ml-kem-1024",
  SNTRUP761X25519: "sntrup761x25519",
});

/** Sequence numbers (transform type 5). */
export const ESN = codePoints("ESN", {
  NO_ESN: 0, // RFC 7296
  ESN: 1, // RFC 7296
  /** Neither ordered nor without gaps: group SAs. */
  UNSPECIFIED_32: 2, // RFC 9827
}, {
  NO_ESN: "No Extended Sequence Numbers",
  ESN: "Extended Sequence Numbers",
  UNSPECIFIED_32: "32-bit Unspecified Numbers",
});

/** Compression algorithms of IPCOMP_SUPPORTED (RFC 7296 §3.10.1). */
export const IPCOMP = codePoints("IPCOMP", {
  IPCOMP_OUI: 1, // RFC 2409
  IPCOMP_DEFLATE: 2, // RFC 2394
  IPCOMP_LZS: 3, // RFC 2395
  IPCOMP_LZJH: 4, // RFC 3051
});

/** The registry that identifiers of a transform type are from; undefined where the type is unknown. */
export function transformIds(type: number): CodePoints | undefined {
  switch (type) {
    case TRANSFORM_TYPE.ENCR:
      return ENCR;
    case TRANSFORM_TYPE.PRF:
      return PRF;
    case TRANSFORM_TYPE.INTEG:
      return INTEG;
    case TRANSFORM_TYPE.ESN:
      return ESN;
    default:
      return type === TRANSFORM_TYPE.KE || isAdditionalKe(type) ? KE : undefined;
  }
}

/** IANA's name of a transform; `transform TYPE/ID` where the type is unknown. */
export function transformName(type: number, id: number): string {
  const ids = transformIds(type);
  return ids === undefined ? `transform ${type}/${id}` : nameOf(ids, id);
}

/** Whether a transform type is an additional key exchange, ADDKE1 to ADDKE7 (RFC 9370). */
export function isAdditionalKe(type: number): boolean {
  return type >= TRANSFORM_TYPE.ADDKE1 && type <= TRANSFORM_TYPE.ADDKE7;
}
