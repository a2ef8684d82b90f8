/**
 * Engines, a simulated network, one virtual time.
 *
 * Time stands still while an engine has work in progress; then it jumps to the next arrival or timer.
 */
import assert from "node:assert/strict";
import { type IpAddress, sameAddress } from "../../src/ip/mod.ts";
import { SimulatedClock } from "./clock.ts";
import type { SimulatedHost } from "./host.ts";
import type { Arrival, EspInFlight, Network } from "./netem.ts";

/** Whatever has an engine and an address. */
export type EngineHost = Pick<SimulatedHost, "address" | "engine">;

/** Microtask turns after which an engine that still works is taken for one that never stops. */
const MOST_TURNS = 20_000;

export abstract class Simulation {
  readonly clock = new SimulatedClock();
  abstract readonly network: Network;

  abstract get hosts(): readonly EngineHost[];

  /** Runs microtasks until no engine has work in progress. */
  async settle(): Promise<void> {
    // Some turns on top: what a handler leaves behind (an emit, a release) is not counted as pending.
    let quiet = 0;
    for (let turn = 0; quiet < 8; turn++) {
      if (turn > MOST_TURNS) throw new Error("An engine does not come to rest");
      await undefined;
      quiet = this.hosts.some((host) => host.engine.pending() > 0) ? 0 : quiet + 1;
    }
  }

  /** When something happens next: an arrival or a timer; undefined when nothing ever will. */
  nextWakeup(): number | undefined {
    const times = [this.network.nextArrival(), ...this.hosts.map((host) => host.engine.nextTimeout())];
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.max(this.clock.now(), Math.min(...known));
  }

  /** Jumps to the next wake-up not later than `limit`, delivers and fires what is due. False: there was none. */
  async step(limit = Infinity): Promise<boolean> {
    await this.settle();
    const at = this.nextWakeup();
    if (at === undefined || at > limit) return false;
    this.clock.moveTo(at);
    for (let next = this.network.take(at); next !== undefined; next = this.network.take(at)) this.hand(next);
    for (const host of this.hosts) {
      const due = host.engine.nextTimeout();
      if (due !== undefined && due <= at) host.engine.handleTimeout(at);
    }
    await this.settle();
    return true;
  }

  /**
   * Steps until the network is empty and no timer is due within `quietMs`. More than `mostSteps` steps are a livelock
   * and fail the test.
   */
  async drive(quietMs = 0, mostSteps = 5_000): Promise<void> {
    for (let steps = 0;; steps++) {
      await this.settle();
      const idle = this.network.inFlight.length === 0;
      const limit = idle ? this.clock.now() + quietMs : Infinity;
      if (!await this.step(limit)) return;
      assert.ok(steps < mostSteps, `Livelock: not idle after ${mostSteps} steps, at ${this.clock.now()} ms`);
    }
  }

  /** Steps until `condition` holds; fails after `limitMs` of simulated time or `mostSteps` steps. */
  async driveUntil(
    claim: string,
    condition: () => boolean | Promise<boolean>,
    limitMs = 600_000,
    mostSteps = 20_000,
  ): Promise<void> {
    const limit = this.clock.now() + limitMs;
    await this.settle();
    for (let steps = 0; !await condition(); steps++) {
      assert.ok(steps < mostSteps, `Livelock before: ${claim}`);
      assert.ok(await this.step(limit), `Never within ${limitMs} ms: ${claim}`);
    }
  }

  /** Lets `ms` of simulated time pass, with all that happens in it. */
  async advance(ms: number, mostSteps = 50_000): Promise<void> {
    const end = this.clock.now() + ms;
    for (let steps = 0; await this.step(end); steps++) {
      assert.ok(steps < mostSteps, `Livelock: ${mostSteps} steps within ${ms} ms`);
    }
    this.clock.moveTo(end);
  }

  /** Gives one arrival to the host it is for. */
  hand(arrival: Arrival): void {
    if (arrival.kind === "esp") return this.handEsp(arrival.esp);
    const { datagram } = arrival;
    const host = this.hostAt(datagram.local.address);
    // What a socket does: the port tells whether a non-ESP marker is expected (RFC 3948 §2.2).
    if (host === undefined || datagram.natt !== (datagram.local.port === 4500)) return;
    host.engine.handleDatagrams([datagram]);
  }

  /** Gives an ESP packet to the host it is for. */
  abstract handEsp(esp: EspInFlight): void;

  /** The host with this address. */
  hostAt(address: IpAddress): EngineHost | undefined {
    return this.hosts.find((host) => sameAddress(host.address, address));
  }

  /** Waits for a promise of an engine (`reset`, `shutdown`) while simulated time goes on. */
  async during<T>(work: Promise<T>, limitMs = 600_000): Promise<T> {
    let done = false;
    const watched = work.finally(() => done = true);
    await this.driveUntil("the call returns", () => done, limitMs);
    return await watched;
  }
}
