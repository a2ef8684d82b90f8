/** A cipher that does some things in another way. */
import type { PacketCipher } from "../../src/crypto/provider.ts";

export function changedCipher(cipher: PacketCipher, changes: Partial<PacketCipher>): PacketCipher {
  const { ivLength, icvLength, blockLength } = cipher;
  return {
    ivLength,
    icvLength,
    blockLength,
    seal: (...what) => cipher.seal(...what),
    open: (...what) => cipher.open(...what),
    wipe: () => cipher.wipe(),
    ...changes,
  };
}
