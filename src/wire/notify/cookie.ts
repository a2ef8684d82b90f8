/** COOKIE (RFC 7296 §2.6, §3.10.1): 1 to 64 octets that only their maker understands. */
import type { Result } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readOctets } from "./body.ts";

export function parseCookie(payload: NotifyPayload): Result<Uint8Array, WireError> {
  return readOctets(payload, 1, 64);
}

export function emitCookie(cookie: Uint8Array): NotifyPayload {
  return notifyPayload(NOTIFY.COOKIE, cookie);
}
