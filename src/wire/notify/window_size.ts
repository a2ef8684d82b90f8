/** SET_WINDOW_SIZE (RFC 7296 §2.3): how many requests the peer may have outstanding. */
import type { Result } from "../../bytes/mod.ts";
import { Malformed, type WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { body32, notifyPayload, readBody } from "./body.ts";

export function parseWindowSize(payload: NotifyPayload): Result<number, WireError> {
  return readBody(payload, (body) => {
    const size = body.u32();
    if (size === 0) throw new Malformed("syntax", 0, "SET_WINDOW_SIZE of 0");
    return size;
  });
}

export function emitWindowSize(size: number): NotifyPayload {
  return notifyPayload(NOTIFY.SET_WINDOW_SIZE, body32(size));
}
