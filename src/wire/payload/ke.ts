/**
 * Key Exchange payload (RFC 7296 §3.4).
 * ```
 *  |   Key Exchange Method (16)    |         RESERVED (16)         |
 *  ~                       Key Exchange Data                       ~
 * ```
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import type { KePayload } from "./types.ts";

export function parseKe(body: Reader, critical: boolean): KePayload {
  const group = body.u16();
  body.u16();
  return { type: "KE", critical, group, data: body.rest() };
}

export function emitKe(payload: KePayload, out: Writer): void {
  out.u16(payload.group);
  out.u16(0);
  out.octets(payload.data);
}
