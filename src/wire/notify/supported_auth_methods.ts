/**
 * SUPPORTED_AUTH_METHODS (RFC 9593 §3.2): a list of announcements of 2, 3 or more octets.
 * ```
 *  | Length (>= 2) |  Auth Method  |   Cert Link   | AlgorithmIdentifier ...
 * ```
 */
import { type Result, Writer } from "../../bytes/mod.ts";
import { Malformed, type WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readBody } from "./body.ts";

export interface AuthAnnouncement {
  /** Of the registry `AUTH_METHOD`. */
  readonly method: number;
  /** Counts the authorities of the CERTREQ payloads from 1; 0 is any. */
  readonly certLink?: number;
  /** DER of an AlgorithmIdentifier (RFC 7427 §3); only with a link. */
  readonly algorithm?: Uint8Array;
}

export function parseSupportedAuthMethods(payload: NotifyPayload): Result<AuthAnnouncement[], WireError> {
  return readBody(payload, (body) => {
    const announcements: AuthAnnouncement[] = [];
    while (body.remaining > 0) {
      const { octet } = body;
      const length = body.u8();
      if (length < 2) throw new Malformed("length", octet, `Announcement of ${length} octets`);
      const rest = body.sub(length - 1, "Announcement");
      const method = rest.u8();
      if (rest.remaining === 0) {
        announcements.push({ method });
        continue;
      }
      const certLink = rest.u8();
      const linked = { method, certLink };
      announcements.push(rest.remaining === 0 ? linked : { ...linked, algorithm: rest.rest() });
    }
    return announcements;
  });
}

export function emitSupportedAuthMethods(announcements: readonly AuthAnnouncement[]): NotifyPayload {
  const out = new Writer();
  for (const { method, certLink, algorithm } of announcements) {
    if (algorithm !== undefined && certLink === undefined) {
      throw new RangeError("Algorithm without a cert link");
    }
    out.u8(2 + (certLink === undefined ? 0 : 1) + (algorithm?.length ?? 0));
    out.u8(method);
    if (certLink !== undefined) out.u8(certLink);
    if (algorithm !== undefined) out.octets(algorithm);
  }
  return notifyPayload(NOTIFY.SUPPORTED_AUTH_METHODS, out.finish());
}
