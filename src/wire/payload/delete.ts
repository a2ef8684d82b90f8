/**
 * Delete payload (RFC 7296 §3.11).
 * ```
 *  |  Protocol ID  |   SPI Size    |          Num of SPIs          |
 *  ~               Security Parameter Index(es) (SPI)              ~
 * ```
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import { Malformed } from "../error.ts";
import { MAX_DELETE_SPIS } from "../limits.ts";
import { PROTOCOL } from "../registry/message.ts";
import type { DeletePayload } from "./types.ts";

/** SPI octets that RFC 7296 §3.11 prescribes; undefined for protocols that it does not name. */
function spiSizeOf(protocol: number): number | undefined {
  if (protocol === PROTOCOL.IKE) return 0;
  return protocol === PROTOCOL.AH || protocol === PROTOCOL.ESP ? 4 : undefined;
}

export function parseDelete(body: Reader, critical: boolean): DeletePayload {
  const { octet } = body;
  const protocol = body.u8();
  const spiSize = body.u8();
  const count = body.u16();
  const expected = spiSizeOf(protocol) ?? spiSize;
  // A list without SPIs names no size: some peers leave the octet 0.
  if (spiSize !== expected && !(count === 0 && spiSize === 0)) {
    throw new Malformed("syntax", octet + 1, `SPI size ${spiSize} in Delete: ${expected} expected`);
  }
  if (spiSize === 0 && count !== 0) {
    throw new Malformed("syntax", octet + 2, `${count} SPIs of no octets in Delete`);
  }
  if (count > MAX_DELETE_SPIS) {
    throw new Malformed("limit", octet + 2, `More than ${MAX_DELETE_SPIS} SPIs in Delete`);
  }
  if (count * spiSize !== body.remaining) {
    const message = `${count} SPIs of ${spiSize} octets in ${body.remaining} octets of Delete`;
    throw new Malformed("length", octet + 2, message);
  }
  const spis: Uint8Array[] = [];
  for (let i = 0; i < count; i++) spis.push(body.take(spiSize));
  return { type: "D", critical, protocol, spis };
}

export function emitDelete(payload: DeletePayload, out: Writer): void {
  const { protocol, spis } = payload;
  const spiSize = spis[0]?.length ?? spiSizeOf(protocol) ?? 0;
  out.u8(protocol);
  out.u8(spiSize);
  out.u16(spis.length);
  for (const spi of spis) {
    if (spi.length !== spiSize) throw new RangeError("SPIs of different length in Delete");
    out.octets(spi);
  }
}
