/** What the peer's refusal of a CREATE_CHILD_SA request means for the next try (RFC 7296 §2.25). */
import { nameOf, NOTIFY, type NotifyPayload } from "../../wire/mod.ts";
import type { SaContext } from "../context.ts";
import type { Reason } from "../reasons.ts";

/** Bounds of the wait before the next try; a random part keeps two sides from colliding again. */
const TEMPORARY_MS = { least: 1_000, spread: 3_000 };
const REFUSED_MS = { least: 5_000, spread: 10_000 };

/** Part of a lifetime that is added after a refusal, so that a long one is not spent with asking. */
const REFUSED_PART = 1 / 40;

/** Of what is left of a lifetime, the part that is waited at most; the rest is for the exchange and one more try. */
const TEMPORARY_PART = { least: 0.15, spread: 0.25 };
/** RFC 7296 §2.25: never at once. */
const LEAST_MS = 100;

/** Monotonic time of the next try where the peer is only busy, or both ends just had another exchange; in time for `end`. */
export function retrySoon(context: SaContext, end: number | undefined): number {
  const { world } = context;
  const now = world.clock.now(), random = world.fraction();
  const wait = TEMPORARY_MS.least + random * TEMPORARY_MS.spread;
  if (end === undefined) return now + wait;
  const part = TEMPORARY_PART.least + random * TEMPORARY_PART.spread;
  return now + Math.max(Math.min(wait, (end - now) * part), LEAST_MS);
}

/** Monotonic time of the next try to replace what has this lifetime after the peer has refused it. */
export function retryLater(context: SaContext, lifetimeMs: number): number {
  const { world } = context;
  return world.clock.now() + REFUSED_MS.least + world.fraction() * REFUSED_MS.spread +
    lifetimeMs * REFUSED_PART;
}

/** Whether the peer is only busy: another exchange on the same SA is under way (RFC 7296 §2.25). */
export function isTemporary(refusal: NotifyPayload): boolean {
  return refusal.notifyType === NOTIFY.TEMPORARY_FAILURE;
}

/** Logs a refusal: a busy peer is no failure. */
export function report(context: SaContext, code: Reason, refusal: NotifyPayload): void {
  const got = nameOf(NOTIFY, refusal.notifyType);
  if (isTemporary(refusal)) context.log("info", `Peer is busy and answered "${got}"; next try follows`);
  else context.failed({ code, got });
}
