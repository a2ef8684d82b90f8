/** QUICK_CRASH_DETECTION (RFC 6290 §4.1): a token of 16 to 128 octets, for protocol IKE. */
import type { Result } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { PROTOCOL } from "../registry/message.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readOctets } from "./body.ts";

export function parseQcdToken(payload: NotifyPayload): Result<Uint8Array, WireError> {
  return readOctets(payload, 16, 128);
}

export function emitQcdToken(token: Uint8Array): NotifyPayload {
  return notifyPayload(NOTIFY.QUICK_CRASH_DETECTION, token, PROTOCOL.IKE);
}
