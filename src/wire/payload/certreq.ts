/**
 * Certificate Request payload (RFC 7296 §3.7).
 * ```
 *  | Cert Encoding |                                               |
 *  ~                    Certification Authority                    ~
 * ```
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import type { CertReqPayload } from "./types.ts";

export function parseCertReq(body: Reader, critical: boolean): CertReqPayload {
  return { type: "CERTREQ", critical, encoding: body.u8(), data: body.rest() };
}

export function emitCertReq(payload: CertReqPayload, out: Writer): void {
  out.u8(payload.encoding);
  out.octets(payload.data);
}

/** Octets of one SHA-1 hash of an authority's SubjectPublicKeyInfo (RFC 7296 §3.7). */
const AUTHORITY_HASH_LENGTH = 20;

/** The hashes of a request for X.509 certificates; undefined where the data is no list of them. */
export function authorityHashes(payload: CertReqPayload): readonly Uint8Array[] | undefined {
  const { data } = payload;
  if (data.length % AUTHORITY_HASH_LENGTH !== 0) return undefined;
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += AUTHORITY_HASH_LENGTH) {
    hashes.push(data.subarray(at, at + AUTHORITY_HASH_LENGTH));
  }
  return hashes;
}
