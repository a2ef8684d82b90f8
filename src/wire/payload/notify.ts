/**
 * Notify payload (RFC 7296 §3.10). `notify/` has the bodies.
 * ```
 *  |  Protocol ID  |   SPI Size    |      Notify Message Type      |
 *  ~                Security Parameter Index (SPI)                 ~
 *  ~                       Notification Data                       ~
 * ```
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import type { NotifyPayload } from "./types.ts";

export function parseNotify(body: Reader, critical: boolean): NotifyPayload {
  const protocol = body.u8();
  const spiSize = body.u8();
  const notifyType = body.u16();
  const spi = body.take(spiSize);
  return { type: "N", critical, protocol, spi, notifyType, data: body.rest() };
}

export function emitNotify(payload: NotifyPayload, out: Writer): void {
  out.u8(payload.protocol);
  out.u8(payload.spi.length);
  out.u16(payload.notifyType);
  out.octets(payload.spi);
  out.octets(payload.data);
}
