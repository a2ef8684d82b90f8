import { ascii } from "../bytes/mod.ts";
import type { VendorIdPayload } from "../wire/mod.ts";
import type { World } from "./context.ts";

/** Our Vendor ID (RFC 7296 §3.12), none where the configuration turns it off. */
export function vendorId(world: World): VendorIdPayload[] {
  return world.globals.vendorId ? [{ type: "V", critical: false, data: ascii(`iked-${world.version}`) }] : [];
}
