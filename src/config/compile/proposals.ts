/** `ikesa` and `childsa` blocks to proposals (iked.conf(5), "CRYPTO TRANSFORMS"). */
import {
  type EncrAlgorithm,
  encrAlgorithms,
  encrChoice,
  integAlgorithms,
  keAlgorithms,
  prfAlgorithms,
} from "../../crypto/algorithms.ts";
import type { EncrChoice } from "../../crypto/provider.ts";
import type { Proposal, ProposalProtocol } from "../../proposal/types.ts";
import { ENCR, INTEG, KE, PRF } from "../../wire/registry.ts";
import type { SaNode, TransformNode } from "../ast.ts";
import { type Diagnostics, WARNINGS } from "../diagnostics.ts";
import { closest } from "../suggest.ts";

const aes = (id: number, ...sizes: number[]): EncrChoice[] => sizes.map((keyBits) => ({ id, keyBits }));
const PRFS = [PRF.PRF_HMAC_SHA2_256, PRF.PRF_HMAC_SHA2_384, PRF.PRF_HMAC_SHA2_512, PRF.PRF_HMAC_SHA1];
const INTEGS = [
  INTEG.AUTH_HMAC_SHA2_256_128,
  INTEG.AUTH_HMAC_SHA2_384_192,
  INTEG.AUTH_HMAC_SHA2_512_256,
  INTEG.AUTH_HMAC_SHA1_96,
];
const GROUPS = [
  KE.CURVE25519,
  KE.ECP_521,
  KE.ECP_384,
  KE.ECP_256,
  KE.MODP_4096,
  KE.MODP_3072,
  KE.MODP_2048,
  KE.MODP_1536,
  KE.MODP_1024,
];
const GCM = aes(ENCR.ENCR_AES_GCM_16, 128, 256);
const CBC = aes(ENCR.ENCR_AES_CBC, 256, 192, 128);

/** What a policy without `ikesa` offers: today's OpenIKED's defaults. */
export const DEFAULT_IKE: readonly Proposal[] = [
  { protocol: 1, encr: GCM, prf: PRFS, integ: [], ke: GROUPS, esn: [] },
  { protocol: 1, encr: [...CBC, { id: ENCR.ENCR_3DES }], prf: PRFS, integ: INTEGS, ke: GROUPS, esn: [] },
];

/** What a policy without `childsa` offers: today's OpenIKED's defaults. */
export const DEFAULT_ESP: readonly Proposal[] = [
  { protocol: 3, encr: GCM, prf: [], integ: [], ke: [], esn: [1, 0] },
  { protocol: 3, encr: CBC, prf: [], integ: INTEGS, ke: [], esn: [1, 0] },
];

/** What a policy with `ah` and without `childsa` offers: the same without encryption (RFC 4302). */
export const DEFAULT_AH: readonly Proposal[] = [
  { protocol: 2, encr: [], prf: [], integ: INTEGS, ke: [], esn: [1, 0] },
];

const AH = 2;

type Kind = "auth" | "enc" | "prf" | "group";
type Entry =
  | EncrAlgorithm
  | (typeof integAlgorithms)[number]
  | (typeof prfAlgorithms)[number]
  | (typeof keAlgorithms)[number];

const REGISTRIES: Readonly<Record<Kind, readonly Entry[]>> = {
  auth: integAlgorithms,
  enc: encrAlgorithms,
  prf: prfAlgorithms,
  group: keAlgorithms,
};

function namesOf(kind: Kind): readonly string[] {
  return REGISTRIES[kind].flatMap((entry) => entry.names);
}

const NAMES = { auth: namesOf("auth"), enc: namesOf("enc"), prf: namesOf("prf"), group: namesOf("group") };

function byName(kind: Kind): ReadonlyMap<string, Entry> {
  return new Map(REGISTRIES[kind].flatMap((entry) => entry.names.map((name) => [name, entry] as const)));
}

const BY_NAME = { auth: byName("auth"), enc: byName("enc"), prf: byName("prf"), group: byName("group") };
const MIN_PREFIX = 3;

/** The algorithm of a name, or the first whose name starts so, as in the original (with a warning). */
function algorithm(kind: Kind, { name }: TransformNode, diagnostics: Diagnostics): Entry | undefined {
  const text = name.text.toLowerCase();
  const exact = BY_NAME[kind].get(text);
  if (exact !== undefined) return exact;
  const names = NAMES[kind];
  const whole = text.length < MIN_PREFIX ? undefined : names.find((one) => one.startsWith(text));
  if (whole === undefined) {
    diagnostics.error(name.place, `unknown ${kind} "${name.text.slice(0, 64)}"`, () => closest(text, names));
    return undefined;
  }
  diagnostics.warn(WARNINGS.abbreviated, name.place, `"${name.text}" is taken for "${whole}"`, whole);
  return BY_NAME[kind].get(whole);
}

interface Lists {
  readonly encr: EncrChoice[];
  readonly prf: number[];
  readonly integ: number[];
  readonly ke: number[];
  readonly esn: (0 | 1)[];
}

function add<T>(list: T[], value: T, same: (a: T, b: T) => boolean = (a, b) => a === b): void {
  if (!list.some((one) => same(one, value))) list.push(value);
}

