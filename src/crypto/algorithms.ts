/**
 * The registry of algorithms: the one place that knows their names, lengths and standards.
 *
 * An entry says what an algorithm is; whether it is there is the business of a provider (`hasEncr` and the like).
 * Names are those of iked.conf(5): the OpenBSD 4.8 manual first, then the spelling of the program of that release, then
 * today's OpenIKED. All lengths are octets, except `keyBits`, which is what the Key Length attribute carries.
 * Entries stand in the order in which a prefix of a name is matched (`aes` means `aes-128`).
 */
import { type CodePoints, ENCR, INTEG, KE, nameOf, PRF } from "../wire/registry.ts";
import type { EncrChoice } from "./provider.ts";

interface Algorithm {
  /** Transform id (RFC 7296 §3.3.2). */
  readonly id: number;
  /** IANA's name. */
  readonly ianaName: string;
  /** Keywords of iked.conf(5); the first is the one to print. Empty: cannot be configured. */
  readonly names: readonly string[];
  /** The RFC that defines its use in IKE or IPsec; 0 where there is none. */
  readonly rfc: number;
  /** MUST NOT or SHOULD NOT in RFC 8221, 8247 or 9395, or called insecure by iked.conf(5). */
  readonly insecure: boolean;
  /** May stand in `ikesa`. */
  readonly ike: boolean;
  /** May stand in `childsa`. */
  readonly child: boolean;
}

/** An encryption algorithm of one key size. */
export interface EncrAlgorithm extends Algorithm {
  readonly kind: "encr";
  /** Value of the Key Length attribute in bits; absent where the key has one size and the attribute is not sent. */
  readonly keyBits?: number;
  /** The key proper, without salt. */
  readonly keyLength: number;
  /** What KEYMAT has behind the key: nonce or salt of a counter mode or AEAD. */
  readonly saltLength: number;
  /** Explicit IV in each packet. */
  readonly ivLength: number;
  /** 1 for stream and counter modes. */
  readonly blockLength: number;
  /** 0 unless it is an AEAD. */
  readonly icvLength: number;
  /** Encrypts and authenticates: no integrity transform goes with it (RFC 5282 §8). */
  readonly aead: boolean;
}

/** An integrity algorithm. */
export interface IntegAlgorithm extends Algorithm {
  readonly kind: "integ";
  readonly keyLength: number;
  /** What a packet carries. */
  readonly icvLength: number;
  /** Output before truncation. */
  readonly outputLength: number;
  /** Input block of the hash or cipher beneath. */
  readonly blockLength: number;
}

/** A pseudo-random function. */
export interface PrfAlgorithm extends Algorithm {
  readonly kind: "prf";
  /** The preferred key length: that of SK_d, SK_pi and SK_pr (RFC 7296 §2.14). */
  readonly keyLength: number;
  readonly outputLength: number;
  /** Input block of the hash or cipher beneath. */
  readonly blockLength: number;
  /** The nonces fill a key of fixed length, half from each side (RFC 7296 §2.14). */
  readonly fixedKey: boolean;
}

/** Kinds of key exchange: modular exponentiation, elliptic curves of the several encodings, post-quantum, none. */
export type KeFamily = "none" | "modp" | "modp-subgroup" | "ec2n" | "ecp" | "montgomery" | "hybrid-kem";

/** A key exchange method. */
export interface KeAlgorithm extends Algorithm {
  readonly kind: "ke";
  readonly family: KeFamily;
  /** Bits of modulus or field. */
  readonly bits: number;
  /** Key exchange data of the initiator and, unless `responderLength` says else, of the responder. */
  readonly publicLength: number;
  readonly responderLength?: number;
  /** g^ir as it enters SKEYSEED. */
  readonly sharedLength: number;
}

/** Where an algorithm may be configured. */
type Scope = "both" | "ike" | "child";

type Row = readonly [id: number, names: readonly string[], rfc: number, scope: Scope];

function algorithm(registry: CodePoints, row: Row, insecure: boolean): Algorithm {
  const [id, names, rfc, scope] = row;
  const ianaName = nameOf(registry, id);
  return { id, ianaName, names, rfc, insecure, ike: scope !== "child", child: scope !== "ike" };
}

