/** What compiling takes and gives. */
import type { SecretRef } from "../../bytes/mod.ts";
import type { RadiusSettings } from "../../policy/radius.ts";
import type { EngineConfiguration, Globals } from "../../policy/types.ts";
import type { FeatureUse } from "../unsupported.ts";

/** Data paths that `set datapath` may name. */
export const DATAPATHS = ["userland", "xfrm", "pfkey", "none"] as const;
export type DatapathName = (typeof DATAPATHS)[number];

/** Those of which one is taken where nobody says which: the first that can do what the configuration asks for. */
export const AUTOMATIC_DATAPATHS = ["xfrm", "userland"] as const satisfies readonly DatapathName[];

/** `set ocsp`: the responder that is asked where a certificate names none. */
export interface OcspSettings {
  readonly url: string;
  /** How far the times of an answer may be off; 0: they are not looked at. */
  readonly toleranceMs: number;
  /** How old an answer may be; absent: as old as it says. */
  readonly maxAgeMs?: number;
}

/** Settings that do not concern the engine. */
export interface ConfigurationOptions {
  readonly datapath?: DatapathName;
  readonly ocsp?: OcspSettings;
  /** `set cert_partial_chain`: an intermediate certificate may be the anchor. */
  readonly certPartialChain?: boolean;
  readonly radius?: RadiusSettings;
}

/** A secret on its way to the key holder. */
export interface ConfiguredSecret {
  readonly ref: SecretRef;
  readonly octets: Uint8Array;
}

/** A configuration that has no error. */
export interface Compiled {
  readonly configuration: EngineConfiguration;
  readonly secrets: readonly ConfiguredSecret[];
  readonly options: ConfigurationOptions;
  /** What it asks for beyond plain ESP tunnels with pre-shared keys, each with its place. */
  readonly uses: readonly FeatureUse[];
}

/** What the command line decides. */
export interface CommandLine {
  /** `-S`: passive whatever the file says. */
  readonly passive?: boolean;
  readonly natt?: Globals["natt"];
}
