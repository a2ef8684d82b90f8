/** The one host that an endpoint of a policy may be. */
import { addressBits, type IpAddress } from "../ip/mod.ts";
import type { HostSpec } from "../policy/mod.ts";

/** The address of an endpoint that is one host; of a name with several addresses each try takes the next. */
export function hostOf(spec: HostSpec, tries: number): IpAddress | undefined {
  switch (spec.kind) {
    case "any":
      return undefined;
    case "network":
      return spec.prefix.length === addressBits(spec.prefix.address.family) ? spec.prefix.address : undefined;
    case "name":
      return spec.addresses[tries % Math.max(spec.addresses.length, 1)];
  }
}
