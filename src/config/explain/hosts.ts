/** Endpoints of policies in words, and whether two of them have an address in common. */
import {
  addressBits,
  formatAddress,
  formatPrefix,
  intersectRanges,
  rangeOfAddress,
  rangeOfPrefix,
} from "../../ip/mod.ts";
import type { AddressRange } from "../../ip/mod.ts";
import type { HostSpec } from "../../policy/types.ts";

/** Whether it is one host, which we can call: one address, or a name that has one. */
export function isHost(spec: HostSpec): boolean {
  if (spec.kind === "network") return spec.prefix.length === addressBits(spec.prefix.address.family);
  return spec.kind === "name";
}

/** An endpoint in words. */
export function hostInWords(spec: HostSpec): string {
  switch (spec.kind) {
    case "any":
      return "any address";
    case "network":
      return isHost(spec) ? formatPrefix(spec.prefix) : `any address of ${formatPrefix(spec.prefix)}`;
    case "name": {
      const addresses = spec.addresses.map(formatAddress).join(", ");
      return `${spec.name} (${addresses === "" ? "which has no address now" : `now ${addresses}`})`;
    }
  }
}

function rangesOf(spec: HostSpec): readonly AddressRange[] {
  if (spec.kind === "network") return [rangeOfPrefix(spec.prefix)];
  return spec.kind === "name" ? spec.addresses.map(rangeOfAddress) : [];
}

/** Whether some address is of both. */
export function hostsMeet(a: HostSpec, b: HostSpec): boolean {
  if (a.kind === "any") return b.kind !== "name" || b.addresses.length > 0;
  if (b.kind === "any") return hostsMeet(b, a);
  return rangesOf(a).some((one) => rangesOf(b).some((other) => intersectRanges(one, other) !== undefined));
}
