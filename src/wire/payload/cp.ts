/**
 * Configuration payload (RFC 7296 §3.15).
 * ```
 *  |   CFG Type    |                 RESERVED (24)                 |
 *  ~                    Configuration Attributes                   ~
 *
 *  |R|     Attribute Type (15)     |          Length (16)          |
 *  ~                             Value                             ~
 * ```
 */
import type { Reader, Writer } from "../../bytes/mod.ts";
import { Malformed } from "../error.ts";
import { MAX_CFG_ATTRIBUTES } from "../limits.ts";
import type { ConfigurationAttribute, ConfigurationPayload } from "./types.ts";

const TYPE_MASK = 0x7fff;

export function parseCp(body: Reader, critical: boolean): ConfigurationPayload {
  const cfgType = body.u8();
  body.take(3);
  const attributes: ConfigurationAttribute[] = [];
  while (body.remaining > 0) {
    if (attributes.length === MAX_CFG_ATTRIBUTES) {
      throw new Malformed("limit", body.octet, `More than ${MAX_CFG_ATTRIBUTES} configuration attributes`);
    }
    const type = body.u16() & TYPE_MASK;
    attributes.push({ type, data: body.take(body.u16()) });
  }
  return { type: "CP", critical, cfgType, attributes };
}

export function emitCp(payload: ConfigurationPayload, out: Writer): void {
  out.u8(payload.cfgType);
  out.zeros(3);
  for (const { type, data } of payload.attributes) {
    if (type > TYPE_MASK) throw new RangeError(`Configuration attribute type ${type} has more than 15 bits`);
    out.u16(type);
    out.u16(data.length);
    out.octets(data);
  }
}
