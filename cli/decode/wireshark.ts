/**
 * Algorithms by the names that Wireshark gives them in its table `ikev2_decryption_table`. The last rows of both lists
 * are ours, for algorithms that Wireshark does not have.
 */
import { ENCR, PRF } from "../../src/wire/mod.ts";
import type { EncrChoice } from "../../src/crypto/provider.ts";

/** How the integrity of a message is checked: an ICV is the front of a PRF's output. */
export interface IntegrityCheck {
  readonly name: string;
  readonly icvLength: number;
  /** The PRF, and the octets of its key; absent where there is nothing to check. */
  readonly prf?: number;
  readonly keyLength?: number;
}

const AES_BITS = [128, 192, 256] as const;
const ICV_LENGTHS = [8, 12, 16] as const;
const GCM = [ENCR.ENCR_AES_GCM_8, ENCR.ENCR_AES_GCM_12, ENCR.ENCR_AES_GCM_16] as const;
const CCM = [ENCR.ENCR_AES_CCM_8, ENCR.ENCR_AES_CCM_12, ENCR.ENCR_AES_CCM_16] as const;

function* encryptionNames(): Generator<[string, EncrChoice]> {
  yield ["3DES [RFC2451]", { id: ENCR.ENCR_3DES }];
  yield ["NULL [RFC2410]", { id: ENCR.ENCR_NULL }];
  for (const keyBits of AES_BITS) {
    yield [`AES-CBC-${keyBits} [RFC3602]`, { id: ENCR.ENCR_AES_CBC, keyBits }];
    yield [`AES-CTR-${keyBits} [RFC5930]`, { id: ENCR.ENCR_AES_CTR, keyBits }];
    for (const [index, octets] of ICV_LENGTHS.entries()) {
      yield [`AES-GCM-${keyBits} with ${octets} octet ICV [RFC5282]`, { id: GCM[index]!, keyBits }];
      yield [`AES-CCM-${keyBits} with ${octets} octet ICV [RFC5282]`, { id: CCM[index]!, keyBits }];
    }
  }
  yield ["ChaCha20-Poly1305 [RFC7634]", { id: ENCR.ENCR_CHACHA20_POLY1305 }];
}

function check(name: string, icvLength: number, prf: number, keyLength: number): IntegrityCheck {
  return { name, icvLength, prf, keyLength };
}

const CHECKS: readonly IntegrityCheck[] = [
  { name: "NONE [RFC4306]", icvLength: 0 },
  check("HMAC_MD5_96 [RFC2403]", 12, PRF.PRF_HMAC_MD5, 16),
  check("HMAC_SHA1_96 [RFC2404]", 12, PRF.PRF_HMAC_SHA1, 20),
  check("HMAC_MD5_128 [RFC4595]", 16, PRF.PRF_HMAC_MD5, 16),
  check("HMAC_SHA1_160 [RFC4595]", 20, PRF.PRF_HMAC_SHA1, 20),
  check("HMAC_SHA2_256_96 [draft-ietf-ipsec-ciph-sha-256-00]", 12, PRF.PRF_HMAC_SHA2_256, 32),
  check("HMAC_SHA2_256_128 [RFC4868]", 16, PRF.PRF_HMAC_SHA2_256, 32),
  check("HMAC_SHA2_384_192 [RFC4868]", 24, PRF.PRF_HMAC_SHA2_384, 48),
  check("HMAC_SHA2_512_256 [RFC4868]", 32, PRF.PRF_HMAC_SHA2_512, 64),
  ...[64, 96, 128, 160, 192, 256].map((bits) => ({
    name: `ANY ${bits}-bits of Authentication [No Checking]`,
    icvLength: bits / 8,
  })),
  check("AES_XCBC_96 [RFC3566]", 12, PRF.PRF_AES128_XCBC, 16),
  check("AES_CMAC_96 [RFC4494]", 12, PRF.PRF_AES128_CMAC, 16),
];

/** A name without the reference in brackets behind it. */
function bare(name: string): string {
  return name.replace(/\s*\[[^\]]*\]$/, "");
}

const encryptions: ReadonlyMap<string, EncrChoice> = new Map(
  [...encryptionNames()].map(([name, choice]) => [bare(name), choice]),
);
const checks: ReadonlyMap<string, IntegrityCheck> = new Map(CHECKS.map((entry) => [bare(entry.name), entry]));

/** The transform that a name stands for; its reference in brackets may be left out. */
export function encryptionNamed(name: string): EncrChoice | undefined {
  return encryptions.get(bare(name));
}

/** The check that a name stands for; its reference in brackets may be left out. */
export function integrityNamed(name: string): IntegrityCheck | undefined {
  return checks.get(bare(name));
}
