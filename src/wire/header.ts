/**
 * Fixed header of every IKE message (RFC 7296 §3.1).
 * ```
 *  |                       IKE SA Initiator's SPI                  |
 *  |                       IKE SA Responder's SPI                  |
 *  |  Next Payload | MjVer | MnVer | Exchange Type |     Flags     |
 *  |                          Message ID                           |
 *  |                            Length                             |
 * ```
 */
import { ikeSpi, Reader, type Result, type Writer } from "../bytes/mod.ts";
import { decoding, Malformed, type WireError } from "./error.ts";
import { HEADER_FLAG, IKE_MAJOR_VERSION, IKE_MINOR_VERSION } from "./registry/message.ts";
import type { Header } from "./payload/types.ts";

/** Octets of the header. */
export const HEADER_LENGTH = 28;

/** Where the length field is. */
export const LENGTH_OFFSET = 24;

/** What a sender says of the header; the rest follows from the payloads. The version is 2.0 where it is not said. */
export type HeaderFields =
  & Omit<Header, "length" | "nextPayload" | "majorVersion" | "minorVersion">
  & Partial<Pick<Header, "majorVersion" | "minorVersion">>;

/**
 * The header at the start of a datagram, of any version: IKEv1 and ISAKMP have major version 1 (RFC 2408 §3.1), and
 * later versions keep this layout (RFC 7296 §2.5). `length` may differ from what came: `parseMessage` checks it.
 */
export function parseHeader(octets: Uint8Array): Result<Header, WireError> {
  return decoding(() => readHeader(new Reader(octets, 0, "IKE header")));
}

export function readHeader(input: Reader): Header {
  const fixed = input.sub(HEADER_LENGTH, "IKE header");
  const spiI = ikeSpi(fixed.u64());
  const spiR = ikeSpi(fixed.u64());
  const nextPayload = fixed.u8();
  const version = fixed.u8();
  const exchange = fixed.u8();
  const flags = fixed.u8();
  const messageId = fixed.u32();
  const length = fixed.u32();
  if (length < HEADER_LENGTH) {
    throw new Malformed("length", LENGTH_OFFSET, `Length ${length} is shorter than the IKE header`);
  }
  return {
    spiI,
    spiR,
    nextPayload,
    majorVersion: version >> 4,
    minorVersion: version & 0x0f,
    exchange,
    flags: {
      initiator: (flags & HEADER_FLAG.INITIATOR) !== 0,
      response: (flags & HEADER_FLAG.RESPONSE) !== 0,
      higherVersion: (flags & HEADER_FLAG.VERSION) !== 0,
    },
    messageId,
    length,
  };
}

/** Writes the header of a message of `length` octets whose first payload is `nextPayload`. */
export function emitHeader(fields: HeaderFields, nextPayload: number, length: number, out: Writer): void {
  const { flags } = fields;
  out.u64(fields.spiI);
  out.u64(fields.spiR);
  out.u8(nextPayload);
  out.u8(((fields.majorVersion ?? IKE_MAJOR_VERSION) << 4) | (fields.minorVersion ?? IKE_MINOR_VERSION));
  out.u8(fields.exchange);
  out.u8(
    (flags.initiator ? HEADER_FLAG.INITIATOR : 0) | (flags.response ? HEADER_FLAG.RESPONSE : 0) |
      (flags.higherVersion ? HEADER_FLAG.VERSION : 0),
  );
  out.u32(fields.messageId);
  out.u32(length);
}
