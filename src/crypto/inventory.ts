/** The registry as one list, and which of it a provider has. */
import {
  type EncrAlgorithm,
  encrAlgorithms,
  encrChoice,
  type IntegAlgorithm,
  integAlgorithms,
  type KeAlgorithm,
  keAlgorithms,
  type PrfAlgorithm,
  prfAlgorithms,
} from "./algorithms.ts";
import { ENCR } from "../wire/registry.ts";
import type { CryptoProvider } from "./provider.ts";

/** Any entry of the registry; `kind` tells which. */
export type AlgorithmEntry = EncrAlgorithm | IntegAlgorithm | PrfAlgorithm | KeAlgorithm;

/** Every entry, by kind, in the registry's order; without NONE, which is no key exchange. */
export const everyAlgorithm: readonly AlgorithmEntry[] = Object.freeze([
  ...encrAlgorithms,
  ...integAlgorithms,
  ...prfAlgorithms,
  ...keAlgorithms.filter((entry) => entry.family !== "none"),
]);

/** Whether a provider has it. */
export function provides(provider: CryptoProvider, entry: AlgorithmEntry): boolean {
  switch (entry.kind) {
    case "encr":
      return provider.hasEncr(encrChoice(entry));
    case "integ":
      return provider.hasInteg(entry.id);
    case "prf":
      return provider.hasPrf(entry.id);
    case "ke":
      return provider.hasKe(entry.id);
  }
}

/** What it is called in iked.conf(5), or by IANA where it cannot be configured. */
export function algorithmName(entry: AlgorithmEntry): string {
  return entry.names[0] ?? entry.ianaName;
}

/** What the implementation without a library does not have: known without loading it. */
export function isBeyondPortable(entry: AlgorithmEntry): boolean {
  if (entry.kind === "ke") return entry.family === "ec2n" || entry.family === "hybrid-kem";
  return entry.kind === "encr" && (entry.id === ENCR.ENCR_BLOWFISH || entry.id === ENCR.ENCR_CAST);
}
