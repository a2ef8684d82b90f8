/** The algorithms of libcrypto as a provider. What a build of OpenSSL lacks comes from the fallback. */
import {
  type CryptoProvider,
  encrAlgorithm,
  type EncrChoice,
  integAlgorithm,
  keAlgorithm,
  modpGroup,
  type Random,
} from "../../src/crypto/mod.ts";
import { ENCR, INTEG, KE, PRF } from "../../src/wire/registry.ts";
import { libcryptoCipher, makeScratch, type Mode } from "./cipher.ts";
import { curveKe, modpKe, montgomeryKe, type StartKe } from "./key_exchange.ts";
import { cString, type Libcrypto } from "./library.ts";
import { type MacMethod, macMethod, macPrf, packetMac } from "./mac.ts";

/** OpenSSL's name of a cipher, without or with the key size behind `AES-`, how packets use it, and where it is. */
type CipherRow = readonly [name: (keyLength: number) => string, mode: Mode, provider?: "legacy"];

const ciphers: Readonly<Record<number, CipherRow>> = {
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

type MacName = readonly [
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

const integs: Readonly<Record<number, MacName>> = {
  [INTEG.AUTH_HMAC_MD5_96]: MD5,
  [INTEG.AUTH_HMAC_SHA1_96]: SHA1,
  [INTEG.AUTH_HMAC_SHA2_256_128]: SHA256,
  [INTEG.AUTH_HMAC_SHA2_384_192]: SHA384,
  [INTEG.AUTH_HMAC_SHA2_512_256]: SHA512,
  [INTEG.AUTH_AES_CMAC_96]: CMAC,
};

const prfs: Readonly<Record<number, MacName>> = {
  [PRF.PRF_HMAC_MD5]: MD5,
  [PRF.PRF_HMAC_SHA1]: SHA1,
  [PRF.PRF_HMAC_SHA2_256]: SHA256,
  [PRF.PRF_HMAC_SHA2_384]: SHA384,
  [PRF.PRF_HMAC_SHA2_512]: SHA512,
};

/** OpenSSL's name of a curve, and the cofactor of its subgroup of prime order. */
const curves: Readonly<Record<number, readonly [name: string, cofactor?: number]>> = {
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

/** Makes something on first use, and remembers where it cannot be made. */
function memo<K, More extends unknown[], V>(
  make: (key: K, ...more: More) => V | undefined,
): (key: K, ...more: More) => V | undefined {
  const known = new Map<K, V | undefined>();
  return (key, ...more) => {
    if (!known.has(key)) known.set(key, attempt(() => make(key, ...more)));
    return known.get(key);
  };
}

/** A distribution's OpenSSL may be built without an algorithm: that must not take the others with it. */
function attempt<V>(make: () => V | undefined): V | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/**
 * A provider over an opened libcrypto, in the thread that opened it. Private values come from `random`; `fallback`
 * has what libcrypto does not.
 */
export function createLibcrypto(lib: Libcrypto, random: Random, fallback: CryptoProvider): CryptoProvider {
  const scratch = makeScratch(lib);
  // A library context of its own: to load a provider into the default one would change it for everything else there.
  // It is made when an algorithm of it is first asked for: hardly anybody does
  const legacy = memo((name: "legacy") => {
    const context = lib.pointer(lib.c.OSSL_LIB_CTX_new(), "make a library context");
    if (lib.c.OSSL_PROVIDER_load(context, cString(name)) !== null) return context;
    lib.c.OSSL_LIB_CTX_free(context);
    lib.c.ERR_clear_error();
    return undefined;
  });
  const fetchCipher = memo((name: string, provider?: "legacy") => {
    const context = provider === undefined ? null : legacy(provider);
    if (context === undefined) return undefined;
    return lib.pointer(lib.c.EVP_CIPHER_fetch(context, cString(name), null), `fetch ${name}`);
  });
  const fetchMac = memo((name: MacName): MacMethod => macMethod(lib, ...name));
  const startKe = memo((id: number): StartKe | undefined => {
    const curve = curves[id];
    if (curve !== undefined) return curveKe(lib, curve[0], keAlgorithm(id)!.sharedLength, curve[1]);
    if (id === KE.CURVE25519) return montgomeryKe(lib, "X25519", 32);
    if (id === KE.CURVE448) return montgomeryKe(lib, "X448", 56);
    const group = modpGroup(id);
    return group && modpKe(lib, group);
  });

  const find = (choice: EncrChoice) => {
    const entry = encrAlgorithm(choice);
    const row = ciphers[choice.id];
    if (entry === undefined || row === undefined) return undefined;
    const [name, mode, provider] = row;
    const method = fetchCipher(name(entry.keyLength), provider);
    return method && { entry, mode, method };
  };
  const macOf = (names: Readonly<Record<number, MacName>>, id: number) => {
    const name = names[id];
    return name && fetchMac(name);
  };

  return {
    name: "libcrypto",
    hasEncr: (choice) => find(choice) !== undefined || fallback.hasEncr(choice),
    hasInteg: (id) => macOf(integs, id) !== undefined || fallback.hasInteg(id),
    hasPrf: (id) => macOf(prfs, id) !== undefined || fallback.hasPrf(id),
    hasKe: (id) => startKe(id) !== undefined || fallback.hasKe(id),

    cipher(choice, key, direction) {
      const found = find(choice);
      if (found === undefined) return fallback.cipher(choice, key, direction);
      const { entry, method, mode } = found;
      if (key.length !== entry.keyLength + entry.saltLength) {
        throw new RangeError(`Key of ${key.length} octets for ${entry.ianaName}`);
      }
      return libcryptoCipher(lib, scratch, entry, method, mode, key, direction === "seal");
    },

    mac(id, key) {
      const method = macOf(integs, id);
      const entry = integAlgorithm(id);
      if (method === undefined || entry === undefined) return fallback.mac(id, key);
      if (key.length !== entry.keyLength) {
        throw new RangeError(`Key of ${key.length} octets for ${entry.ianaName}`);
      }
      return packetMac(method, entry.icvLength, key);
    },

    prf(id, key) {
      const method = macOf(prfs, id);
      return method === undefined ? fallback.prf(id, key) : macPrf(method, key);
    },

    keyExchange(id) {
      const start = startKe(id);
      return start === undefined ? fallback.keyExchange(id) : start(random);
    },
  };
}
