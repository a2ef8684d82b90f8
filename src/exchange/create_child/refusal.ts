/** What the peer's refusal of a CREATE_CHILD_SA request means for the next try (RFC 7296 §2.25). */
import { nameOf, NOTIFY, type NotifyPayload } from "../../wire/mod.ts";
import type { SaContext } from "../context.ts";
import type { Reason } from "../reasons.ts";

/** Bounds of the wait before the next try; a random part keeps two sides from colliding again. */
const TEMPORARY_MS = { least: 1_000, spread: 3_000 };
const REFUSED_MS = { least: 5_000, spread: 10_000 };

/** Part of a lifetime that is added after a refusal, so that a long one is not spent with asking. */
const REFUSED_PART = 1 / 40;

/** Monotonic time of the next try to replace what has this lifetime; a `temporary` failure is soon over. */
export function retryAt(context: SaContext, temporary: boolean, lifetimeMs: number): number {
  const { least, spread } = temporary ? TEMPORARY_MS : REFUSED_MS;
  const { world } = context;
  const patience = temporary ? 0 : lifetimeMs * REFUSED_PART;
  return world.clock.now() + least + world.fraction() * spread + patience;
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
