/** COOKIE2 (RFC 4555 §4.2.5): 8 to 64 octets that the peer sends back: return routability. */
import type { Result } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readOctets } from "./body.ts";

export function parseCookie2(payload: NotifyPayload): Result<Uint8Array, WireError> {
  return readOctets(payload, 8, 64);
}

export function emitCookie2(cookie: Uint8Array): NotifyPayload {
  return notifyPayload(NOTIFY.COOKIE2, cookie);
}
