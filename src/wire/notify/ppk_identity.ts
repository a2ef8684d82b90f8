/**
 * PPK_IDENTITY (RFC 8784 §5.1) and PPK_IDENTITY_KEY (RFC 9867 §3.1): which post-quantum preshared key is meant, in the
 * second one with 8 octets that show that the sender has it.
 * ```
 *  |  PPK_ID Type  |  PPK_ID data ...
 * ```
 */
import { type Reader, type Result, Writer } from "../../bytes/mod.ts";
import { Malformed, type WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { NOTHING, notifyPayload, readBody } from "./body.ts";

/** Types of PPK_ID (RFC 8784 §5.1). */
export const PPK_ID_OPAQUE = 1;
export const PPK_ID_FIXED = 2;

/** Octets of the PPK confirmation. */
const CONFIRMATION_LENGTH = 8;

export interface PpkIdentity {
  readonly idType: number;
  readonly id: Uint8Array;
}

export interface PpkIdentityKey extends PpkIdentity {
  /** 8 octets. */
  readonly confirmation: Uint8Array;
}

export function parsePpkIdentity(payload: NotifyPayload): Result<PpkIdentity, WireError> {
  return readBody(payload, (body) => readIdentity(body, body.remaining));
}

export function emitPpkIdentity(identity: PpkIdentity): NotifyPayload {
  return notifyPayload(NOTIFY.PPK_IDENTITY, identityBody(identity, NOTHING));
}

export function parsePpkIdentityKey(payload: NotifyPayload): Result<PpkIdentityKey, WireError> {
  return readBody(payload, (body) => ({
    ...readIdentity(body, body.remaining - CONFIRMATION_LENGTH),
    confirmation: body.take(CONFIRMATION_LENGTH),
  }));
}

export function emitPpkIdentityKey(identity: PpkIdentityKey): NotifyPayload {
  if (identity.confirmation.length !== CONFIRMATION_LENGTH) {
    throw new RangeError("PPK confirmation has 8 octets");
  }
  return notifyPayload(NOTIFY.PPK_IDENTITY_KEY, identityBody(identity, identity.confirmation));
}

function readIdentity(body: Reader, length: number): PpkIdentity {
  if (length < 2) throw new Malformed("truncated", 0, `${body.what} has no PPK_ID`);
  return { idType: body.u8(), id: body.take(length - 1) };
}

function identityBody({ idType, id }: PpkIdentity, tail: Uint8Array): Uint8Array {
  const out = new Writer(1 + id.length + tail.length);
  out.u8(idType);
  out.octets(id);
  out.octets(tail);
  return out.finish();
}
