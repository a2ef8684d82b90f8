/** The algorithms of a Child SA by the names that the Linux kernel has for them. Lengths are octets. */
import { encrAlgorithm, integAlgorithm } from "../../crypto/algorithms.ts";
import type { ChildSuite } from "../../crypto/suite.ts";
import { ENCR, INTEG, IPCOMP } from "../../wire/registry.ts";

/** Transform id to the kernel's name. What is not here the kernel cannot do. */
const CIPHERS: ReadonlyMap<number, string> = new Map([
  [ENCR.ENCR_AES_CBC, "cbc(aes)"],
  [ENCR.ENCR_AES_CTR, "rfc3686(ctr(aes))"],
  [ENCR.ENCR_3DES, "cbc(des3_ede)"],
  [ENCR.ENCR_DES, "cbc(des)"],
  [ENCR.ENCR_BLOWFISH, "cbc(blowfish)"],
  [ENCR.ENCR_CAST, "cbc(cast5)"],
  [ENCR.ENCR_NULL, "ecb(cipher_null)"],
  [ENCR.ENCR_AES_GCM_16, "rfc4106(gcm(aes))"],
  [ENCR.ENCR_AES_GCM_12, "rfc4106(gcm(aes))"],
  [ENCR.ENCR_AES_GCM_8, "rfc4106(gcm(aes))"],
  [ENCR.ENCR_AES_CCM_16, "rfc4309(ccm(aes))"],
  [ENCR.ENCR_AES_CCM_12, "rfc4309(ccm(aes))"],
  [ENCR.ENCR_AES_CCM_8, "rfc4309(ccm(aes))"],
  [ENCR.ENCR_NULL_AUTH_AES_GMAC, "rfc4543(gcm(aes))"],
  [ENCR.ENCR_CHACHA20_POLY1305, "rfc7539esp(chacha20,poly1305)"],
]);

const MACS: ReadonlyMap<number, string> = new Map([
  [INTEG.AUTH_HMAC_MD5_96, "hmac(md5)"],
  [INTEG.AUTH_HMAC_SHA1_96, "hmac(sha1)"],
  [INTEG.AUTH_HMAC_SHA2_256_128, "hmac(sha256)"],
  [INTEG.AUTH_HMAC_SHA2_384_192, "hmac(sha384)"],
  [INTEG.AUTH_HMAC_SHA2_512_256, "hmac(sha512)"],
  [INTEG.AUTH_AES_XCBC_96, "xcbc(aes)"],
  [INTEG.AUTH_AES_CMAC_96, "cmac(aes)"],
]);

const COMPRESSIONS: ReadonlyMap<number, string> = new Map([[IPCOMP.IPCOMP_DEFLATE, "deflate"]]);

/** Modules and options that give the kernel an algorithm, for the message where it refuses one. */
const WANTS: ReadonlyMap<string, string> = new Map([
  ["cbc(aes)", "module aes_generic and cbc"],
  ["rfc3686(ctr(aes))", "module ctr (CONFIG_CRYPTO_CTR)"],
  ["cbc(des3_ede)", "module des_generic (CONFIG_CRYPTO_DES)"],
  ["cbc(des)", "module des_generic (CONFIG_CRYPTO_DES)"],
  ["cbc(blowfish)", "module blowfish_generic (CONFIG_CRYPTO_BLOWFISH)"],
  ["cbc(cast5)", "module cast5_generic (CONFIG_CRYPTO_CAST5)"],
  ["ecb(cipher_null)", "module crypto_null (CONFIG_CRYPTO_NULL)"],
  ["rfc4106(gcm(aes))", "module gcm (CONFIG_CRYPTO_GCM)"],
  ["rfc4309(ccm(aes))", "module ccm (CONFIG_CRYPTO_CCM)"],
  ["rfc4543(gcm(aes))", "module gcm (CONFIG_CRYPTO_GCM)"],
  ["rfc7539esp(chacha20,poly1305)", "module chacha20poly1305 (CONFIG_CRYPTO_CHACHA20POLY1305)"],
  ["hmac(md5)", "module md5 (CONFIG_CRYPTO_MD5)"],
  ["hmac(sha1)", "module sha1_generic (CONFIG_CRYPTO_SHA1)"],
  ["hmac(sha256)", "module sha256_generic (CONFIG_CRYPTO_SHA256)"],
  ["hmac(sha384)", "module sha512_generic (CONFIG_CRYPTO_SHA512)"],
  ["hmac(sha512)", "module sha512_generic (CONFIG_CRYPTO_SHA512)"],
  ["xcbc(aes)", "module xcbc (CONFIG_CRYPTO_XCBC)"],
  ["cmac(aes)", "module cmac (CONFIG_CRYPTO_CMAC)"],
  ["deflate", "module deflate (CONFIG_CRYPTO_DEFLATE)"],
]);

/** The algorithms of one SA, as the kernel has them. Keys are views of the kernel's answer, or the caller's. */
export interface KernelAlgorithms {
  readonly aead?: { readonly name: string; readonly key: Uint8Array; readonly icvLength: number };
  readonly cipher?: { readonly name: string; readonly key: Uint8Array };
  readonly mac?: { readonly name: string; readonly key: Uint8Array; readonly icvLength: number };
  /** Of IPComp, which has nothing else. */
  readonly compression?: { readonly name: string };
}

/** The algorithms of a suite with its keys; a message where the kernel has no name for one. */
export function kernelAlgorithms(
  suite: ChildSuite,
  encrKey: Uint8Array,
  integKey: Uint8Array,
): KernelAlgorithms | { readonly message: string } {
  let algorithms: KernelAlgorithms = {};
  if (suite.encr !== undefined) {
    const encr = encrAlgorithm(suite.encr);
    const name = CIPHERS.get(suite.encr.id);
    if (encr === undefined || name === undefined) {
      return { message: `the kernel has no name for encryption algorithm ${suite.encr.id}` };
    }
    algorithms = encr.aead
      ? { aead: { name, key: encrKey, icvLength: encr.icvLength } }
      : { cipher: { name, key: encrKey } };
  }
  if (suite.integ !== undefined && suite.integ !== 0) {
    const integ = integAlgorithm(suite.integ);
    const name = MACS.get(suite.integ);
    if (integ === undefined || name === undefined) {
      return { message: `the kernel has no name for integrity algorithm ${suite.integ}` };
    }
    algorithms = { ...algorithms, mac: { name, key: integKey, icvLength: integ.icvLength } };
  }
  return algorithms;
}

/** The algorithm of an SA of IPComp; `transform` is of the registry `IPCOMP`. */
export function kernelCompression(transform: number): KernelAlgorithms | { readonly message: string } {
  const name = COMPRESSIONS.get(transform);
  return name === undefined
    ? { message: `the kernel has no name for compression algorithm ${transform}` }
    : { compression: { name } };
}

/** What the kernel may lack of these, for the message where it says ENOSYS. */
export function wantedModules(algorithms: KernelAlgorithms): string {
  const { aead, cipher, mac, compression } = algorithms;
  const names = [aead?.name, cipher?.name, mac?.name, compression?.name];
  return names.filter((name) => name !== undefined).map((name) => `${name}: ${WANTS.get(name)}`).join("; ");
}