/** Octets of [key, salt, IV, block, ICV], and the Key Length attribute where there is one. */
type EncrShape = readonly [key: number, salt: number, iv: number, block: number, icv: number];

function encr(row: Row, shape: EncrShape, keyBits?: number, insecure = false): EncrAlgorithm {
  const [keyLength, saltLength, ivLength, blockLength, icvLength] = shape;
  const entry = {
    kind: "encr",
    ...algorithm(ENCR, row, insecure),
    keyLength,
    saltLength,
    ivLength,
    blockLength,
    icvLength,
    aead: icvLength > 0,
  } as const;
  return keyBits === undefined ? entry : { ...entry, keyBits };
}

/** The three key sizes of an AES mode; `names` takes the size in bits. */
function aes(
  id: number,
  names: (bits: number) => readonly string[],
  rfc: number,
  scope: Scope,
  shape: readonly [salt: number, iv: number, block: number, icv: number],
): EncrAlgorithm[] {
  return [128, 192, 256].map((bits) => encr([id, names(bits), rfc, scope], [bits / 8, ...shape], bits));
}

/** All encryption algorithms, by key size. */
export const encrAlgorithms: readonly EncrAlgorithm[] = Object.freeze([
  ...aes(ENCR.ENCR_AES_CBC, (bits) => [`aes-${bits}`], 3602, "both", [0, 16, 16, 0]),
  ...aes(
    ENCR.ENCR_AES_CTR,
    // The manual's "aes-ctr" counts the 32-bit nonce (160); on the wire it is 128 (RFC 5930 §2.3)
    (bits) => (bits === 128 ? ["aes-128-ctr", "aes-ctr"] : [`aes-${bits}-ctr`]),
    3686,
    "child",
    [4, 8, 1, 0],
  ),
  ...aes(ENCR.ENCR_AES_GCM_16, (bits) => [`aes-${bits}-gcm`], 4106, "both", [4, 8, 1, 16]),
  ...aes(ENCR.ENCR_AES_GCM_12, (bits) => [`aes-${bits}-gcm-12`], 4106, "both", [4, 8, 1, 12]),
  ...aes(ENCR.ENCR_AES_GCM_8, (bits) => [`aes-${bits}-gcm-8`], 4106, "both", [4, 8, 1, 8]),
  ...aes(ENCR.ENCR_NULL_AUTH_AES_GMAC, (bits) => [`aes-${bits}-gmac`], 4543, "child", [4, 8, 1, 16]),
  ...aes(ENCR.ENCR_AES_CCM_16, (bits) => [`aes-${bits}-ccm`], 4309, "both", [3, 8, 1, 16]),
  ...aes(ENCR.ENCR_AES_CCM_12, (bits) => [`aes-${bits}-ccm-12`], 4309, "both", [3, 8, 1, 12]),
  ...aes(ENCR.ENCR_AES_CCM_8, (bits) => [`aes-${bits}-ccm-8`], 4309, "both", [3, 8, 1, 8]),
  encr([ENCR.ENCR_CHACHA20_POLY1305, ["chacha20-poly1305"], 7634, "both"], [32, 4, 8, 1, 16]),
  encr([ENCR.ENCR_3DES, ["3des", "3des-cbc"], 2451, "both"], [24, 0, 8, 8, 0], undefined, true),
  encr([ENCR.ENCR_DES, ["des"], 2405, "child"], [8, 0, 8, 8, 0], undefined, true),
  // The manual's Blowfish has 160 bits; 128 is what RFC 2451 §3.1 takes for granted without a Key Length
  encr([ENCR.ENCR_BLOWFISH, ["blowfish"], 2451, "child"], [20, 0, 8, 8, 0], 160, true),
  encr([ENCR.ENCR_CAST, ["cast"], 2451, "child"], [16, 0, 8, 8, 0], 128, true),
  encr([ENCR.ENCR_NULL, ["null"], 2410, "child"], [0, 0, 0, 1, 0]),
]);

function integ(
  row: Row,
  shape: readonly [key: number, icv: number, output: number, block: number],
  insecure = false,
): IntegAlgorithm {
  const [keyLength, icvLength, outputLength, blockLength] = shape;
  return {
    kind: "integ",
    ...algorithm(INTEG, row, insecure),
    keyLength,
    icvLength,
    outputLength,
    blockLength,
  };
}

