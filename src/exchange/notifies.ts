/** Notifications as exchanges make and look for them (RFC 7296 §3.10). */
import { isErrorNotify, type NotifyPayload, type Payload } from "../wire/mod.ts";
import { type Failure, notifyFor } from "./reasons.ts";

const NOTHING = new Uint8Array(0);

/** A notification; `protocol` and `spi` only where it concerns one Child SA. */
export function notify(
  notifyType: number,
  data: Uint8Array = NOTHING,
  protocol = 0,
  spi: Uint8Array = NOTHING,
): NotifyPayload {
  return { type: "N", critical: false, protocol, spi, notifyType, data };
}

/** The first notification of a type. */
export function findNotify(payloads: readonly Payload[], notifyType: number): NotifyPayload | undefined {
  return payloads.find((one): one is NotifyPayload => one.type === "N" && one.notifyType === notifyType);
}

/** The first notification that reports an error, known to us or not (RFC 7296 §3.10.1). */
export function errorNotify(payloads: readonly Payload[]): NotifyPayload | undefined {
  return payloads.find((one): one is NotifyPayload => one.type === "N" && isErrorNotify(one.notifyType));
}

/** What the peer is told of a failure: one notification, or nothing. */
export function failureNotify(failure: Failure): readonly NotifyPayload[] {
  const told = notifyFor(failure);
  return told === undefined ? [] : [notify(told.type, told.data)];
}
