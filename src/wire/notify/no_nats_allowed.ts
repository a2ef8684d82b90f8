/**
 * NO_NATS_ALLOWED (RFC 4555 §4.2.6): the addresses and ports that the sender put on the packet.
 * ```
 *  ~          Source IP address, destination IP address            ~
 *  |        Source port (16)       |     Destination port (16)     |
 * ```
 */
import { type Result, Writer } from "../../bytes/mod.ts";
import { addressFromOctets, addressToOctets, type Endpoint } from "../../ip/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readBody } from "./body.ts";

export interface NoNatsAllowed {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/** Octets of the body with IPv4 addresses; with IPv6 it has 36. */
const IPV4_LENGTH = 12;

export function parseNoNatsAllowed(payload: NotifyPayload): Result<NoNatsAllowed, WireError> {
  const length = payload.data.length === IPV4_LENGTH ? 4 : 16;
  return readBody(payload, (body) => {
    const source = addressFromOctets(body.take(length))!;
    const destination = addressFromOctets(body.take(length))!;
    return {
      source: { address: source, port: body.u16() },
      destination: { address: destination, port: body.u16() },
    };
  });
}

export function emitNoNatsAllowed({ source, destination }: NoNatsAllowed): NotifyPayload {
  if (source.address.family !== destination.address.family) throw new RangeError("Addresses of two families");
  const out = new Writer(36);
  out.octets(addressToOctets(source.address));
  out.octets(addressToOctets(destination.address));
  out.u16(source.port);
  out.u16(destination.port);
  return notifyPayload(NOTIFY.NO_NATS_ALLOWED, out.finish());
}
