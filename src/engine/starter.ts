/** Begins IKE SAs of our own accord: for active policies, and for packets that have no SA. */
import { type Endpoint, formatAddress, type IpAddress } from "../ip/mod.ts";
import { type InitSentSa, isAuthenticated, type Path } from "../sa/mod.ts";
import type { Policy } from "../policy/mod.ts";
import { createChild } from "../exchange/create_child/mod.ts";
import { hasCarrier } from "../exchange/lifetimes.ts";
import { initiate } from "../exchange/initiate.ts";
import { hostOf } from "./host_of.ts";
import type { Mailbox } from "./mailbox.ts";
import type { SharedWorld } from "./world.ts";

/** Restart of a policy whose IKE SA ended: soon, but not all at the same moment. Doubles while they live shortly. */
const RESTART_MS = 1_000;

interface Progress {
  /** Starts in a row that led to nothing. */
  failures: number;
  /** IKE SAs in a row that ended within a minute. */
  shortLives: number;
  /** Waits for the source address. */
  starting: boolean;
  /** Since when it has an IKE SA, rekeys included; monotonic. */
  upSinceMs: number | undefined;
}

export class Starter {
  readonly #world: SharedWorld;
  /** By tag. */
  readonly #progress = new Map<string, Progress>();
  readonly #failed: (policy: Policy) => void;

  /** `failed` is told of each try to begin an IKE SA that came to nothing. */
  constructor(world: SharedWorld, failed: (policy: Policy) => void) {
    this.#world = world;
    this.#failed = failed;
  }

