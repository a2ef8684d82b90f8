/** One message as `iked decode` prints it. */
import type { Endpoint } from "../../src/ip/mod.ts";
import {
  type DecodedMessage,
  decodeMessage,
  type EncryptedFragmentPayload,
  type EncryptedPayload,
} from "../../src/wire/mod.ts";
import type { Opened, Opener } from "./opener.ts";

/** Where a message was found. */
export interface Found {
  /** Number of the frame, or of the file, from 1. */
  readonly frame: number;
  readonly timeNs?: bigint;
  readonly source?: Endpoint;
  readonly destination?: Endpoint;
  /** Name of the file of a bare message. */
  readonly file?: string;
}

/** What is known of a message. */
export interface Dissected {
  readonly found: Found;
  readonly decoded: DecodedMessage;
  /** What came of its SK or SKF payload; absent without one, and without a key for it. */
  readonly opened?: Opened;
}

/** Decodes a message, and what is encrypted in it where there is an opener. */
export function dissect(found: Found, octets: Uint8Array, opener: Opener | undefined): Dissected {
  const decoded = decodeMessage(octets);
  const sealed = sealedPayload(decoded);
  const opened = sealed && decoded.header && opener?.open(decoded.header, sealed, octets);
  return opened === undefined ? { found, decoded } : { found, decoded, opened };
}

/** The SK or SKF payload of a message, which is its last one. */
function sealedPayload(
  { payloads }: DecodedMessage,
): EncryptedPayload | EncryptedFragmentPayload | undefined {
  const last = payloads.at(-1);
  return last?.type === "SK" || last?.type === "SKF" ? last : undefined;
}

/**
 * A time as RFC 3339 has it, in UTC, with microseconds, or nanoseconds where they are more exact; undefined outside of
 * the years that it can express.
 */
export function timeText(timeNs: bigint): string | undefined {
  const second = 1_000_000_000n;
  const nanoseconds = ((timeNs % second) + second) % second;
  const date = new Date(Number((timeNs - nanoseconds) / 1_000_000n));
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) return undefined;
  const fraction = nanoseconds.toString().padStart(9, "0");
  const digits = nanoseconds % 1000n === 0n ? 6 : 9;
  return `${date.toISOString().slice(0, 19)}.${fraction.slice(0, digits)}Z`;
}
