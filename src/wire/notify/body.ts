/** What the files of this folder share: a notify payload around a body, and a body read to its end. */
import { Reader, type Result, Writer } from "../../bytes/mod.ts";
import { decoding, Malformed, type WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { nameOf } from "../registry/names.ts";
import { NOTIFY } from "../registry/notify.ts";

export const NOTHING: Uint8Array = new Uint8Array(0);

/** A notify payload; `protocol` and `spi` only where it concerns one Child SA (RFC 7296 §3.10). */
export function notifyPayload(
  notifyType: number,
  data: Uint8Array = NOTHING,
  protocol = 0,
  spi: Uint8Array = NOTHING,
): NotifyPayload {
  return { type: "N", critical: false, protocol, spi, notifyType, data };
}

/** Reads the body of a notify; all of it has to be read. */
export function readBody<T>(payload: NotifyPayload, read: (body: Reader) => T): Result<T, WireError> {
  return decoding(() => {
    const body = new Reader(payload.data, 0, nameOf(NOTIFY, payload.notifyType));
    const value = read(body);
    if (body.remaining > 0) {
      throw new Malformed("length", body.octet, `${body.remaining} octets behind the body of ${body.what}`);
    }
    return value;
  });
}

/** Reads a body that is one string of octets within bounds. */
export function readOctets(payload: NotifyPayload, min: number, max: number): Result<Uint8Array, WireError> {
  return readBody(payload, (body) => {
    const { remaining, what } = body;
    if (remaining < min || remaining > max) {
      throw new Malformed("length", 0, `${what} of ${remaining} octets: ${min} to ${max} are allowed`);
    }
    return body.rest();
  });
}

/** A number of 2 octets as a body. */
export function body16(value: number): Uint8Array {
  const out = new Writer(2);
  out.u16(value);
  return out.finish();
}

/** A number of 4 octets as a body. */
export function body32(value: number): Uint8Array {
  const out = new Writer(4);
  out.u32(value);
  return out.finish();
}
