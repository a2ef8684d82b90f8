/** A payload of a type that this codec does not know: its octets survive decode and encode (RFC 7296 §2.5). */
import type { Reader, Writer } from "../../bytes/mod.ts";
import type { UnknownPayload } from "./types.ts";

export function parseUnknown(typeNumber: number, body: Reader, critical: boolean): UnknownPayload {
  return { type: "unknown", critical, typeNumber, data: body.rest() };
}

export function emitUnknown(payload: UnknownPayload, out: Writer): void {
  out.octets(payload.data);
}
