/**
 * REDIRECT and REDIRECTED_FROM (RFC 5685 §7.2, §7.3).
 * ```
 *  | GW Ident Type |  GW Ident Len |                               |
 *  ~                   New Responder GW Identity                   ~
 *  ~                   Nonce Data (REDIRECT in IKE_SA_INIT)        ~
 * ```
 */
import { ascii, type Reader, type Result, Writer } from "../../bytes/mod.ts";
import { addressFromOctets, addressToOctets, type IpAddress } from "../../ip/mod.ts";
import { Malformed, type WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { GATEWAY_ID } from "../registry/configuration.ts";
import { NOTIFY } from "../registry/notify.ts";
import { NOTHING, notifyPayload, readBody } from "./body.ts";

/** A gateway: its address, or its FQDN in ASCII. */
export type GatewayIdentity = { readonly address: IpAddress } | { readonly fqdn: string };

export interface Redirect {
  readonly gateway: GatewayIdentity;
  /** The initiator's nonce in answer to IKE_SA_INIT, else empty. */
  readonly nonce: Uint8Array;
}

export function parseRedirect(payload: NotifyPayload): Result<Redirect, WireError> {
  return readBody(payload, (body) => ({ gateway: readGateway(body), nonce: body.rest() }));
}

export function emitRedirect(gateway: GatewayIdentity, nonce: Uint8Array = NOTHING): NotifyPayload {
  return notifyPayload(NOTIFY.REDIRECT, gatewayBody(gateway, nonce));
}

export function parseRedirectedFrom(payload: NotifyPayload): Result<GatewayIdentity, WireError> {
  return readBody(payload, readGateway);
}

export function emitRedirectedFrom(gateway: GatewayIdentity): NotifyPayload {
  return notifyPayload(NOTIFY.REDIRECTED_FROM, gatewayBody(gateway, NOTHING));
}

function readGateway(body: Reader): GatewayIdentity {
  const type = body.u8();
  const identity = body.take(body.u8());
  if (type === GATEWAY_ID.FQDN) {
    const fqdn = String.fromCharCode(...identity);
    if (!/^[\x21-\x7e]+$/.test(fqdn)) {
      throw new Malformed("syntax", 2, "Gateway's FQDN is no printable ASCII");
    }
    return { fqdn };
  }
  const address = addressFromOctets(identity);
  const family = type === GATEWAY_ID.IPV4 ? 4 : type === GATEWAY_ID.IPV6 ? 6 : undefined;
  if (address === undefined || address.family !== family) {
    throw new Malformed("syntax", 0, `Gateway identity of type ${type} with ${identity.length} octets`);
  }
  return { address };
}

function gatewayBody(gateway: GatewayIdentity, nonce: Uint8Array): Uint8Array {
  const identity = "fqdn" in gateway ? ascii(gateway.fqdn) : addressToOctets(gateway.address);
  const out = new Writer(2 + identity.length + nonce.length);
  out.u8(
    "fqdn" in gateway ? GATEWAY_ID.FQDN : gateway.address.family === 4 ? GATEWAY_ID.IPV4 : GATEWAY_ID.IPV6,
  );
  out.u8(identity.length);
  out.octets(identity);
  out.octets(nonce);
  return out.finish();
}