  /** Starts every active policy that has no IKE SA. */
  startActive(): void {
    if (!this.#world.globals.active) return;
    const up = new Set<string>();
    for (const mailbox of this.#world.mailboxes()) if (isLive(mailbox)) up.add(this.#tagOf(mailbox.policy));
    for (const policy of this.#world.policies) {
      if (policy.mode === "active" && !up.has(this.#tagOf(policy))) this.start(policy);
    }
  }

  /** A policy is gone, or another one goes on for it: its timers stop, and what was tried before is no matter. */
  forget(policy: Policy): void {
    this.#world.timers.stopAll(policy);
    this.#progress.delete(this.#tagOf(policy));
  }

  /** Starts a policy unless it has an IKE SA; false where its peer is not one host. */
  start(policy: Policy): boolean {
    const progress = this.#of(policy);
    const remote = hostOf(policy.peer, progress.failures);
    if (remote === undefined) return false;
    if (progress.starting || this.live(policy) !== undefined) return true;
    progress.starting = true;
    this.#world.timers.stop(policy, "retryPolicy");
    const work = this.#begin(policy, remote)
      .catch((error: unknown) => this.#world.ownBug(`start of policy "${policy.name}"`, error))
      .finally(() => progress.starting = false);
    void this.#world.activity.during(work);
    return true;
  }

  /** A packet of the policy with this tag has no SA. */
  acquire(tag: string): void {
    const policy = this.#world.tags.find(tag);
    if (policy === undefined || !this.#world.globals.active) return;
    const mailbox = this.live(policy);
    if (mailbox === undefined) {
      // While starts fail the policy's timer decides: every held packet asks.
      if (this.#world.timers.at(policy, "retryPolicy") === undefined) this.start(policy);
    } else if (mailbox.sa.state === "established" && !hasCarrier(mailbox)) {
      mailbox.start("create child", createChild);
    }
  }

  /** Timer `retryPolicy`. */
  retry(policy: Policy): void {
    if (this.#world.globals.active && policy.mode === "active") this.start(policy);
  }

  established(mailbox: Mailbox): void {
    const progress = this.#of(mailbox.policy);
    progress.failures = 0;
    if (mayStart(mailbox, mailbox.policy)) progress.upSinceMs ??= this.#world.clock.now();
  }

  /** An IKE SA ended: an active policy that has no other is to be started again. */
  closed(mailbox: Mailbox, wasAuthenticated: boolean): void {
    const world = this.#world;
    const policy = world.tags.find(this.#tagOf(mailbox.policy));
    if (policy === undefined || !mayStart(mailbox, policy)) return;
    // What strangers begin and do not finish in the name of our peer is nothing to us.
    if (mailbox.sa.role === "responder" && !wasAuthenticated) return;
    // The one that takes its place has been begun already, or has its timer.
    if (mailbox.retired || this.live(policy) !== undefined) return;
    // It ended because its policy has changed: the new one has not been started while it was there.
    if (policy !== mailbox.policy) return this.retry(policy);
    const progress = this.#of(policy);
    if (!wasAuthenticated) {
      progress.failures++;
      this.#failed(policy);
      if (this.live(policy) !== undefined) return;
    }
    if (!world.globals.active) return;
    const { retryPolicyMs, retryPolicyMaxMs } = world.timing;
    const now = world.clock.now();
    const lived = progress.upSinceMs !== undefined && now - progress.upSinceMs >= retryPolicyMs;
    progress.upSinceMs = undefined;
    if (lived) progress.shortLives = 0;
    const wait = wasAuthenticated
      ? Math.min(backOff(RESTART_MS, progress.shortLives++), retryPolicyMs)
      : Math.min(backOff(retryPolicyMs, Math.max(progress.failures - 1, 0)), retryPolicyMaxMs);
    // A passive policy is not started by its timer: the timer only keeps its packets from asking too often.
    world.setTimer(policy, "retryPolicy", now + wait * (1 + world.fraction() / 10));
  }

  async #begin(policy: Policy, remote: IpAddress): Promise<void> {
    const world = this.#world;
    const { ports } = world;
    // Without 4500 there is no NAT-T, and with it forced nothing else is used.
    const natt = world.globals.natt === "force";
    const port = natt ? ports.natt : ports.ike;
    const peer: Endpoint = { address: remote, port };
    const configured = hostOf(policy.local, 0);
    const local = configured?.family === remote.family
      ? { address: configured, port }
      : await world.sourceFor(peer);
    const tag = this.#tagOf(policy);
    if (world.tags.find(tag) !== policy || this.live(policy) !== undefined) return;
    if (!world.globals.active) return this.#failed(policy);
    if (local === undefined) {
      world.failed(
        { code: "no-route", wanted: "a source address", got: "none" },
        formatAddress(remote),
        policy.name,
      );
      this.#of(policy).failures++;
      if (world.globals.active && policy.mode === "active") {
        world.setTimer(policy, "retryPolicy", world.clock.now() + world.timing.retryPolicyMs);
      }
      return this.#failed(policy);
    }
    const path: Path = { local: { address: local.address, port }, remote: peer, natt };
    const sa: InitSentSa = {
      state: "init-sent",
      id: world.nextIkeId(),
      role: "initiator",
      policy: policy.name,
      spiI: world.reserveIkeSpi(),
      spiR: 0n as InitSentSa["spiR"],
      path,
      nat: { local: false, remote: false },
      udpEncap: false,
      createdAtMs: world.clock.now(),
    };
    world.take(sa, policy, false).start("initiate", initiate);
  }

  /** An IKE SA of this policy that is there to stay or comes up. */
  live(policy: Policy): Mailbox | undefined {
    const tag = this.#tagOf(policy);
    for (const mailbox of this.#world.mailboxes()) {
      if (isLive(mailbox) && this.#tagOf(mailbox.policy) === tag) return mailbox;
    }
    return undefined;
  }

  #tagOf(policy: Policy): string {
    return this.#world.tags.of(policy);
  }

  #of(policy: Policy): Progress {
    const tag = this.#tagOf(policy);
    let progress = this.#progress.get(tag);
    if (progress === undefined) {
      progress = { failures: 0, shortLives: 0, starting: false, upSinceMs: undefined };
      this.#progress.set(tag, progress);
    }
    return progress;
  }
}

function isLive({ sa, retired }: Mailbox): boolean {
  if (retired || sa.state === "half-open") return false;
  return !isAuthenticated(sa) ? sa.state !== "closed" : sa.state !== "rekeyed" && sa.state !== "deleting";
}

/** Whether the policy begins IKE SAs of its own accord, or began this one. */
function mayStart({ sa }: Mailbox, policy: Policy): boolean {
  return sa.role === "initiator" || policy.mode === "active";
}

function backOff(first: number, times: number): number {
  return first * 2 ** Math.min(times, 10);
}
