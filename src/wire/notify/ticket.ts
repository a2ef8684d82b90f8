/** TICKET_LT_OPAQUE and TICKET_OPAQUE (RFC 5723 §7): a ticket for session resumption, with and without its lifetime. */
import { type Result, Writer } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readBody, readOctets } from "./body.ts";

export interface TicketLifetimeOpaque {
  readonly lifetimeSeconds: number;
  readonly ticket: Uint8Array;
}

export function parseTicketLifetimeOpaque(payload: NotifyPayload): Result<TicketLifetimeOpaque, WireError> {
  return readBody(payload, (body) => ({ lifetimeSeconds: body.u32(), ticket: body.rest() }));
}

export function emitTicketLifetimeOpaque(lifetimeSeconds: number, ticket: Uint8Array): NotifyPayload {
  const out = new Writer(4 + ticket.length);
  out.u32(lifetimeSeconds);
  out.octets(ticket);
  return notifyPayload(NOTIFY.TICKET_LT_OPAQUE, out.finish());
}

export function parseTicketOpaque(payload: NotifyPayload): Result<Uint8Array, WireError> {
  return readOctets(payload, 1, 0xffff);
}

export function emitTicketOpaque(ticket: Uint8Array): NotifyPayload {
  return notifyPayload(NOTIFY.TICKET_OPAQUE, ticket);
}
