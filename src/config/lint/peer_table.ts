/**
 * What clients that come with an operating system propose as they are installed, by what they were seen to send or by
 * their sources. Sources, read in November 2026:
 *
 * - Windows 7 to 11: docs.strongswan.org, "Windows Clients" (IKE: modp1024 alone unless NegotiateDH2048_AES256 or
 *   Set-VpnConnectionIPsecConfiguration says else; ESP: HMAC-SHA1 alone).
 * - iOS 16.5 and macOS 13.4: docs.strongswan.org, "iOS and macOS" (macOS without ECP_256).
 * - Android 11 and later: platform_frameworks_base, VpnIkev2Utils.java (no HMAC-SHA1, no HMAC-MD5 for integrity).
 */
import type { EncrChoice } from "../../crypto/provider.ts";
import type { Proposal } from "../../proposal/types.ts";
import { ENCR, INTEG, KE, PRF } from "../../wire/registry.ts";

/** A client, and its proposals for the two kinds of SA. */
export interface KnownPeer {
  readonly name: string;
  /** What to do about it on the client. */
  readonly remedy: string;
  /** Whether it can be set up with a pre-shared key. */
  readonly psk: boolean;
  readonly ike: readonly Proposal[];
  readonly esp: readonly Proposal[];
}

const sizes = (id: number, ...bits: number[]): EncrChoice[] => bits.map((keyBits) => ({ id, keyBits }));
const cbc = (...bits: number[]) => sizes(ENCR.ENCR_AES_CBC, ...bits);
const TRIPLE_DES = { id: ENCR.ENCR_3DES };

function ike(
  encr: readonly EncrChoice[],
  prf: readonly number[],
  integ: readonly number[],
  ke: readonly number[],
): Proposal {
  return { protocol: 1, encr, prf, integ, ke, esn: [] };
}

function esp(encr: readonly EncrChoice[], integ: readonly number[]): Proposal {
  return { protocol: 3, encr, prf: [], integ, ke: [], esn: [0] };
}

const SHA2_PRF = [PRF.PRF_HMAC_SHA2_256], SHA2 = [INTEG.AUTH_HMAC_SHA2_256_128];
const SHA1_PRF = [PRF.PRF_HMAC_SHA1], SHA1 = [INTEG.AUTH_HMAC_SHA1_96];

const WINDOWS_PRFS = [PRF.PRF_HMAC_SHA1, PRF.PRF_HMAC_SHA2_256, PRF.PRF_HMAC_SHA2_384];
const WINDOWS: KnownPeer = {
  name: "Windows",
  remedy: "set it up with Set-VpnConnectionIPsecConfiguration",
  psk: false,
  ike: [
    ike(
      [...cbc(256, 192, 128), TRIPLE_DES],
      WINDOWS_PRFS,
      [INTEG.AUTH_HMAC_SHA1_96, INTEG.AUTH_HMAC_SHA2_256_128, INTEG.AUTH_HMAC_SHA2_384_192],
      [KE.MODP_1024],
    ),
    ike(sizes(ENCR.ENCR_AES_GCM_16, 128, 256), WINDOWS_PRFS, [], [KE.MODP_1024]),
  ],
  esp: [esp([...cbc(256, 128), TRIPLE_DES, { id: ENCR.ENCR_DES }, { id: ENCR.ENCR_NULL }], SHA1)],
};

const MACOS_IKE = [
  ike(cbc(256), SHA2_PRF, SHA2, [KE.MODP_2048]),
  ike(cbc(256), SHA2_PRF, SHA2, [KE.MODP_1536]),
  ike(cbc(128), SHA1_PRF, SHA1, [KE.MODP_1024]),
  ike([TRIPLE_DES], SHA1_PRF, SHA1, [KE.MODP_1024]),
];
const APPLE_ESP = [esp(cbc(256), SHA2), esp(cbc(128), SHA1), esp([TRIPLE_DES], SHA1)];
const APPLE_REMEDY = "set it up with a configuration profile";

const ANDROID_GCM = [ENCR.ENCR_AES_GCM_16, ENCR.ENCR_AES_GCM_12, ENCR.ENCR_AES_GCM_8]
  .flatMap((id) => sizes(id, 256, 192, 128));
const ANDROID_AEADS = [{ id: ENCR.ENCR_CHACHA20_POLY1305 }, ...ANDROID_GCM];
const ANDROID_CIPHERS = [ENCR.ENCR_AES_CTR, ENCR.ENCR_AES_CBC].flatMap((id) => sizes(id, 256, 192, 128));
const ANDROID_PRFS = [
  PRF.PRF_HMAC_SHA2_512,
  PRF.PRF_HMAC_SHA2_384,
  PRF.PRF_HMAC_SHA2_256,
  PRF.PRF_AES128_XCBC,
  PRF.PRF_AES128_CMAC,
  PRF.PRF_HMAC_SHA1,
];
const ANDROID_INTEGS = [
  INTEG.AUTH_HMAC_SHA2_512_256,
  INTEG.AUTH_HMAC_SHA2_384_192,
  INTEG.AUTH_HMAC_SHA2_256_128,
  INTEG.AUTH_AES_XCBC_96,
  INTEG.AUTH_AES_CMAC_96,
];
const ANDROID_GROUPS = [KE.MODP_4096, KE.CURVE25519, KE.MODP_3072, KE.MODP_2048];

/** Clients that road warriors have. */
export const KNOWN_PEERS: readonly KnownPeer[] = [
  WINDOWS,
  { name: "macOS", remedy: APPLE_REMEDY, psk: true, ike: MACOS_IKE, esp: APPLE_ESP },
  {
    name: "iOS",
    remedy: APPLE_REMEDY,
    psk: true,
    ike: [ike(cbc(256), SHA2_PRF, SHA2, [KE.ECP_256]), ...MACOS_IKE],
    esp: APPLE_ESP,
  },
  {
    name: "Android",
    remedy: "use an app that can be set up",
    psk: true,
    ike: [
      ike(ANDROID_CIPHERS, ANDROID_PRFS, ANDROID_INTEGS, ANDROID_GROUPS),
      ike(ANDROID_AEADS, ANDROID_PRFS, [], ANDROID_GROUPS),
    ],
    esp: [esp(ANDROID_CIPHERS, ANDROID_INTEGS), esp(ANDROID_AEADS, [])],
  },
];
