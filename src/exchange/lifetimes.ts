/** When SAs are replaced and when they end (RFC 7296 §2.8): timers set when an SA begins. */
import type { ChildSa } from "../sa/mod.ts";
import type { SaContext } from "./context.ts";

/** Rekeying starts at a random point between these parts of a lifetime, so that two ends seldom start at once. */
const SOFT_FROM = 0.85;
const SOFT_TO = 0.95;

function softPoint(context: SaContext, lifetimeMs: number): number {
  return lifetimeMs * (SOFT_FROM + (SOFT_TO - SOFT_FROM) * context.world.fraction());
}

/** Timers of a Child SA, counted from its creation; none for a lifetime of 0. */
export function armChild(context: SaContext, child: ChildSa): void {
  const { ms } = context.policy.childLifetime;
  if (ms === 0) return;
  context.setTimer("rekeyChild", child.createdAtMs + softPoint(context, ms), child.id);
  context.setTimer("expireChild", child.createdAtMs + ms, child.id);
}

/** Timers of an IKE SA that just got established. */
export function armIke(context: SaContext): void {
  const { ikeLifetimeMs } = context.policy;
  const now = context.world.clock.now();
  if (ikeLifetimeMs > 0) {
    context.setTimer("rekeyIke", now + softPoint(context, ikeLifetimeMs));
    context.setTimer("expireIke", now + ikeLifetimeMs);
  }
  const { dpdIntervalMs } = context.world.globals;
  if (dpdIntervalMs > 0) context.setTimer("liveness", now + dpdIntervalMs);
}
