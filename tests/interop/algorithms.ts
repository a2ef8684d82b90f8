/** Every algorithm that strongSwan has too, by its name there, and suites that between them use each of them. */
import type { Suite } from "./suites.ts";

/** Keyword of iked.conf(5), and strongSwan's. */
type Pair = readonly [ours: string, theirs: string];

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

/** Blowfish is left out: its 160 bits are no choice in strongSwan. GMAC too: kernel-libipsec does not have it. */
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

const PRF: readonly Pair[] = INTEG.map(([ours, theirs]) => [ours, `prf${theirs}`]);

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

/** Encryption with integrity: the AEADs, and each cipher beside the next MAC, so that every MAC has its turn. */
function protections(ciphers: readonly Pair[]): { ours: string; theirs: string }[] {
  const aead = ENCR_AEAD.map(([ours, theirs]) => ({ ours: `enc ${ours}`, theirs }));
  const count = Math.max(ciphers.length, INTEG.length);
  const plain = Array.from({ length: count }, (_, at) => {
    const [cipher, theirCipher] = ciphers[at % ciphers.length]!;
    const [mac, theirMac] = INTEG[at % INTEG.length]!;
    return { ours: `enc ${cipher} auth ${mac}`, theirs: `${theirCipher}-${theirMac}` };
  });
  return [...plain, ...aead];
}

/** Suites in which each of the above stands at least once. */
export function everyAlgorithm(): Suite[] {
  const ike = protections(ENCR_IKE), esp = protections(ENCR_ESP);
  const count = Math.max(ike.length, esp.length, KE.length, PRF.length);
  return Array.from({ length: count }, (_, at) => {
    const sk = ike[at % ike.length]!, child = esp[at % esp.length]!;
    const [prf, theirPrf] = PRF[at % PRF.length]!;
    const [ke, theirKe] = KE[at % KE.length]!;
    return {
      name: `${sk.ours} prf ${prf} group ${ke}; childsa ${child.ours}`,
      ikesa: `${sk.ours} prf ${prf} group ${ke}`,
      childsa: child.ours,
      ike: `${sk.theirs}-${theirPrf}-${theirKe}`,
      esp: child.theirs,
      encr: "",
      ke: "",
    };
  });
}
