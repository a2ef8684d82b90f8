/**
 * Identification payloads (RFC 7296 §3.5).
 * ```
 *  |  ID Type (8)  |                 RESERVED (24)                 |
 *  ~                   Identification Data                         ~
 * ```
 */
import { type Reader, Writer } from "../../bytes/mod.ts";
import type { IdPayload } from "./types.ts";

export function parseId(type: "IDi" | "IDr", body: Reader, critical: boolean): IdPayload {
  const idType = body.u8();
  const reserved = (body.u8() << 16) | body.u16();
  const payload = { type, critical, idType, data: body.rest() };
  return reserved === 0 ? payload : { ...payload, reserved };
}

export function emitId(payload: IdPayload, out: Writer): void {
  const reserved = payload.reserved ?? 0;
  out.u8(payload.idType);
  out.u8(reserved >>> 16);
  out.u16(reserved & 0xffff);
  out.octets(payload.data);
}

/** The payload without its generic header: what AUTH covers (RFC 7296 §2.15, RestOfInitIDPayload). */
export function idBody(payload: IdPayload): Uint8Array {
  const out = new Writer(4 + payload.data.length);
  emitId(payload, out);
  return out.finish();
}
