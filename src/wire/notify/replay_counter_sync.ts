/** IPSEC_REPLAY_COUNTER_SYNC (RFC 6311 §5.4): how far to advance outgoing counters; 8 octets with ESN, else 4. */
import { type Result, Writer } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readBody } from "./body.ts";

export interface ReplayCounterSync {
  readonly delta: bigint;
  readonly esn: boolean;
}

export function parseReplayCounterSync(payload: NotifyPayload): Result<ReplayCounterSync, WireError> {
  const esn = payload.data.length === 8;
  return readBody(payload, (body) => ({ delta: esn ? body.u64() : BigInt(body.u32()), esn }));
}

export function emitReplayCounterSync({ delta, esn }: ReplayCounterSync): NotifyPayload {
  const out = new Writer(8);
  if (esn) out.u64(delta);
  else out.u32(Number(delta));
  return notifyPayload(NOTIFY.IPSEC_REPLAY_COUNTER_SYNC, out.finish());
}
