/** When SAs are replaced and when they end (RFC 7296 §2.8): timers set when an SA begins. */
import { type ChildSa, isAuthenticated } from "../sa/mod.ts";
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

/** Wait before a lost Child SA is made again: a random part keeps two active sides from doing it at once. */
const RECREATE_MS = { least: 1_000, spread: 3_000 };

/** Whether some Child SA carries, or is about to carry, traffic. */
export function hasCarrier(context: SaContext): boolean {
  const { sa } = context;
  if (!isAuthenticated(sa)) return false;
  return [...sa.children.values()].some((child) => child.state === "installed" || child.state === "rekeying");
}

/** An active policy whose IKE SA has no Child SA left gets another one before a packet has to ask for it. */
export function recreateChild(context: SaContext, waitMs?: number): void {
  const { world, policy, sa } = context;
  const alive = sa.state === "established" || sa.state === "rekeying";
  if (!alive || policy.mode !== "active" || !world.globals.active || hasCarrier(context)) return;
  const wait = waitMs ?? RECREATE_MS.least + RECREATE_MS.spread * world.fraction();
  context.setTimer("createChild", world.clock.now() + wait);
}
