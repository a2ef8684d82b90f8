/**
 * IKEV2_MESSAGE_ID_SYNC (RFC 6311 §5.2): where a cluster member that took over goes on counting.
 * ```
 *  |                          Nonce Data                           |
 *  |                 EXPECTED_SEND_REQ_MESSAGE_ID                  |
 *  |                 EXPECTED_RECV_REQ_MESSAGE_ID                  |
 * ```
 */
import { type Result, Writer } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readBody } from "./body.ts";

export interface MessageIdSync {
  readonly nonce: number;
  readonly expectedSend: number;
  readonly expectedReceive: number;
}

export function parseMessageIdSync(payload: NotifyPayload): Result<MessageIdSync, WireError> {
  return readBody(payload, (body) => ({
    nonce: body.u32(),
    expectedSend: body.u32(),
    expectedReceive: body.u32(),
  }));
}

export function emitMessageIdSync(sync: MessageIdSync): NotifyPayload {
  const out = new Writer(12);
  out.u32(sync.nonce);
  out.u32(sync.expectedSend);
  out.u32(sync.expectedReceive);
  return notifyPayload(NOTIFY.IKEV2_MESSAGE_ID_SYNC, out.finish());
}
