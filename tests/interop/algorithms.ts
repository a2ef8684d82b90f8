/** Every algorithm that a peer has too, by its name there, and suites that between them use each of them. */
import type { Suite } from "./suites.ts";

/** Keyword of iked.conf(5), and the peer's. */
type Pair = readonly [ours: string, theirs: string];

/** What a peer and we have, by SA. */
export interface Vocabulary {
  readonly ike: Protections;
  readonly esp: Protections;
  readonly prf: readonly Pair[];
  readonly ke: readonly Pair[];
  /** How the peer joins its words of an IKE SA. */
  readonly ikeWords: (encr: string, integ: string | undefined, prf: string, ke: string) => string;
}

interface Protections {
  readonly ciphers: readonly Pair[];
  readonly aead: readonly Pair[];
  readonly integ: readonly Pair[];
}

const ENCR_AEAD: readonly Pair[] = [
  ["aes-128-gcm", "aes128gcm16"],
  ["aes-192-gcm", "aes192gcm16"],
  ["aes-256-gcm", "aes256gcm16"],
  ["aes-128-gcm-12", "aes128gcm12"],
  ["aes-192-gcm-12", "aes192gcm12"],
  ["aes-256-gcm-12", "aes256gcm12"],
  ["aes-128-gcm-8", "aes128gcm8"],
  ["aes-192-gcm-8", "aes192gcm8"],
  ["aes-256-gcm-8", "aes256gcm8"],
  ["aes-128-ccm", "aes128ccm16"],
  ["aes-192-ccm", "aes192ccm16"],
  ["aes-256-ccm", "aes256ccm16"],
  ["aes-128-ccm-12", "aes128ccm12"],
  ["aes-192-ccm-12", "aes192ccm12"],
  ["aes-256-ccm-12", "aes256ccm12"],
  ["aes-128-ccm-8", "aes128ccm8"],
  ["aes-192-ccm-8", "aes192ccm8"],
  ["aes-256-ccm-8", "aes256ccm8"],
  ["chacha20-poly1305", "chacha20poly1305"],
];

const ENCR_IKE: readonly Pair[] = [
  ["aes-128", "aes128"],
  ["aes-192", "aes192"],
  ["aes-256", "aes256"],
  ["3des", "3des"],
];

/** Blowfish is left out: its 160 bits are no choice in strongSwan. */
const ENCR_ESP: readonly Pair[] = [
  ...ENCR_IKE,
  ["aes-128-ctr", "aes128ctr"],
  ["aes-192-ctr", "aes192ctr"],
  ["aes-256-ctr", "aes256ctr"],
  ["des", "des"],
  ["cast", "cast128"],
  ["null", "null"],
];

const INTEG: readonly Pair[] = [
  ["hmac-sha2-256", "sha256"],
  ["hmac-sha2-384", "sha384"],
  ["hmac-sha2-512", "sha512"],
  ["hmac-sha1", "sha1"],
  ["hmac-md5", "md5"],
  ["aes-xcbc", "aesxcbc"],
  ["aes-cmac", "aescmac"],
];

/** EC2N groups 3 and 4 are in no peer. */
const KE: readonly Pair[] = [
  ["modp768", "modp768"],
  ["modp1024", "modp1024"],
  ["modp1536", "modp1536"],
  ["modp2048", "modp2048"],
  ["modp3072", "modp3072"],
  ["modp4096", "modp4096"],
  ["modp6144", "modp6144"],
  ["modp8192", "modp8192"],
  ["ecp256", "ecp256"],
  ["ecp384", "ecp384"],
  ["ecp521", "ecp521"],
  ["modp1024-160", "modp1024s160"],
  ["modp2048-224", "modp2048s224"],
  ["modp2048-256", "modp2048s256"],
  ["ecp192", "ecp192"],
  ["ecp224", "ecp224"],
  ["brainpool224", "ecp224bp"],
  ["brainpool256", "ecp256bp"],
  ["brainpool384", "ecp384bp"],
  ["brainpool512", "ecp512bp"],
  ["curve25519", "x25519"],
  ["curve448", "x448"],
];

