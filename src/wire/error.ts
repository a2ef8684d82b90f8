import { fail, ok, ReadError, type Result } from "../bytes/mod.ts";

/**
 * What is wrong with octets that should be an IKE message:
 * - `truncated`: a structure goes on behind the end of what holds it,
 * - `version`: another major version than 2; only the header can be read,
 * - `length`: a length field is impossible,
 * - `syntax`: a value that RFC 7296 §3 forbids,
 * - `limit`: more of something than this codec takes (`limits.ts`).
 */
export type WireErrorCode = "truncated" | "version" | "length" | "syntax" | "limit";

/** Why octets could not be decoded. */
export interface WireError {
  readonly code: WireErrorCode;
  /** Where, in octets from the start of the message (of the plaintext inside SK; of the data in a notify). */
  readonly octet: number;
  readonly message: string;
}

/** Thrown by the decoders of this room, caught by `decoding`. */
export class Malformed extends Error {
  readonly code: WireErrorCode;
  readonly octet: number;

  constructor(code: WireErrorCode, octet: number, message: string) {
    super(message);
    this.name = "Malformed";
    this.code = code;
    this.octet = octet;
  }
}

/** Runs a decoder: bad input becomes an error value, a bug of ours goes on as an exception. */
export function decoding<T>(decode: () => T): Result<T, WireError> {
  try {
    return ok(decode());
  } catch (error) {
    if (error instanceof Malformed) {
      return fail({ code: error.code, octet: error.octet, message: error.message });
    }
    if (error instanceof ReadError) {
      return fail({ code: "truncated", octet: error.octet, message: error.message });
    }
    throw error;
  }
}
