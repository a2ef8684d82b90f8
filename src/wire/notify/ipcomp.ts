/**
 * IPCOMP_SUPPORTED (RFC 7296 §2.22, §3.10.1).
 * ```
 *  |           CPI (16)            | Transform (8) | attributes ...
 * ```
 */
import { type Result, Writer } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { NOTHING, notifyPayload, readBody } from "./body.ts";

export interface IpcompSupported {
  /** IPComp CPI (RFC 3173 §3.3). */
  readonly cpi: number;
  /** Of the registry `IPCOMP`. */
  readonly transform: number;
  /** Of the algorithm; none of those registered has any. */
  readonly attributes: Uint8Array;
}

export function parseIpcompSupported(payload: NotifyPayload): Result<IpcompSupported, WireError> {
  return readBody(payload, (body) => ({ cpi: body.u16(), transform: body.u8(), attributes: body.rest() }));
}

export function emitIpcompSupported(cpi: number, transform: number, attributes = NOTHING): NotifyPayload {
  const out = new Writer(3 + attributes.length);
  out.u16(cpi);
  out.u8(transform);
  out.octets(attributes);
  return notifyPayload(NOTIFY.IPCOMP_SUPPORTED, out.finish());
}
