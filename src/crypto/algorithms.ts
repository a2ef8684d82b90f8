/**
 * The registry of algorithms: the one place that knows their names, lengths and standards.
 *
 * An entry says what an algorithm is; whether it is there is the business of a provider (`hasEncr` and the like).
 * Names are those of iked.conf(5): the OpenBSD 4.8 manual first, then the spelling of the program of that release, then
 * today's OpenIKED. All lengths are octets, except `keyBits`, which is what the Key Length attribute carries.
 * Entries stand in the order in which a prefix of a name is matched (`aes` means `aes-128`).
 */
import type { EncrChoice } from "./provider.ts";

interface Algorithm {
  /** Transform id (RFC 7296 §3.3.2). */
  readonly id: number;
  /** IANA's name. */
  readonly ianaName: string;
  /** Keywords of iked.conf(5); the first is the one to print. Empty: cannot be configured. */
  readonly names: readonly string[];
  /** The RFC that defines its use in IKE or IPsec. */
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

function algorithm(
  ianaName: string,
  id: number,
  names: readonly string[],
  rfc: number,
  scope: Scope,
  insecure: boolean,
): Algorithm {
  return { id, ianaName, names, rfc, insecure, ike: scope !== "child", child: scope !== "ike" };
}

type Row = readonly [ianaName: string, id: number, names: readonly string[], rfc: number, scope: Scope];

/** Octets of [key, salt, IV, block, ICV], and the Key Length attribute where there is one. */
type EncrShape = readonly [key: number, salt: number, iv: number, block: number, icv: number];

function encr(row: Row, shape: EncrShape, keyBits?: number, insecure = false): EncrAlgorithm {
  const [keyLength, saltLength, ivLength, blockLength, icvLength] = shape;
  const entry = {
    kind: "encr",
    ...algorithm(...row, insecure),
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
  ianaName: string,
  id: number,
  names: (bits: number) => readonly string[],
  rfc: number,
  scope: Scope,
  shape: readonly [salt: number, iv: number, block: number, icv: number],
): EncrAlgorithm[] {
  return [128, 192, 256].map((bits) =>
    encr([ianaName, id, names(bits), rfc, scope], [bits / 8, ...shape], bits)
  );
}

/** All encryption algorithms, by key size. */
export const encrAlgorithms: readonly EncrAlgorithm[] = Object.freeze([
  ...aes("ENCR_AES_CBC", 12, (bits) => [`aes-${bits}`], 3602, "both", [0, 16, 16, 0]),
  ...aes(
    "ENCR_AES_CTR",
    13,
    // The manual's "aes-ctr" counts the 32-bit nonce (160); on the wire it is 128 (RFC 5930 §2.3)
    (bits) => (bits === 128 ? ["aes-128-ctr", "aes-ctr"] : [`aes-${bits}-ctr`]),
    3686,
    "child",
    [4, 8, 1, 0],
  ),
  ...aes("ENCR_AES_GCM_16", 20, (bits) => [`aes-${bits}-gcm`], 4106, "both", [4, 8, 1, 16]),
  ...aes("ENCR_AES_GCM_12", 19, (bits) => [`aes-${bits}-gcm-12`], 4106, "both", [4, 8, 1, 12]),
  ...aes("ENCR_AES_GCM_8", 18, (bits) => [`aes-${bits}-gcm-8`], 4106, "both", [4, 8, 1, 8]),
  ...aes("ENCR_NULL_AUTH_AES_GMAC", 21, (bits) => [`aes-${bits}-gmac`], 4543, "child", [4, 8, 1, 16]),
  ...aes("ENCR_AES_CCM_16", 16, (bits) => [`aes-${bits}-ccm`], 4309, "both", [3, 8, 1, 16]),
  ...aes("ENCR_AES_CCM_12", 15, (bits) => [`aes-${bits}-ccm-12`], 4309, "both", [3, 8, 1, 12]),
  ...aes("ENCR_AES_CCM_8", 14, (bits) => [`aes-${bits}-ccm-8`], 4309, "both", [3, 8, 1, 8]),
  encr(["ENCR_CHACHA20_POLY1305", 28, ["chacha20-poly1305"], 7634, "both"], [32, 4, 8, 1, 16]),
  encr(["ENCR_3DES", 3, ["3des", "3des-cbc"], 2451, "both"], [24, 0, 8, 8, 0], undefined, true),
  encr(["ENCR_DES", 2, ["des"], 2405, "child"], [8, 0, 8, 8, 0], undefined, true),
  // The manual's Blowfish has 160 bits; 128 is what RFC 2451 §3.1 takes for granted without a Key Length
  encr(["ENCR_BLOWFISH", 7, ["blowfish"], 2451, "child"], [20, 0, 8, 8, 0], 160, true),
  encr(["ENCR_CAST", 6, ["cast"], 2451, "child"], [16, 0, 8, 8, 0], 128, true),
  encr(["ENCR_NULL", 11, ["null"], 2410, "child"], [0, 0, 0, 1, 0]),
]);

function integ(
  row: Row,
  shape: readonly [key: number, icv: number, output: number, block: number],
  insecure = false,
): IntegAlgorithm {
  const [keyLength, icvLength, outputLength, blockLength] = shape;
  return {
    kind: "integ",
    ...algorithm(...row, insecure),
    keyLength,
    icvLength,
    outputLength,
    blockLength,
  };
}

/** All integrity algorithms. */
export const integAlgorithms: readonly IntegAlgorithm[] = Object.freeze([
  integ(["AUTH_HMAC_SHA2_256_128", 12, ["hmac-sha2-256"], 4868, "both"], [32, 16, 32, 64]),
  integ(["AUTH_HMAC_SHA2_384_192", 13, ["hmac-sha2-384"], 4868, "both"], [48, 24, 48, 128]),
  integ(["AUTH_HMAC_SHA2_512_256", 14, ["hmac-sha2-512"], 4868, "both"], [64, 32, 64, 128]),
  integ(["AUTH_HMAC_SHA1_96", 2, ["hmac-sha1"], 2404, "both"], [20, 12, 20, 64]),
  integ(["AUTH_HMAC_MD5_96", 1, ["hmac-md5"], 2403, "both"], [16, 12, 16, 64], true),
  integ(["AUTH_AES_XCBC_96", 5, ["aes-xcbc"], 3566, "both"], [16, 12, 16, 16]),
  integ(["AUTH_AES_CMAC_96", 8, ["aes-cmac"], 4494, "both"], [16, 12, 16, 16]),
]);

function prf(
  row: Row,
  shape: readonly [keyAndOutput: number, block: number],
  options: { readonly insecure?: boolean; readonly fixedKey?: boolean } = {},
): PrfAlgorithm {
  const [length, blockLength] = shape;
  return {
    kind: "prf",
    ...algorithm(...row, options.insecure ?? false),
    keyLength: length,
    outputLength: length,
    blockLength,
    fixedKey: options.fixedKey ?? false,
  };
}

/** All pseudo-random functions. */
export const prfAlgorithms: readonly PrfAlgorithm[] = Object.freeze([
  prf(["PRF_HMAC_SHA2_256", 5, ["hmac-sha2-256"], 4868, "ike"], [32, 64]),
  prf(["PRF_HMAC_SHA2_384", 6, ["hmac-sha2-384"], 4868, "ike"], [48, 128]),
  prf(["PRF_HMAC_SHA2_512", 7, ["hmac-sha2-512"], 4868, "ike"], [64, 128]),
  prf(["PRF_HMAC_SHA1", 2, ["hmac-sha1"], 2104, "ike"], [20, 64]),
  prf(["PRF_HMAC_MD5", 1, ["hmac-md5"], 2104, "ike"], [16, 64], { insecure: true }),
  prf(["PRF_AES128_XCBC", 4, ["aes-xcbc"], 4434, "ike"], [16, 16], { fixedKey: true }),
  prf(["PRF_AES128_CMAC", 8, ["aes-cmac"], 4615, "ike"], [16, 16], { fixedKey: true }),
]);

function modp(bits: number, id: number, rfc: number, insecure = false): KeAlgorithm {
  const length = bits / 8;
  return {
    kind: "ke",
    ...algorithm(`${bits}-bit MODP Group`, id, [`modp${bits}`, `grp${id}`], rfc, "both", insecure),
    family: "modp",
    bits,
    publicLength: length,
    sharedLength: length,
  };
}

function subgroup(bits: number, orderBits: number, id: number): KeAlgorithm {
  const ianaName = `${bits}-bit MODP Group with ${orderBits}-bit Prime Order Subgroup`;
  const names = [`modp${bits}-${orderBits}`, `grp${id}`];
  const length = bits / 8;
  return {
    kind: "ke",
    ...algorithm(ianaName, id, names, 5114, "both", true),
    family: "modp-subgroup",
    bits,
    publicLength: length,
    sharedLength: length,
  };
}

/** A curve whose public value is x | y and whose shared secret is x (RFC 5903 §7). */
function curve(
  row: Row,
  family: "ecp" | "ec2n",
  bits: number,
  insecure = false,
): KeAlgorithm {
  const length = Math.ceil(bits / 8);
  return {
    kind: "ke",
    ...algorithm(...row, insecure),
    family,
    bits,
    publicLength: 2 * length,
    sharedLength: length,
  };
}

/** All key exchange methods. */
export const keAlgorithms: readonly KeAlgorithm[] = Object.freeze([
  modp(768, 1, 7296, true),
  modp(1024, 2, 7296, true),
  curve(["155-bit EC2N Group", 3, ["ec155", "ec2n155", "grp3"], 2409, "both"], "ec2n", 155, true),
  curve(["185-bit EC2N Group", 4, ["ec185", "ec2n185", "grp4"], 2409, "both"], "ec2n", 185, true),
  modp(1536, 5, 3526, true),
  modp(2048, 14, 3526),
  modp(3072, 15, 3526),
  modp(4096, 16, 3526),
  modp(6144, 17, 3526),
  modp(8192, 18, 3526),
  curve(["256-bit random ECP group", 19, ["ec256", "ecp256", "grp19"], 5903, "both"], "ecp", 256),
  curve(["384-bit random ECP group", 20, ["ec384", "ecp384", "grp20"], 5903, "both"], "ecp", 384),
  curve(["521-bit random ECP group", 21, ["ec521", "ecp521", "grp21"], 5903, "both"], "ecp", 521),
  // The manual's table gives 2048 bits for group 22; its modulus has 1024 (RFC 5114 §2.1)
  subgroup(1024, 160, 22),
  subgroup(2048, 224, 23),
  subgroup(2048, 256, 24),
  curve(["192-bit Random ECP Group", 25, ["ec192", "ecp192", "grp25"], 5114, "both"], "ecp", 192),
  curve(["224-bit Random ECP Group", 26, ["ec224", "ecp224", "grp26"], 5114, "both"], "ecp", 224),
  curve(["brainpoolP224r1", 27, ["brainpool224", "grp27"], 6954, "both"], "ecp", 224),
  curve(["brainpoolP256r1", 28, ["brainpool256", "grp28"], 6954, "both"], "ecp", 256),
  curve(["brainpoolP384r1", 29, ["brainpool384", "grp29"], 6954, "both"], "ecp", 384),
  curve(["brainpoolP512r1", 30, ["brainpool512", "grp30"], 6954, "both"], "ecp", 512),
  {
    kind: "ke",
    ...algorithm("Curve25519", 31, ["curve25519", "grp31"], 8031, "both", false),
    family: "montgomery",
    bits: 255,
    publicLength: 32,
    sharedLength: 32,
  },
  {
    kind: "ke",
    // In the range for private use; OpenIKED's number, no RFC
    ...algorithm("SNTRUP761X25519", 1035, ["sntrup761x25519"], 0, "both", false),
    family: "hybrid-kem",
    bits: 0,
    publicLength: 1190,
    responderLength: 1071,
    sharedLength: 64,
  },
  {
    kind: "ke",
    ...algorithm("NONE", 0, ["none"], 7296, "child", false),
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
