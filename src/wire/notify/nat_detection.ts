/** NAT_DETECTION_SOURCE_IP and _DESTINATION_IP (RFC 7296 §2.23): SHA-1 of SPIs, address and port, 20 octets. */
import type { Result } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readOctets } from "./body.ts";

export function parseNatDetection(payload: NotifyPayload): Result<Uint8Array, WireError> {
  return readOctets(payload, 20, 20);
}

export function emitNatDetection(end: "source" | "destination", digest: Uint8Array): NotifyPayload {
  const type = end === "source" ? NOTIFY.NAT_DETECTION_SOURCE_IP : NOTIFY.NAT_DETECTION_DESTINATION_IP;
  return notifyPayload(type, digest);
}