/** All integrity algorithms. */
export const integAlgorithms: readonly IntegAlgorithm[] = Object.freeze([
  integ([INTEG.AUTH_HMAC_SHA2_256_128, ["hmac-sha2-256"], 4868, "both"], [32, 16, 32, 64]),
  integ([INTEG.AUTH_HMAC_SHA2_384_192, ["hmac-sha2-384"], 4868, "both"], [48, 24, 48, 128]),
  integ([INTEG.AUTH_HMAC_SHA2_512_256, ["hmac-sha2-512"], 4868, "both"], [64, 32, 64, 128]),
  integ([INTEG.AUTH_HMAC_SHA1_96, ["hmac-sha1"], 2404, "both"], [20, 12, 20, 64]),
  integ([INTEG.AUTH_HMAC_MD5_96, ["hmac-md5"], 2403, "both"], [16, 12, 16, 64], true),
  integ([INTEG.AUTH_AES_XCBC_96, ["aes-xcbc"], 3566, "both"], [16, 12, 16, 16]),
  integ([INTEG.AUTH_AES_CMAC_96, ["aes-cmac"], 4494, "both"], [16, 12, 16, 16]),
]);

function prf(
  row: Row,
  shape: readonly [keyAndOutput: number, block: number],
  options: { readonly insecure?: boolean; readonly fixedKey?: boolean } = {},
): PrfAlgorithm {
  const [length, blockLength] = shape;
  return {
    kind: "prf",
    ...algorithm(PRF, row, options.insecure ?? false),
    keyLength: length,
    outputLength: length,
    blockLength,
    fixedKey: options.fixedKey ?? false,
  };
}

/** All pseudo-random functions. */
export const prfAlgorithms: readonly PrfAlgorithm[] = Object.freeze([
  prf([PRF.PRF_HMAC_SHA2_256, ["hmac-sha2-256"], 4868, "ike"], [32, 64]),
  prf([PRF.PRF_HMAC_SHA2_384, ["hmac-sha2-384"], 4868, "ike"], [48, 128]),
  prf([PRF.PRF_HMAC_SHA2_512, ["hmac-sha2-512"], 4868, "ike"], [64, 128]),
  prf([PRF.PRF_HMAC_SHA1, ["hmac-sha1"], 2104, "ike"], [20, 64]),
  prf([PRF.PRF_HMAC_MD5, ["hmac-md5"], 2104, "ike"], [16, 64], { insecure: true }),
  prf([PRF.PRF_AES128_XCBC, ["aes-xcbc"], 4434, "ike"], [16, 16], { fixedKey: true }),
  prf([PRF.PRF_AES128_CMAC, ["aes-cmac"], 4615, "ike"], [16, 16], { fixedKey: true }),
]);

function ke(row: Row, insecure = false): Algorithm & { readonly kind: "ke" } {
  return { kind: "ke", ...algorithm(KE, row, insecure) };
}

function modp(bits: number, id: number, rfc: number, insecure = false): KeAlgorithm {
  const length = bits / 8;
  return {
    ...ke([id, [`modp${bits}`, `grp${id}`], rfc, "both"], insecure),
    family: "modp",
    bits,
    publicLength: length,
    sharedLength: length,
  };
}

/** A prime modulus whose generator spans a small subgroup only: the peer's value is tested (RFC 6989 §2.2). */
function subgroup(bits: number, orderBits: number, id: number): KeAlgorithm {
  const length = bits / 8;
  return {
    ...ke([id, [`modp${bits}-${orderBits}`, `grp${id}`], 5114, "both"], true),
    family: "modp-subgroup",
    bits,
    publicLength: length,
    sharedLength: length,
  };
}

/**
 * A curve whose public value is x | y and whose shared secret is x (RFC 5903 §7). So it is with EC2N, too, as the
 * program of OpenBSD 4.8 has it; IKEv1 sent x alone there (RFC 2409 §6.3), and IKEv2 has no RFC for these groups.
 */
