/** ADDITIONAL_IP4_ADDRESS and ADDITIONAL_IP6_ADDRESS (RFC 4555 §4.2.2): 4 or 16 octets of address. */
import type { Result } from "../../bytes/mod.ts";
import { addressFromOctets, addressToOctets, type IpAddress } from "../../ip/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readBody } from "./body.ts";

export function parseAdditionalAddress(payload: NotifyPayload): Result<IpAddress, WireError> {
  const length = payload.notifyType === NOTIFY.ADDITIONAL_IP4_ADDRESS ? 4 : 16;
  return readBody(payload, (body) => addressFromOctets(body.take(length))!);
}

export function emitAdditionalAddress(address: IpAddress): NotifyPayload {
  const type = address.family === 4 ? NOTIFY.ADDITIONAL_IP4_ADDRESS : NOTIFY.ADDITIONAL_IP6_ADDRESS;
  return notifyPayload(type, addressToOctets(address));
}
