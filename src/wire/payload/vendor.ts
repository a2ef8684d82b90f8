/** Vendor ID payload (RFC 7296 §3.12): octets that mean something to those who know them. */
import type { Reader, Writer } from "../../bytes/mod.ts";
import type { VendorIdPayload } from "./types.ts";

export function parseVendorId(body: Reader, critical: boolean): VendorIdPayload {
  return { type: "V", critical, data: body.rest() };
}

export function emitVendorId(payload: VendorIdPayload, out: Writer): void {
  out.octets(payload.data);
}