function curve(
  family: "ecp" | "ec2n",
  bits: number,
  id: number,
  names: readonly string[],
  rfc: number,
  insecure = false,
): KeAlgorithm {
  const length = Math.ceil(bits / 8);
  return {
    ...ke([id, [...names, `grp${id}`], rfc, "both"], insecure),
    family,
    bits,
    publicLength: 2 * length,
    sharedLength: length,
  };
}

/** All key exchange methods. */
export const keAlgorithms: readonly KeAlgorithm[] = Object.freeze([
  modp(768, KE.MODP_768, 7296, true),
  modp(1024, KE.MODP_1024, 7296, true),
  curve("ec2n", 155, KE.EC2N_155, ["ec155", "ec2n155"], 2409, true),
  curve("ec2n", 185, KE.EC2N_185, ["ec185", "ec2n185"], 2409, true),
  modp(1536, KE.MODP_1536, 3526, true),
  modp(2048, KE.MODP_2048, 3526),
  modp(3072, KE.MODP_3072, 3526),
  modp(4096, KE.MODP_4096, 3526),
  modp(6144, KE.MODP_6144, 3526),
  modp(8192, KE.MODP_8192, 3526),
  curve("ecp", 256, KE.ECP_256, ["ec256", "ecp256"], 5903),
  curve("ecp", 384, KE.ECP_384, ["ec384", "ecp384"], 5903),
  curve("ecp", 521, KE.ECP_521, ["ec521", "ecp521"], 5903),
  // The manual's table gives 2048 bits for group 22; its modulus has 1024 (RFC 5114 §2.1)
  subgroup(1024, 160, KE.MODP_1024_160),
  subgroup(2048, 224, KE.MODP_2048_224),
  subgroup(2048, 256, KE.MODP_2048_256),
  curve("ecp", 192, KE.ECP_192, ["ec192", "ecp192"], 5114),
  curve("ecp", 224, KE.ECP_224, ["ec224", "ecp224"], 5114),
  curve("ecp", 224, KE.BRAINPOOL_P224R1, ["brainpool224"], 6954),
  curve("ecp", 256, KE.BRAINPOOL_P256R1, ["brainpool256"], 6954),
  curve("ecp", 384, KE.BRAINPOOL_P384R1, ["brainpool384"], 6954),
  curve("ecp", 512, KE.BRAINPOOL_P512R1, ["brainpool512"], 6954),
  {
    ...ke([KE.CURVE25519, ["curve25519", "grp31"], 8031, "both"]),
    family: "montgomery",
    bits: 255,
    publicLength: 32,
    sharedLength: 32,
  },
  {
    ...ke([KE.CURVE448, ["curve448", "grp32"], 8031, "both"]),
    family: "montgomery",
    bits: 448,
    publicLength: 56,
    sharedLength: 56,
  },
  {
    // In the range for private use: OpenIKED's number, no RFC
    ...ke([KE.SNTRUP761X25519, ["sntrup761x25519"], 0, "both"]),
    family: "hybrid-kem",
    bits: 761,
    publicLength: 1190,
    responderLength: 1071,
    sharedLength: 64,
  },
  {
    ...ke([KE.NONE, ["none"], 7296, "child"]),
    family: "none",
    bits: 0,
    publicLength: 0,
    sharedLength: 0,
  },
]);

/** The entry of a choice; a Key Length where none belongs, or the lack of one, finds nothing. */
export function encrAlgorithm(choice: EncrChoice): EncrAlgorithm | undefined {
  return encrAlgorithms.find((entry) => entry.id === choice.id && entry.keyBits === choice.keyBits);
}

/** The integrity algorithm of a transform id. */
export function integAlgorithm(id: number): IntegAlgorithm | undefined {
  return integAlgorithms.find((entry) => entry.id === id);
}

/** The pseudo-random function of a transform id. */
export function prfAlgorithm(id: number): PrfAlgorithm | undefined {
  return prfAlgorithms.find((entry) => entry.id === id);
}

/** The key exchange method of a transform id. */
export function keAlgorithm(id: number): KeAlgorithm | undefined {
  return keAlgorithms.find((entry) => entry.id === id);
}

/** What a proposal says of an entry (RFC 7296 §3.3.5). */
export function encrChoice(entry: EncrAlgorithm): EncrChoice {
  return entry.keyBits === undefined ? { id: entry.id } : { id: entry.id, keyBits: entry.keyBits };
}
