/** Algorithms by their numbers in PF_KEY (SADB_EALG_…, SADB_AALG_…): those that Linux takes by this interface. */
import type { KernelAlgorithms } from "../kernel/algorithms.ts";

const CIPHERS: ReadonlyMap<string, number> = new Map([
  ["cbc(des)", 2],
  ["cbc(des3_ede)", 3],
  ["cbc(cast5)", 6],
  ["cbc(blowfish)", 7],
  ["ecb(cipher_null)", 11],
  ["cbc(aes)", 12],
  ["rfc3686(ctr(aes))", 13],
]);

/** The interface has no word for the length of the ICV: it is what Linux has for the number, in octets. */
const MACS: ReadonlyMap<string, { readonly number: number; readonly icvLength: number }> = new Map([
  ["hmac(md5)", { number: 2, icvLength: 12 }],
  ["hmac(sha1)", { number: 3, icvLength: 12 }],
  ["hmac(sha256)", { number: 5, icvLength: 12 }],
  ["hmac(sha384)", { number: 6, icvLength: 24 }],
  ["hmac(sha512)", { number: 7, icvLength: 32 }],
  ["xcbc(aes)", { number: 9, icvLength: 12 }],
]);

const ADVICE = "write childsa enc aes-256 auth hmac-sha2-512 auth hmac-sha1 noesn, or use -K xfrm";

/** Numbers of the algorithms of an SA; 0 is none. */
export interface AlgorithmNumbers {
  readonly auth: number;
  readonly encrypt: number;
}

/** The numbers of these algorithms; a message where PF_KEY has none. */
export function algorithmNumbers(
  { aead, cipher, mac }: KernelAlgorithms,
): AlgorithmNumbers | { readonly message: string } {
  if (aead !== undefined) {
    return { message: `PF_KEY has no combined-mode algorithms such as ${aead.name}: ${ADVICE}` };
  }
  const encrypt = cipher === undefined ? 0 : CIPHERS.get(cipher.name);
  if (encrypt === undefined) return { message: `PF_KEY has no number for ${cipher?.name}: ${ADVICE}` };
  if (mac === undefined) return { auth: 0, encrypt };
  const known = MACS.get(mac.name);
  if (known === undefined) return { message: `PF_KEY has no number for ${mac.name}: ${ADVICE}` };
  if (known.icvLength !== mac.icvLength) {
    const bits = [known.icvLength, mac.icvLength].map((length) => 8 * length);
    const cut = `by PF_KEY Linux cuts ${mac.name} to ${bits[0]} bits, where IKEv2 has ${bits[1]}`;
    return { message: `${cut}: ${ADVICE}` };
  }
  return { auth: known.number, encrypt };
}

/** The algorithms of an SA that the kernel tells of; those without a name are left out. */
export function algorithmsOf(
  { auth, encrypt }: AlgorithmNumbers,
  authKey: Uint8Array,
  encryptKey: Uint8Array,
): KernelAlgorithms {
  const cipher = [...CIPHERS].find(([, number]) => number === encrypt)?.[0];
  const mac = [...MACS].find(([, { number }]) => number === auth);
  return {
    ...(cipher === undefined ? {} : { cipher: { name: cipher, key: encryptKey } }),
    ...(mac === undefined ? {} : { mac: { name: mac[0], key: authKey, icvLength: mac[1].icvLength } }),
  };
}
