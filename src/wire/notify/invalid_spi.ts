/** INVALID_SPI (RFC 7296 §1.5): SPI of the ESP or AH packet that belonged to no SA. */
import { type EspSpi, espSpi, type Result } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { body32, notifyPayload, readBody } from "./body.ts";

export function parseInvalidSpi(payload: NotifyPayload): Result<EspSpi, WireError> {
  return readBody(payload, (body) => espSpi(body.u32()));
}

export function emitInvalidSpi(spi: EspSpi): NotifyPayload {
  return notifyPayload(NOTIFY.INVALID_SPI, body32(spi));
}