/** Reads one block; undefined where it has an error. */
class BlockReader {
  readonly lists: Lists = { encr: [], prf: [], integ: [], ke: [], esn: [] };
  #ciphers: "aead" | "plain" | undefined;
  #firstCipher = "";
  #firstAuth: TransformNode | undefined;
  #good = true;

  constructor(readonly sa: SaNode, readonly protocol: ProposalProtocol, readonly diagnostics: Diagnostics) {}

  read(): Lists | undefined {
    for (const transform of this.sa.transforms) this.#transform(transform);
    const auth = this.#firstAuth;
    if (this.#ciphers === "aead" && auth !== undefined) {
      this.#refuse(auth, `authentication is implicit with enc "${this.#firstCipher}": leave "auth" out`);
    }
    return this.#good ? this.lists : undefined;
  }

  /** Whether its ciphers authenticate by themselves; undefined where it has none. */
  get aead(): boolean | undefined {
    return this.#ciphers === undefined ? undefined : this.#ciphers === "aead";
  }

  #refuse({ name }: TransformNode, message: string): void {
    this.#good = false;
    this.diagnostics.error(name.place, message);
  }

  #transform(node: TransformNode): void {
    const ike = this.sa.block === "ikesa";
    const { kind, name } = node;
    if (kind === "esn") {
      if (ike) {
        this.#refuse(node, `"${name.text}" belongs behind "childsa": an IKE SA has no sequence numbers`);
      } else add(this.lists.esn, name.text === "esn" ? 1 : 0);
      return;
    }
    const entry = algorithm(kind, node, this.diagnostics);
    if (entry === undefined) {
      this.#good = false;
      return;
    }
    if (kind === "prf" && !ike) {
      this.diagnostics.warn(WARNINGS.noEffect, name.place, '"prf" has no effect in childsa');
      return;
    }
    if (ike && !entry.ike) {
      const why = entry.kind === "ke" ? "an IKE SA needs a key exchange" : "it is for ESP only";
      this.#refuse(node, `${kind} "${name.text}" cannot stand in ikesa: ${why}`);
      return;
    }
    if (!ike && !entry.child) {
      this.#refuse(node, `${kind} "${name.text}" cannot stand in childsa`);
      return;
    }
    if (this.protocol === AH && entry.kind === "encr") {
      this.#refuse(node, 'AH does not encrypt: leave "enc" out, or write "esp"');
      return;
    }
    if (entry.insecure) {
      this.diagnostics.warn(WARNINGS.insecure, name.place, `${kind} "${name.text}" is insecure`);
    }
    this.#add(node, entry);
  }

  #add(node: TransformNode, entry: Entry): void {
    switch (entry.kind) {
      case "encr": {
        const ciphers = entry.aead ? "aead" : "plain";
        if (this.#ciphers !== undefined && this.#ciphers !== ciphers) {
          const message = `enc "${node.name.text}" cannot stand in one block with "${this.#firstCipher}": ` +
            "write a second block";
          this.#refuse(node, message);
          return;
        }
        this.#ciphers = ciphers;
        this.#firstCipher ||= node.name.text;
        add(this.lists.encr, encrChoice(entry), (a, b) => a.id === b.id && a.keyBits === b.keyBits);
        break;
      }
      case "integ":
        this.#firstAuth ??= node;
        add(this.lists.integ, entry.id);
        break;
      case "prf":
        add(this.lists.prf, entry.id);
        break;
      case "ke":
        add(this.lists.ke, entry.id);
    }
  }
}

function or<T>(list: readonly T[], standard: readonly T[]): readonly T[] {
  return list.length > 0 ? list : standard;
}

/**
 * The proposals of one block. What it does not say comes from the default that its ciphers fit; without ciphers from
 * both defaults, or with `auth` from the one that has it.
 */
function proposalsOf(sa: SaNode, defaults: readonly Proposal[], diagnostics: Diagnostics): Proposal[] {
  const reader = new BlockReader(sa, defaults[0]!.protocol, diagnostics);
  const lists = reader.read();
  if (lists === undefined) return [];
  const aead = reader.aead ?? (lists.integ.length > 0 ? false : undefined);
  const bases = aead === undefined || defaults === DEFAULT_AH
    ? defaults
    : defaults.filter((one) => (one.integ.length === 0) === aead);
  return bases.map((base) => ({
    protocol: base.protocol,
    encr: or(lists.encr, base.encr),
    prf: or(lists.prf, base.prf),
    integ: or(lists.integ, base.integ),
    ke: or(lists.ke, base.ke),
    esn: or(lists.esn, base.esn),
  }));
}

/** All proposals of a policy for the IKE SA or for Child SAs, in order; the defaults where it has no such block. */
export function compileProposals(
  sas: readonly SaNode[],
  block: SaNode["block"],
  encapsulation: "esp" | "ah",
  diagnostics: Diagnostics,
): readonly Proposal[] {
  const defaults = block === "ikesa" ? DEFAULT_IKE : encapsulation === "ah" ? DEFAULT_AH : DEFAULT_ESP;
  const own = sas.filter((sa) => sa.block === block);
  return own.length === 0 ? defaults : own.flatMap((sa) => proposalsOf(sa, defaults, diagnostics));
}
