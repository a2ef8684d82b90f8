/** SIGNATURE_HASH_ALGORITHMS (RFC 7427 §4): hashes that the sender verifies signatures with, 2 octets each. */
import { type Result, Writer } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readBody } from "./body.ts";

/** Numbers of the registry `HASH_ALGORITHM`, unknown ones included. */
export function parseSignatureHashAlgorithms(payload: NotifyPayload): Result<number[], WireError> {
  return readBody(payload, (body) => {
    const hashes: number[] = [];
    while (body.remaining > 0) hashes.push(body.u16());
    return hashes;
  });
}

export function emitSignatureHashAlgorithms(hashes: readonly number[]): NotifyPayload {
  const out = new Writer(2 * hashes.length);
  for (const hash of hashes) out.u16(hash);
  return notifyPayload(NOTIFY.SIGNATURE_HASH_ALGORITHMS, out.finish());
}
