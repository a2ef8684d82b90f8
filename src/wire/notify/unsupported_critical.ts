/** UNSUPPORTED_CRITICAL_PAYLOAD (RFC 7296 §2.5): type of the payload that was not understood. */
import type { Result } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readBody } from "./body.ts";

export function parseUnsupportedCritical(payload: NotifyPayload): Result<number, WireError> {
  return readBody(payload, (body) => body.u8());
}

export function emitUnsupportedCritical(payloadType: number): NotifyPayload {
  return notifyPayload(NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(payloadType));
}
