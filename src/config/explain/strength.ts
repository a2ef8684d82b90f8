/** Proposals in words: what is offered, in which order, and how much work it is to break the weakest of it. */
import { encrAlgorithm, integAlgorithm, keAlgorithm, prfAlgorithm } from "../../crypto/algorithms.ts";
import type { KeAlgorithm } from "../../crypto/algorithms.ts";
import { type Choice, choicesOf, keywordOf, type TransformType } from "../../proposal/mod.ts";
import type { Proposal } from "../../proposal/types.ts";
import { ENCR, KE } from "../../wire/registry.ts";

/** Bits of strength of MODP groups by RFC 3526 §8, the lower estimate; for less than 1536 bits RFC 3766 §5. */
const MODP_BITS: readonly (readonly [modulus: number, strength: number])[] = [
  [8192, 190],
  [6144, 170],
  [4096, 150],
  [3072, 130],
  [2048, 110],
  [1536, 90],
  [1024, 73],
  [768, 63],
];

function keStrength({ family, bits, id }: KeAlgorithm): number {
  if (family === "modp" || family === "modp-subgroup") {
    const strength = MODP_BITS.find(([modulus]) => modulus <= bits)![1];
    return id === KE.MODP_1024_160 ? Math.min(strength, 80) : strength;
  }
  // Half of the bits of the curve's order; the hybrid is at least its curve
  if (family === "hybrid-kem") return 128;
  return id === KE.CURVE25519 ? 128 : id === KE.CURVE448 ? 224 : Math.floor(bits / 2);
}

/** Bits of strength of a choice: how many tries, as a power of two, breaking it takes. Undefined: it has no part in that. */
export function strengthOf(type: TransformType, choice: Choice): number | undefined {
  if (type === 4) {
    const entry = keAlgorithm(choice.id);
    return entry === undefined || entry.family === "none" ? undefined : keStrength(entry);
  }
  if (type !== 1) return undefined;
  const entry = encrAlgorithm(choice);
  if (entry === undefined) return undefined;
  if (choice.id === ENCR.ENCR_3DES) return 112;
  if (choice.id === ENCR.ENCR_DES) return 56;
  // Authentication alone encrypts nothing
  if (choice.id === ENCR.ENCR_NULL || choice.id === ENCR.ENCR_NULL_AUTH_AES_GMAC) return 0;
  return 8 * entry.keyLength;
}

function isInsecure(type: TransformType, choice: Choice): boolean {
  const entry = type === 1
    ? encrAlgorithm(choice)
    : type === 2
    ? prfAlgorithm(choice.id)
    : type === 3
    ? integAlgorithm(choice.id)
    : type === 4
    ? keAlgorithm(choice.id)
    : undefined;
  return entry?.insecure ?? false;
}

const PARTS = [
  [1, "enc"],
  [2, "prf"],
  [3, "auth"],
  [4, "group"],
  [5, ""],
] as const satisfies readonly (readonly [type: TransformType, lead: string])[];

function nameOf(type: TransformType, choice: Choice): string {
  return keywordOf(type, choice) ?? `transform ${choice.id}`;
}

/** `enc aes-128-gcm or aes-256-gcm, prf …`. */
function proposalInWords(proposal: Proposal): string {
  const { encr, prf, integ, ke, esn } = proposal;
  const lists = { 1: encr, 2: prf, 3: integ, 4: ke, 5: esn };
  return PARTS.flatMap(([type, lead]) => {
    if (lists[type].length === 0) return [];
    const names = choicesOf(proposal, type).map((choice) => nameOf(type, choice));
    return [`${lead} ${names.join(" or ")}`.trim()];
  }).join(", ");
}

/** The weakest of what may be agreed on, by bits. */
function weakest(proposals: readonly Proposal[]): { name: string; bits: number } | undefined {
  let found: { name: string; bits: number } | undefined;
  for (const proposal of proposals) {
    for (const type of [1, 4] as const) {
      for (const choice of choicesOf(proposal, type)) {
        const bits = strengthOf(type, choice);
        if (bits !== undefined && (found === undefined || bits < found.bits)) {
          found = { name: nameOf(type, choice), bits };
        }
      }
    }
  }
  return found;
}

function insecureNames(proposals: readonly Proposal[]): string[] {
  const names = proposals.flatMap((proposal) =>
    PARTS.flatMap(([type]) =>
      choicesOf(proposal, type).filter((choice) => isInsecure(type, choice)).map((choice) =>
        nameOf(type, choice)
      )
    )
  );
  return [...new Set(names)];
}

/** Policies share the defaults. */
const known = new WeakMap<readonly Proposal[], string>();

/** What proposals offer, in words: the first is what we like best. */
export function proposalsInWords(proposals: readonly Proposal[]): string {
  const text = known.get(proposals) ?? describe(proposals);
  known.set(proposals, text);
  return text;
}

function describe(proposals: readonly Proposal[]): string {
  const offers = proposals.length === 1
    ? proposalInWords(proposals[0]!)
    : proposals.map((proposal, at) => `(${at + 1}) ${proposalInWords(proposal)}`).join("; ");
  const least = weakest(proposals), insecure = insecureNames(proposals);
  const strength = least === undefined
    ? ""
    : least.bits === 0
    ? `. With ${least.name} nothing is encrypted`
    : `. The weakest of it is ${least.name}, about ${least.bits} bits of strength`;
  const warning = insecure.length === 0 ? "" : `. Insecure: ${insecure.join(", ")}`;
  return offers + strength + warning;
}
