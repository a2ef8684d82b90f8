/** When SAs are replaced and when they end (RFC 7296 §2.8): timers set when an SA begins. */
import { type ChildSa, isAuthenticated } from "../sa/mod.ts";
import type { SaContext } from "./context.ts";

/** Rekeying starts so much before the end: a random part of the lifetime, so that two ends seldom start at once. */
const MARGIN = { least: 0.05, spread: 0.1 };
/** Short lifetimes want more: an exchange that the peer puts off, and its next try, take seconds. */
const SHORT_MARGIN = { ms: 5_000, part: 0.3, least: 0.7, spread: 0.6 };

function softPoint(context: SaContext, lifetimeMs: number): number {
  const random = 1 - context.world.fraction();
  const margin = lifetimeMs * (MARGIN.least + MARGIN.spread * random);
  const short = Math.min(SHORT_MARGIN.ms, SHORT_MARGIN.part * lifetimeMs) *
    (SHORT_MARGIN.least + SHORT_MARGIN.spread * random);
  return lifetimeMs - Math.max(margin, short);
}

/** Monotonic time at which a Child SA of the policy ends; absent where it lives for ever. */
export function endOfChild(context: SaContext, child: ChildSa): number | undefined {
  const { ms } = context.policy.childLifetime;
  return ms === 0 ? undefined : child.createdAtMs + ms;
}

/** The same of an established IKE SA. */
export function endOfIke(context: SaContext): number | undefined {
  const { sa, policy } = context;
  if (policy.ikeLifetimeMs === 0 || !isAuthenticated(sa)) return undefined;
  return sa.establishedAtMs + policy.ikeLifetimeMs;
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
