/**
 * Ciphers, MACs and PRFs without permissions: all that packets need. Key exchange is in `provider.ts`, because it is the
 * half of the code and the engine never does it.
 *
 * node:crypto where every supported Deno has the algorithm right and it is the faster, else @noble and des.js.
 */
import { ENCR } from "../../wire/registry.ts";
import { type EncrAlgorithm, encrAlgorithm, integAlgorithm, prfAlgorithm } from "../algorithms.ts";
import type { CryptoProvider, KeyExchange, PacketCipher } from "../provider.ts";
import { type Aead, aesGcm, aesGmac, chacha, PacketAead } from "./aead.ts";
import { aesCcm } from "./ccm.ts";
import { aesCbc, aesCtr, desCbc, nullCipher, packetCipher, type Transformation } from "./cipher.ts";
import { integMac, macPrf, packetMac, prfMac } from "./mac.ts";

const aeads: Readonly<Record<number, (key: Uint8Array) => Aead>> = {
  [ENCR.ENCR_AES_GCM_8]: aesGcm,
  [ENCR.ENCR_AES_GCM_12]: aesGcm,
  [ENCR.ENCR_AES_GCM_16]: aesGcm,
  [ENCR.ENCR_NULL_AUTH_AES_GMAC]: aesGmac,
  [ENCR.ENCR_AES_CCM_8]: aesCcm,
  [ENCR.ENCR_AES_CCM_12]: aesCcm,
  [ENCR.ENCR_AES_CCM_16]: aesCcm,
  [ENCR.ENCR_CHACHA20_POLY1305]: chacha,
};

const ciphers: Readonly<Record<number, (key: Uint8Array, seals: boolean) => Transformation>> = {
  [ENCR.ENCR_AES_CBC]: aesCbc,
  [ENCR.ENCR_AES_CTR]: aesCtr,
  [ENCR.ENCR_3DES]: desCbc,
  [ENCR.ENCR_DES]: desCbc,
  [ENCR.ENCR_NULL]: () => nullCipher,
};

/** The portable implementation without any key exchange. */
export function createPortablePackets(): CryptoProvider {
  return {
    name: "portable",
    hasEncr: (choice) => encrAlgorithm(choice) !== undefined && (choice.id in aeads || choice.id in ciphers),
    hasInteg: (id) => integMac(id) !== undefined,
    hasPrf: (id) => prfMac(id) !== undefined,
    hasKe: () => false,

    cipher(choice, key, direction) {
      const entry = present(encrAlgorithm(choice), "encryption", choice.id);
      if (key.length !== entry.keyLength + entry.saltLength) {
        throw new RangeError(`Key of ${key.length} octets for ${entry.ianaName}`);
      }
      return cipherOf(entry, key, direction === "seal");
    },

    mac(id, key) {
      const entry = present(integAlgorithm(id), "integrity", id);
      if (key.length !== entry.keyLength) {
        throw new RangeError(`Key of ${key.length} octets for ${entry.ianaName}`);
      }
      return packetMac(present(integMac(id), "integrity", id)(key), entry.icvLength);
    },

    prf(id, key) {
      present(prfAlgorithm(id), "prf", id);
      return macPrf(present(prfMac(id), "prf", id)(key));
    },

    keyExchange: (id) => present<KeyExchange>(undefined, "key exchange", id),
  };
}

function cipherOf(entry: EncrAlgorithm, key: Uint8Array, seals: boolean): PacketCipher {
  const makeAead = aeads[entry.id];
  if (makeAead !== undefined) return new PacketAead(entry, makeAead, key);
  return packetCipher(entry, present(ciphers[entry.id], "encryption", entry.id)(key, seals));
}

/** Callers ask `has…` first: an algorithm that is not there is our bug. */
export function present<T>(value: T | undefined, kind: string, id: number): T {
  if (value === undefined) throw new Error(`No implementation of ${kind} transform ${id}`);
  return value;
}