/** strongSwan 5.9.8 with its own ESP, kernel-libipsec. */
export const STRONGSWAN: Vocabulary = {
  ike: { ciphers: ENCR_IKE, aead: ENCR_AEAD, integ: INTEG },
  esp: { ciphers: ENCR_ESP, aead: ENCR_AEAD, integ: INTEG },
  prf: INTEG.map(([ours, theirs]) => [ours, `prf${theirs}`]),
  ke: KE,
  ikeWords: (encr, integ, prf, ke) => [encr, ...integ === undefined ? [] : [integ], prf, ke].join("-"),
};

const GMAC: readonly Pair[] = [
  ["aes-128-gmac", "aes128gmac"],
  ["aes-192-gmac", "aes192gmac"],
  ["aes-256-gmac", "aes256gmac"],
];

/** strongSwan 5.9.8 on the kernel's ESP: kernel-libipsec does not have GMAC. */
export const STRONGSWAN_KERNEL: Vocabulary = {
  ...STRONGSWAN,
  esp: { ...STRONGSWAN.esp, aead: [...ENCR_AEAD, ...GMAC] },
};

/** The three key lengths of a mode of AES. */
function aes(ours: (bits: number) => string, theirs: (bits: number) => string): Pair[] {
  return [128, 192, 256].map((bits): Pair => [ours(bits), theirs(bits)]);
}

const LIBRESWAN_CIPHERS: readonly Pair[] = [
  ...aes((bits) => `aes-${bits}`, (bits) => `aes${bits}`),
  ["3des", "3des"],
];

/** ICVs of 8, 12 and 16 octets are a, b and c. */
const LIBRESWAN_GCM: readonly Pair[] = [
  ...aes((bits) => `aes-${bits}-gcm`, (bits) => `aes_gcm_c${bits}`),
  ...aes((bits) => `aes-${bits}-gcm-12`, (bits) => `aes_gcm_b${bits}`),
  ...aes((bits) => `aes-${bits}-gcm-8`, (bits) => `aes_gcm_a${bits}`),
  ["chacha20-poly1305", "chacha20_poly1305"],
];

const LIBRESWAN_HASHES: readonly Pair[] = [
  ["hmac-sha2-256", "sha2_256"],
  ["hmac-sha2-384", "sha2_384"],
  ["hmac-sha2-512", "sha2_512"],
  ["hmac-sha1", "sha1"],
  ["hmac-md5", "md5"],
  ["aes-xcbc", "aes_xcbc"],
];

/** libreswan 4.10. The integrity algorithm of an IKE SA is that of its PRF. */
export const LIBRESWAN: Vocabulary = {
  ike: { ciphers: LIBRESWAN_CIPHERS, aead: LIBRESWAN_GCM, integ: LIBRESWAN_HASHES },
  esp: {
    ciphers: [...LIBRESWAN_CIPHERS, ...aes((bits) => `aes-${bits}-ctr`, (bits) => `aes_ctr${bits}`), [
      "null",
      "null",
    ]],
    aead: [
      ...LIBRESWAN_GCM,
      ...aes((bits) => `aes-${bits}-ccm`, (bits) => `aes_ccm_c${bits}`),
      ...aes((bits) => `aes-${bits}-ccm-12`, (bits) => `aes_ccm_b${bits}`),
      ...aes((bits) => `aes-${bits}-ccm-8`, (bits) => `aes_ccm_a${bits}`),
      ...aes((bits) => `aes-${bits}-gmac`, (bits) => `null_auth_aes_gmac${bits}`),
    ],
    integ: [...LIBRESWAN_HASHES, ["aes-cmac", "aes_cmac"]],
  },
  prf: LIBRESWAN_HASHES,
  ke: [
    ["modp1536", "dh5"],
    ["modp2048", "dh14"],
    ["modp3072", "dh15"],
    ["modp4096", "dh16"],
    ["modp6144", "dh17"],
    ["modp8192", "dh18"],
    ["ecp256", "dh19"],
    ["ecp384", "dh20"],
    ["ecp521", "dh21"],
    ["curve25519", "dh31"],
  ],
  ikeWords: (encr, _integ, prf, ke) => [encr, prf, ke].join("-"),
};

