/** AUTH_LIFETIME (RFC 4478 §3): seconds after which the peer has to authenticate again. */
import type { Result } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { body32, notifyPayload, readBody } from "./body.ts";

export function parseAuthLifetime(payload: NotifyPayload): Result<number, WireError> {
  return readBody(payload, (body) => body.u32());
}

export function emitAuthLifetime(seconds: number): NotifyPayload {
  return notifyPayload(NOTIFY.AUTH_LIFETIME, body32(seconds));
}
