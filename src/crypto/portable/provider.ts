/**
 * The implementation that needs no permission and answers at once: it serves the engine always, and the key holder
 * and the data path where there is no libcrypto.
 */
import { keAlgorithm } from "../algorithms.ts";
import type { CryptoProvider, Random } from "../provider.ts";
import { portableKe } from "./key_exchange.ts";
import { createPortablePackets, present } from "./packets.ts";

/** The portable implementation; private values of key exchanges come from `random`. */
export function createPortable(random: Random): CryptoProvider {
  return {
    ...createPortablePackets(),
    hasKe: (id) => portableKe(id) !== undefined,
    keyExchange(id) {
      present(keAlgorithm(id), "key exchange", id);
      return present(portableKe(id), "key exchange", id)(random);
    },
  };
}