/** OpenIKED has our words. */
function same(...names: readonly string[]): Pair[] {
  return names.map((name): Pair => [name, name]);
}

const OPENIKED_HASHES = same("hmac-sha2-512", "hmac-sha2-384", "hmac-sha1");

/** OpenIKED 7.2 on Linux: what its PF_KEY can load. */
export const OPENIKED: Vocabulary = {
  ike: {
    ciphers: same("aes-128", "aes-192", "aes-256", "3des"),
    aead: same("aes-128-gcm", "aes-256-gcm", "aes-128-gcm-12", "aes-256-gcm-12"),
    integ: [...OPENIKED_HASHES, ...same("hmac-sha2-256", "hmac-md5")],
  },
  esp: {
    ciphers: same("aes-128", "aes-192", "aes-256", "aes-128-ctr", "aes-192-ctr", "aes-256-ctr", "3des"),
    aead: [],
    integ: [...OPENIKED_HASHES, ...same("hmac-md5")],
  },
  prf: [...OPENIKED_HASHES, ...same("hmac-sha2-256", "hmac-md5")],
  ke: same(
    ...["modp768", "modp1024", "modp1536", "modp2048", "modp3072", "modp4096", "modp6144", "modp8192"],
    ...["ecp256", "ecp384", "ecp521", "ecp192", "ecp224"],
    ...["brainpool224", "brainpool256", "brainpool384", "brainpool512", "curve25519"],
  ),
  ikeWords: (...words) => words.join(" "),
};

/** Encryption with integrity; `integ` is its place in the list where it is one of its own. */
interface Protection {
  readonly encr: Pair;
  readonly integ?: number;
}

/** The AEADs, and each cipher beside the next MAC, so that every MAC has its turn. */
function protections({ ciphers, aead, integ }: Protections): Protection[] {
  const plain = Array.from({ length: Math.max(ciphers.length, integ.length) }, (_, at): Protection => ({
    encr: ciphers[at % ciphers.length]!,
    integ: at % integ.length,
  }));
  return [...plain, ...aead.map((encr): Protection => ({ encr }))];
}

/** Our words for it, and theirs. */
function words({ encr, integ }: Protection, macs: readonly Pair[]): Pair {
  const mac = integ === undefined ? undefined : macs[integ]!;
  return mac === undefined
    ? [`enc ${encr[0]}`, encr[1]]
    : [`enc ${encr[0]} auth ${mac[0]}`, `${encr[1]}-${mac[1]}`];
}

/** Suites in which each algorithm stands at least once. The PRF is that of the integrity algorithm where there is one. */
export function everyAlgorithm(vocabulary: Vocabulary): Suite[] {
  const ike = protections(vocabulary.ike), esp = protections(vocabulary.esp);
  const { prf: prfs, ke: kes } = vocabulary;
  const count = Math.max(ike.length, esp.length, kes.length, prfs.length);
  return Array.from({ length: count }, (_, at): Suite => {
    const sk = ike[at % ike.length]!,
      [childsa, theirEsp] = words(esp[at % esp.length]!, vocabulary.esp.integ);
    const [prf, theirPrf] = prfs[(sk.integ ?? at) % prfs.length]!;
    // The long groups once are enough.
    const [ke, theirKe] = kes[at] ?? kes.find(([ours]) => ours === "curve25519")!;
    const ikesa = `${words(sk, vocabulary.ike.integ)[0]} prf ${prf} group ${ke}`;
    const theirMac = sk.integ === undefined ? undefined : vocabulary.ike.integ[sk.integ]![1];
    return {
      name: `${ikesa}; childsa ${childsa}`,
      ikesa,
      childsa,
      ike: vocabulary.ikeWords(sk.encr[1], theirMac, theirPrf, theirKe),
      esp: theirEsp,
      encr: "",
      ke: "",
    };
  });
}
