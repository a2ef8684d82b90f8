/**
 * What a configuration may ask for and the engine cannot do yet: the only list. A row goes when its feature comes.
 * Such a configuration is valid; the daemon does not start with it.
 */
import type { SourcePlace } from "../policy/types.ts";
import type { DatapathName } from "./compile/types.ts";
import type { Diagnostic } from "./diagnostics.ts";

/** What a configuration asks for beyond plain ESP tunnels with pre-shared keys. */
export type Feature =
  | "ah"
  | "cert_partial_chain"
  | "config"
  | "dynamic"
  | "eap"
  | "fragmentation"
  | "iface"
  | "ipcomp"
  | "mobike"
  | "ocsp"
  | "radius"
  | "rdomain"
  | "request"
  | "signature"
  | "stickyaddress"
  | "tag"
  | "tap"
  | "transport";

/** A feature, and where the configuration asks for it. */
export interface FeatureUse {
  readonly feature: Feature;
  readonly where: SourcePlace;
}

interface Limit {
  /** What this version does instead. */
  readonly reason: string;
  /** Data paths that it is about; all where absent. */
  readonly datapaths?: readonly DatapathName[];
}

const PSK_ONLY = "this version authenticates with pre-shared keys alone: write psk";
const NO_ADDRESSES = "this version leases no addresses and asks for none";

const LIMITS: Readonly<Partial<Record<Feature, Limit>>> = {
  "ah": { reason: "it does ESP alone: use -K xfrm, or write esp", datapaths: ["userland"] },
  "cert_partial_chain": { reason: "this version checks no certificates" },
  "config": { reason: NO_ADDRESSES },
  "dynamic": { reason: NO_ADDRESSES },
  "eap": { reason: PSK_ONLY },
  "fragmentation": { reason: "this version sends no IKE fragments: leave it out, or write nofragmentation" },
  "iface": {
    reason: "an interface of the tunnel is the kernel's, over netlink alone: use -K xfrm, or leave iface out",
    datapaths: ["userland", "pfkey"],
  },
  "ipcomp": {
    reason: "packets are compressed by the kernel, over netlink alone: use -K xfrm, or leave ipcomp out",
    datapaths: ["userland", "pfkey"],
  },
  "mobike": { reason: "this version keeps the addresses of an IKE SA: leave it out, or write nomobike" },
  "ocsp": { reason: "this version checks no certificates" },
  "radius": { reason: "this version asks no RADIUS server" },
  "rdomain": { reason: "this version knows one routing domain" },
  "request": { reason: NO_ADDRESSES },
  "signature": { reason: PSK_ONLY },
  "stickyaddress": { reason: NO_ADDRESSES },
  "tag": {
    reason:
      "packets get their mark from the kernel's IPsec, over netlink alone: use -K xfrm, or leave tag out",
    datapaths: ["userland", "pfkey"],
  },
  "tap": { reason: "this version has no interface for decapsulated packets" },
  "transport": { reason: "it does tunnel mode alone: use -K xfrm, or write tunnel", datapaths: ["userland"] },
};

/** Why a feature does not work with a data path; undefined where it does. */
export function limitOf(feature: Feature, datapath: DatapathName): string | undefined {
  const limit = LIMITS[feature];
  if (limit === undefined || limit.datapaths?.includes(datapath) === false) return undefined;
  return limit.reason;
}

/** The first of these that does not work with the data path, as an error of one line. */
export function firstUnsupported(
  uses: readonly FeatureUse[],
  datapath: DatapathName,
): Diagnostic | undefined {
  for (const { feature, where } of uses) {
    const reason = limitOf(feature, datapath);
    if (reason === undefined) continue;
    const message = LIMITS[feature]?.datapaths === undefined
      ? `${feature} is not supported yet: ${reason}`
      : `${feature} does not work with the data path ${datapath}: ${reason}`;
    return { severity: "error", message, where };
  }
  return undefined;
}
