/** Warnings about algorithms that a host does not have; whoever has them all pays next to nothing. */
import { encrAlgorithm, integAlgorithm, keAlgorithm, prfAlgorithm } from "../../src/crypto/algorithms.ts";
import { type AlgorithmEntry, isBeyondPortable } from "../../src/crypto/inventory.ts";
import type { EngineConfiguration } from "../../src/policy/types.ts";

/** Each algorithm that some policy proposes. */
function configured({ policies }: EngineConfiguration): readonly AlgorithmEntry[] {
  const proposals = policies.flatMap((
    { ikeProposals, childProposals },
  ) => [...ikeProposals, ...childProposals]);
  const entries = proposals.flatMap(({ encr, integ, prf, ke }) => [
    ...encr.map(encrAlgorithm),
    ...integ.map(integAlgorithm),
    ...prf.map(prfAlgorithm),
    ...ke.map(keAlgorithm),
  ]);
  return [...new Set(entries)].filter((entry) => entry !== undefined);
}

/** What there is to warn of, a line each. `libcrypto` is its path. */
export async function cryptoWarnings(
  configuration: EngineConfiguration,
  libcrypto: string | undefined,
): Promise<readonly string[]> {
  const rare = configured(configuration).filter(isBeyondPortable);
  if (libcrypto !== undefined && rare.length === 0) return [];
  const { notThere, withoutLibcrypto } = await import("./crypto_gap.ts");
  const warnings = libcrypto === undefined ? [withoutLibcrypto()] : [];
  const gap = rare.length === 0 ? undefined : notThere(rare, libcrypto);
  return gap === undefined ? warnings : [...warnings, gap];
}
