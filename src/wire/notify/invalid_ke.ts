/** INVALID_KE_PAYLOAD (RFC 7296 §1.3, §3.10.1): the key exchange method to try instead. */
import type { Result } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { body16, notifyPayload, readBody } from "./body.ts";

export function parseInvalidKe(payload: NotifyPayload): Result<number, WireError> {
  return readBody(payload, (body) => body.u16());
}

export function emitInvalidKe(method: number): NotifyPayload {
  return notifyPayload(NOTIFY.INVALID_KE_PAYLOAD, body16(method));
}
