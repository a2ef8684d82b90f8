/** What the parser makes of an iked.conf(5): its statements, macros expanded, names not yet looked up. */
import type { Prefix } from "../ip/mod.ts";
import type { Place } from "./source.ts";

/** A word or string and where it stands. */
export interface Text {
  readonly text: string;
  readonly place: Place;
}

/** A number with its unit applied. */
export interface Amount {
  readonly value: number;
  readonly place: Place;
}

/** An address, network, name or `any`. */
export type HostNode =
  | { readonly kind: "any"; readonly place: Place }
  | { readonly kind: "prefix"; readonly prefix: Prefix; readonly place: Place }
  | { readonly kind: "name"; readonly name: string; readonly place: Place };

/** One end of a flow: what stands behind `from` or `to`. */
export interface EndNode {
  readonly host: HostNode;
  readonly port?: Text;
}

export interface FlowNode {
  readonly from: EndNode;
  readonly to: EndNode;
  readonly place: Place;
}

/** One transform of an `ikesa` or `childsa`; `esn` and `noesn` are names of kind `esn`. */
export interface TransformNode {
  readonly kind: "auth" | "enc" | "prf" | "group" | "esn";
  readonly name: Text;
}

/** One `ikesa` or `childsa` block: a proposal. */
export interface SaNode {
  readonly block: "ikesa" | "childsa";
  readonly transforms: readonly TransformNode[];
  readonly place: Place;
}

/** A pre-shared key, as octets. */
export interface SecretNode {
  readonly octets: Uint8Array;
  readonly place: Place;
}

/** One `ikev2` statement; what was not written is absent. */
export interface PolicyNode {
  readonly place: Place;
  readonly name?: Text;
  readonly evaluation?: Text;
  readonly mode?: Text;
  readonly natt: boolean;
  readonly family?: Text;
  readonly protocols: readonly Text[];
  readonly flows: readonly FlowNode[];
  readonly local?: HostNode;
  readonly peer?: HostNode;
  readonly sas: readonly SaNode[];
  readonly srcid?: Text;
  readonly dstid?: Text;
  /** Seconds. */
  readonly ikeLifetime?: Amount;
  /** Seconds. */
  readonly lifetime?: Amount;
  /** Octets. */
  readonly lifetimeBytes?: Amount;
  readonly psk?: SecretNode;
}

/** One `set` statement. */
export interface SetNode {
  readonly option: Text;
  readonly value?: Text;
}

export interface ConfigurationNode {
  /** Where the file begins. */
  readonly place: Place;
  readonly sets: readonly SetNode[];
  readonly policies: readonly PolicyNode[];
}
