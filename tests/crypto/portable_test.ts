import { createPortable } from "../../src/crypto/mod.ts";
import { conformance } from "./conformance.ts";

/** All that an IKE SA may use, and what the data path needs beside it. */
const has = [
  "ENCR_AES_CBC",
  "ENCR_AES_CTR",
  "ENCR_AES_GCM_8",
  "ENCR_AES_GCM_12",
  "ENCR_AES_GCM_16",
  "ENCR_NULL_AUTH_AES_GMAC",
  "ENCR_AES_CCM_8",
  "ENCR_AES_CCM_12",
  "ENCR_AES_CCM_16",
  "ENCR_CHACHA20_POLY1305",
  "ENCR_3DES",
  "ENCR_NULL",
  "AUTH_HMAC_MD5_96",
  "AUTH_HMAC_SHA1_96",
  "AUTH_HMAC_SHA2_256_128",
  "AUTH_HMAC_SHA2_384_192",
  "AUTH_HMAC_SHA2_512_256",
  "AUTH_AES_XCBC_96",
  "AUTH_AES_CMAC_96",
  "PRF_HMAC_MD5",
  "PRF_HMAC_SHA1",
  "PRF_HMAC_SHA2_256",
  "PRF_HMAC_SHA2_384",
  "PRF_HMAC_SHA2_512",
  "PRF_AES128_XCBC",
  "PRF_AES128_CMAC",
  ...[768, 1024, 1536, 2048, 3072, 4096, 6144, 8192].map((bits) => `${bits}-bit MODP Group`),
  ...[256, 384, 521].map((bits) => `${bits}-bit random ECP group`),
  "Curve25519",
];

conformance({ name: "portable", make: createPortable, has });
