/**
 * Which suites two engines negotiate so that every transform is used at least once: pairs of encryption and integrity
 * for the IKE SA and for ESP, key exchanges and PRFs in turn beside them.
 */
import {
  type AlgorithmEntry,
  algorithmName,
  type EncrAlgorithm,
  everyAlgorithm,
  type IntegAlgorithm,
} from "../../src/crypto/mod.ts";

/** What one negotiation is configured with; `pfs` is the key exchange of the Child SA's rekeying. */
export interface Suite {
  readonly ikeEncr: AlgorithmEntry;
  readonly ikeInteg?: AlgorithmEntry;
  readonly prf: AlgorithmEntry;
  readonly ke: AlgorithmEntry;
  readonly espEncr: AlgorithmEntry;
  readonly espInteg?: AlgorithmEntry;
  readonly pfs: AlgorithmEntry;
  readonly esn: boolean;
}

/** All entries of a suite. */
export function entriesOf(suite: Suite): readonly AlgorithmEntry[] {
  const { ikeEncr, ikeInteg, prf, ke, espEncr, espInteg, pfs } = suite;
  return [ikeEncr, ikeInteg, prf, ke, espEncr, espInteg, pfs].filter((entry) => entry !== undefined);
}

/** The words of iked.conf(5) behind `ikesa` and `childsa`. */
export function words(suite: Suite): { readonly ikesa: string; readonly childsa: string } {
  const auth = (entry?: AlgorithmEntry) => entry === undefined ? "" : ` auth ${algorithmName(entry)}`;
  const { ikeEncr, ikeInteg, prf, ke, espEncr, espInteg, pfs, esn } = suite;
  return {
    ikesa: `enc ${algorithmName(ikeEncr)}${auth(ikeInteg)} prf ${algorithmName(prf)} group ${
      algorithmName(ke)
    }`,
    childsa: `enc ${algorithmName(espEncr)}${auth(espInteg)} group ${algorithmName(pfs)} ${
      esn ? "esn" : "noesn"
    }`,
  };
}

type Combination = readonly [EncrAlgorithm, IntegAlgorithm?];

/** AEADs alone, the other ciphers and the integrity algorithms in pairs, each at least once. */
function combinations(
  encrs: readonly EncrAlgorithm[],
  integs: readonly IntegAlgorithm[],
): readonly Combination[] {
  const aeads = encrs.filter((entry) => entry.aead).map((entry) => [entry] as const);
  const plain = encrs.filter((entry) => !entry.aead);
  const count = plain.length === 0 || integs.length === 0 ? 0 : Math.max(plain.length, integs.length);
  const pairs = Array.from({ length: count }, (_, i) => {
    return [plain[i % plain.length]!, integs[i % integs.length]!] as const;
  });
  return [...aeads, ...pairs];
}

/** The fewest suites that have every entry for which `has` holds. */
export function suitesOf(has: (entry: AlgorithmEntry) => boolean): readonly Suite[] {
  const present = everyAlgorithm.filter(has);
  const encrs = present.filter((entry) => entry.kind === "encr");
  const integs = present.filter((entry) => entry.kind === "integ");
  const prfs = present.filter((entry) => entry.kind === "prf");
  const kes = present.filter((entry) => entry.kind === "ke");
  const ike = combinations(encrs.filter((entry) => entry.ike), integs.filter((entry) => entry.ike));
  const esp = combinations(encrs.filter((entry) => entry.child), integs.filter((entry) => entry.child));
  const lists = [ike, esp, prfs, kes];
  if (lists.some((list) => list.length === 0)) return [];
  return Array.from({ length: Math.max(...lists.map((list) => list.length)) }, (_, i) => {
    const [ikeEncr, ikeInteg] = ike[i % ike.length]!, [espEncr, espInteg] = esp[i % esp.length]!;
    return {
      ikeEncr,
      ...(ikeInteg && { ikeInteg }),
      prf: prfs[i % prfs.length]!,
      ke: kes[i % kes.length]!,
      espEncr,
      ...(espInteg && { espInteg }),
      pfs: kes[(i + 1) % kes.length]!,
      esn: i % 2 === 0,
    };
  });
}
