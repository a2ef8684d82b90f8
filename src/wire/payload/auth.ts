/**
 * Authentication payload (RFC 7296 §3.8).
 * ```
 *  |  Auth Method  |                 RESERVED (24)                 |
 *  ~                      Authentication Data                      ~
 * ```
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import type { AuthPayload } from "./types.ts";

export function parseAuth(body: Reader, critical: boolean): AuthPayload {
  const method = body.u8();
  body.take(3);
  return { type: "AUTH", critical, method, data: body.rest() };
}

export function emitAuth(payload: AuthPayload, out: Writer): void {
  out.u8(payload.method);
  out.zeros(3);
  out.octets(payload.data);
}
