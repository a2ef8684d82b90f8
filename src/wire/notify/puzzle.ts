/**
 * PUZZLE (RFC 8019 §8.1).
 * ```
 *  |              PRF              |  Difficulty   |
 * ```
 */
import { type Result, Writer } from "../../bytes/mod.ts";
import type { WireError } from "../error.ts";
import type { NotifyPayload } from "../payload/types.ts";
import { NOTIFY } from "../registry/notify.ts";
import { notifyPayload, readBody } from "./body.ts";

export interface Puzzle {
  /** Of the registry `PRF`. */
  readonly prf: number;
  /** Zero bits at the end of the result; 0 leaves it to the initiator. */
  readonly difficulty: number;
}

export function parsePuzzle(payload: NotifyPayload): Result<Puzzle, WireError> {
  return readBody(payload, (body) => ({ prf: body.u16(), difficulty: body.u8() }));
}

export function emitPuzzle({ prf, difficulty }: Puzzle): NotifyPayload {
  const out = new Writer(3);
  out.u16(prf);
  out.u8(difficulty);
  return notifyPayload(NOTIFY.PUZZLE, out.finish());
}
