/** Messages of PF_KEYv2 (RFC 2367 §2.2): a header and extensions, lengths in units of 64 bits, the machine's own byte order. */
import { concat } from "../../bytes/mod.ts";
import { StructReader, StructWriter } from "../kernel/layout.ts";

const PF_KEY_V2 = 2;
const HEADER_LENGTH = 16;
const UNIT = 8;

/** A message from the kernel. */
export interface PfkeyMessage {
  /** SADB. */
  readonly type: number;
  /** 0 is success. */
  readonly errno: number;
  /** SATYPE. */
  readonly satype: number;
  /** The request's that it answers; of a list what is left, 0 being the end. */
  readonly sequence: number;
  readonly pid: number;
  /** Octets of each extension behind its length and type, by type. */
  readonly extensions: ReadonlyMap<number, Uint8Array>;
}

/** What is asked of the kernel. */
export interface PfkeyRequest {
  readonly type: number;
  readonly satype: number;
  /** Each from `extension`. */
  readonly extensions: readonly Uint8Array[];
}

/** An extension with these octets behind its length and type, padded to 64 bits. */
export function extension(type: number, body: Uint8Array): Uint8Array {
  const length = Math.ceil((4 + body.length) / UNIT);
  return new StructWriter(length * UNIT).u16(length).u16(type).bytes(body).octets;
}

/** The octets of a request. */
export function encodeMessage(request: PfkeyRequest, sequence: number, pid: number): Uint8Array<ArrayBuffer> {
  const body = concat(...request.extensions);
  const header = new StructWriter(HEADER_LENGTH)
    .u8(PF_KEY_V2).u8(request.type).u8(0).u8(request.satype).u16((HEADER_LENGTH + body.length) / UNIT).skip(2)
    .u32(sequence).u32(pid).octets;
  const octets = concat(header, body);
  body.fill(0);
  return octets;
}

/** One message, alone in its octets; undefined where it is cut short, of another version, or says an extension twice. */
export function parseMessage(octets: Uint8Array): PfkeyMessage | undefined {
  if (octets.length < HEADER_LENGTH) return undefined;
  const header = new StructReader(octets);
  const version = header.u8(), type = header.u8(), errno = header.u8(), satype = header.u8();
  const length = header.u16() * UNIT;
  const sequence = header.skip(2).u32(), pid = header.u32();
  if (version !== PF_KEY_V2 || length < HEADER_LENGTH || length > octets.length) return undefined;
  const extensions = new Map<number, Uint8Array>();
  for (let at = HEADER_LENGTH; at < length;) {
    const reader = new StructReader(octets, at);
    const size = reader.u16() * UNIT, kind = reader.u16();
    if (size === 0 || at + size > length || extensions.has(kind)) return undefined;
    extensions.set(kind, octets.subarray(at + 4, at + size));
    at += size;
  }
  return { type, errno, satype, sequence, pid, extensions };
}
