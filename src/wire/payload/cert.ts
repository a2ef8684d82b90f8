/**
 * Certificate payload (RFC 7296 §3.6).
 * ```
 *  | Cert Encoding |                                               |
 *  ~                       Certificate Data                        ~
 * ```
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import type { CertPayload } from "./types.ts";

export function parseCert(body: Reader, critical: boolean): CertPayload {
  return { type: "CERT", critical, encoding: body.u8(), data: body.rest() };
}

export function emitCert(payload: CertPayload, out: Writer): void {
  out.u8(payload.encoding);
  out.octets(payload.data);
}
