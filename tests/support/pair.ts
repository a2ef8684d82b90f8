/**
 * Two engines, one simulated network, one virtual time.
 *
 * Time stands still while an engine has work in progress; then it jumps to the next arrival or timer. A run depends
 * on the seed alone.
 */
import assert from "node:assert/strict";
import { ascii, Secret } from "../../src/bytes/mod.ts";
import { type Endpoint, type IpAddress, sameAddress } from "../../src/ip/mod.ts";
import { createPortable } from "../../src/crypto/mod.ts";
import { KeyHolder } from "../../src/auth/mod.ts";
import type { EngineConfiguration } from "../../src/policy/types.ts";
import type { Engine, EngineOptions } from "../../src/engine/api.ts";
import type { EngineEvent, IkeSnapshot } from "../../src/engine/types.ts";
import { createEngine } from "../../src/engine/mod.ts";
import { SimulatedClock } from "./clock.ts";
import { Nat } from "./nat.ts";
import { type Arrival, type Conditions, Network } from "./netem.ts";
import { atEnd, writeCapture } from "./capture.ts";
import { ADDRESSES, PSK_REF, sideA, sideB } from "./policies.ts";
import { createRng, type Rng } from "./rng.ts";
import { SimulatedDatapath } from "./simulated_datapath.ts";
import { SimulatedKeys } from "./simulated_keys.ts";
import { Traffic } from "./traffic.ts";

/** Microtask turns after which an engine that still works is taken for one that never stops. */
const MOST_TURNS = 20_000;

/** One engine and what it stands on. */
export interface Host {
  readonly name: "a" | "b";
  readonly address: IpAddress;
  readonly engine: Engine;
  readonly holder: KeyHolder;
  readonly keys: SimulatedKeys;
  readonly datapath: SimulatedDatapath;
  readonly events: EngineEvent[];
}

/** How a pair is set up; what is left out is the plain site-to-site tunnel of `policies.ts` over a perfect network. */
export interface PairOptions {
  readonly seed?: number;
  readonly family?: 4 | 6;
  readonly a?: EngineConfiguration;
  readonly b?: EngineConfiguration;
  readonly pskA?: string;
  readonly pskB?: string;
  readonly conditions?: Conditions;
  /** Who stands behind a NAT. */
  readonly nat?: "a" | "b";
  /** So many SPIs of each kind can be chosen: one that is never released makes the engine run out of them. */
  readonly fewSpis?: number;
  readonly timing?: EngineOptions["timing"];
  readonly limits?: EngineOptions["limits"];
}

export class Pair {
  readonly clock = new SimulatedClock();
  readonly rng: Rng;
  readonly network: Network;
  readonly a: Host;
  readonly b: Host;
  readonly traffic: Traffic;
  readonly #options: PairOptions;

  /** Two hosts without configuration; `start` gives it to them. */
  constructor(options: PairOptions = {}) {
    this.#options = options;
    this.rng = createRng(options.seed ?? 1);
    this.network = new Network(this.rng.fork("network"), options.conditions);
    const addresses = ADDRESSES[options.family ?? 4];
    if (options.nat !== undefined) {
      // Who is to be reached behind a NAT needs its ports forwarded.
      const forwarded = options.nat === "b" ? [500, 4500] : [];
      this.network.nats.push(new Nat(addresses[options.nat], addresses.nat, forwarded));
    }
    this.a = this.#host("a", addresses.a, options.pskA);
    this.b = this.#host("b", addresses.b, options.pskB);
    this.traffic = new Traffic(this);
    this.#captureAtEnd();
  }

  /** Configures the passive side, then the active one. */
  async start(): Promise<this> {
    const family = this.#options.family ?? 4;
    await this.b.engine.configure(this.#options.b ?? sideB({}, family));
    const { nat } = ADDRESSES[family];
    const throughNat = this.#options.nat === "b"
      ? { peer: { kind: "network", prefix: { address: nat, length: family === 4 ? 32 : 128 } } } as const
      : {};
    await this.a.engine.configure(this.#options.a ?? sideA({ policy: throughNat }, family));
    await this.settle();
    return this;
  }

  get hosts(): readonly [Host, Host] {
    return [this.a, this.b];
  }

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
    if (arrival.kind === "esp") return this.traffic.arrive(arrival.esp);
    const { datagram } = arrival;
    const host = this.hosts.find((host) => sameAddress(host.address, datagram.local.address));
    // What a socket does: the port tells whether a non-ESP marker is expected (RFC 3948 §2.2).
    if (host === undefined || datagram.natt !== (datagram.local.port === 4500)) return;
    host.engine.handleDatagrams([datagram]);
  }

  /** Waits for a promise of an engine (`reset`, `shutdown`) while simulated time goes on. */
  async during<T>(work: Promise<T>, limitMs = 600_000): Promise<T> {
    let done = false;
    const watched = work.finally(() => done = true);
    await this.driveUntil("the call returns", () => done, limitMs);
    return await watched;
  }

  snapshots(): Promise<readonly [readonly IkeSnapshot[], readonly IkeSnapshot[]]> {
    return Promise.all([this.a.engine.snapshot(), this.b.engine.snapshot()]);
  }

  /** Both ends have an established IKE SA with the same SPIs and one with equal Child SAs. */
  async connected(): Promise<boolean> {
    const [a, b] = await this.snapshots();
    const up = (list: readonly IkeSnapshot[]) => list.filter((sa) => sa.state === "established");
    const mine = up(a), theirs = up(b);
    return mine.length === 1 && theirs.length === 1 && mine[0]!.spiI === theirs[0]!.spiI &&
      mine[0]!.children.length > 0 && theirs[0]!.children.length === mine[0]!.children.length;
  }

  /** Steps until `connected`. */
  async connect(): Promise<void> {
    await this.driveUntil("both sides are connected", () => this.connected());
  }

  #random(name: "a" | "b"): (length: number) => Uint8Array {
    const { octets } = this.rng.fork(`engine ${name}`);
    const { fewSpis } = this.#options;
    if (fewSpis === undefined) return octets;
    let draws = 0;
    return (length) => {
      if (length !== 4 && length !== 8) return octets(length);
      if (++draws > 10_000_000) throw new Error("The engine finds no free SPI");
      return new Uint8Array(length).fill(name === "a" ? 0x10 : 0x20).fill(draws % fewSpis, length - 1);
    };
  }

  #captureAtEnd(): void {
    const { record } = this.network;
    atEnd((name) => writeCapture(name, record, this.hosts.flatMap((host) => host.keys.recorded)));
  }

  #host(name: "a" | "b", address: IpAddress, psk = "example-psk-do-not-use"): Host {
    const random = this.rng.fork(`keys ${name}`).octets;
    const holder = new KeyHolder({ provider: createPortable(random) });
    holder.loadSecrets([{ ref: PSK_REF, secret: new Secret(ascii(psk)) }]);
    const keys = new SimulatedKeys(holder);
    const events: EngineEvent[] = [];
    const datapath = new SimulatedDatapath(this.clock, (event) => engine.handleDatapath(event));
    const local: Endpoint = { address, port: 500 };
    const { timing, limits } = this.#options;
    const engine: Engine = createEngine({
      keys,
      datapath,
      clock: this.clock,
      random: this.#random(name),
      send: (datagrams) => {
        for (const datagram of datagrams) this.network.sendIke(this.clock.now(), datagram);
      },
      emit: (event) => events.push(event),
      wake: () => {},
      sourceFor: () => Promise.resolve(local),
      version: "test",
      ...(timing && { timing }),
      ...(limits && { limits }),
    });
    return { name, address, engine, holder, keys, datapath, events };
  }
}
