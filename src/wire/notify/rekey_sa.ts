/** REKEY_SA (RFC 7296 §1.3.3): protocol and SPI, in the payload's own fields, of the Child SA that is replaced. */
import { type EspSpi, espSpi, Reader, type Result } from "../../bytes/mod.ts";
import { decoding, Malformed, type WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { PROTOCOL } from "../registry/message.ts";
import { NOTIFY } from "../registry/notify.ts";
import { body32, NOTHING, notifyPayload } from "./body.ts";

/** A Child SA by the SPI that the sender of the notify expects in incoming packets. */
export interface RekeySa {
  readonly protocol: 2 | 3;
  readonly spi: EspSpi;
}

export function parseRekeySa(payload: NotifyPayload): Result<RekeySa, WireError> {
  return decoding(() => {
    const { protocol, spi } = payload;
    if (protocol !== PROTOCOL.AH && protocol !== PROTOCOL.ESP) {
      throw new Malformed("syntax", 0, `REKEY_SA for protocol ${protocol}`);
    }
    if (spi.length !== 4) throw new Malformed("syntax", 0, `REKEY_SA with an SPI of ${spi.length} octets`);
    return { protocol, spi: espSpi(new Reader(spi, 0, "SPI").u32()) };
  });
}

export function emitRekeySa(rekey: RekeySa): NotifyPayload {
  return notifyPayload(NOTIFY.REKEY_SA, NOTHING, rekey.protocol, body32(rekey.spi));
}
