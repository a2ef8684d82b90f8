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

/** An address, network, name of a host, interface or group, `any` or `dynamic`. */
export type HostNode =
  | { readonly kind: "any"; readonly place: Place }
  | { readonly kind: "dynamic"; readonly place: Place }
  | { readonly kind: "prefix"; readonly prefix: Prefix; readonly place: Place }
  /** `length` is what stands behind a slash, in bits. */
  | { readonly kind: "name"; readonly name: string; readonly length?: number; readonly place: Place };

/** One end of a flow: what stands behind `from` or `to`. */
export interface EndNode {
  readonly host: HostNode;
  readonly port?: Text;
  /** What stands in parentheses: the true source. Only behind `from`. */
  readonly sourceNat?: HostNode;
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

/** A key or password, as octets. */
export interface SecretNode {
  readonly octets: Uint8Array;
  readonly place: Place;
}

/** How to authenticate, and where that is said. */
export type AuthNode =
  | { readonly kind: "psk"; readonly secret: SecretNode; readonly place: Place }
  | { readonly kind: "eap"; readonly type: Text; readonly place: Place }
  | { readonly kind: "signature"; readonly method: Text; readonly place: Place };

/** One `config` or `request`. */
export interface ConfigNode {
  readonly action: "config" | "request";
  readonly option: Text;
  readonly host: HostNode;
  readonly place: Place;
}

/** One `ikev2` statement; what was not written is absent. */
export interface PolicyNode {
  readonly place: Place;
  readonly name?: Text;
  /** `quick`, `skip` or `default`. */
  readonly evaluation?: Text;
  /** `active` or `passive`. */
  readonly mode?: Text;
  readonly ipcomp?: Text;
  /** `tunnel` or `transport`. */
  readonly tunnelMode?: Text;
  readonly natt?: Text;
  /** `esp` or `ah`. */
  readonly encapsulation?: Text;
  /** `inet` or `inet6`. */
  readonly family?: Text;
  readonly protocols: readonly Text[];
  readonly rdomain?: Amount;
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
  readonly auth?: AuthNode;
  readonly config: readonly ConfigNode[];
  readonly iface?: Text;
  readonly tag?: Text;
  readonly tap?: Text;
}

/** One `set` statement. */
export interface SetNode {
  readonly option: Text;
  readonly value?: Text;
  /** Of `ocsp`, in seconds. */
  readonly tolerate?: Amount;
  /** Of `ocsp`, in seconds. */
  readonly maxage?: Amount;
}

/** One `user` statement. */
export interface UserNode {
  readonly name: Text;
  readonly password: SecretNode;
  readonly place: Place;
}

/** One `radius` statement. */
export type RadiusNode =
  & { readonly place: Place }
  & (
    | {
      readonly kind: "server";
      readonly accounting: boolean;
      readonly address: Text;
      readonly port?: Text;
      readonly secret: SecretNode;
    }
    | {
      readonly kind: "max-tries" | "max-failovers";
      readonly accounting: boolean;
      readonly count: Text;
    }
    | {
      readonly kind: "config";
      readonly family?: Text;
      readonly option: Text;
      readonly vendor?: Text;
      readonly type: Text;
    }
    | { readonly kind: "listen"; readonly address: Text; readonly port?: Text }
    | { readonly kind: "client"; readonly address: Text; readonly secret: SecretNode }
  );

export interface ConfigurationNode {
  /** Where the file begins. */
  readonly place: Place;
  readonly sets: readonly SetNode[];
  readonly users: readonly UserNode[];
  readonly radius: readonly RadiusNode[];
  readonly policies: readonly PolicyNode[];
}
