/** Counts ciphers and MACs that have not been wiped: each has a copy of a key. */
import type { CryptoProvider } from "../../src/crypto/provider.ts";

export interface CountedProvider {
  readonly provider: CryptoProvider;
  /** How many there are that have not been wiped. */
  live(): number;
}

/** `provider`, whose ciphers and MACs are counted. */
export function countedProvider(provider: CryptoProvider): CountedProvider {
  const live = new Set<object>();
  const counted = <T extends { wipe(): void }>(made: T): T => {
    const wipe = made.wipe.bind(made);
    made.wipe = () => {
      live.delete(made);
      wipe();
    };
    live.add(made);
    return made;
  };
  return {
    provider: {
      ...provider,
      cipher: (...how) => counted(provider.cipher(...how)),
      mac: (...how) => counted(provider.mac(...how)),
    },
    live: () => live.size,
  };
}
