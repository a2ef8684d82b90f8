/** INVALID_MESSAGE_ID (RFC 7296 §2.3): the message ID that was outside the window. */
import type { Result } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { body32, notifyPayload, readBody } from "./body.ts";

export function parseInvalidMessageId(payload: NotifyPayload): Result<number, WireError> {
  return readBody(payload, (body) => body.u32());
}

export function emitInvalidMessageId(messageId: number): NotifyPayload {
  return notifyPayload(NOTIFY.INVALID_MESSAGE_ID, body32(messageId));
}
