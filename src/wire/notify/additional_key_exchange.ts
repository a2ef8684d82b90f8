/** ADDITIONAL_KEY_EXCHANGE (RFC 9370 §2.2.4): links IKE_FOLLOWUP_KE to its CREATE_CHILD_SA; opaque to the peer. */
import type { Result } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readOctets } from "./body.ts";

export function parseAdditionalKeyExchange(payload: NotifyPayload): Result<Uint8Array, WireError> {
  return readOctets(payload, 1, 0xffff);
}

export function emitAdditionalKeyExchange(link: Uint8Array): NotifyPayload {
  return notifyPayload(NOTIFY.ADDITIONAL_KEY_EXCHANGE, link);
}
