/** Two engines, one simulated network, one virtual time. A run depends on the seed alone. */
import type { IpAddress } from "../../src/ip/mod.ts";
import type { EngineConfiguration } from "../../src/policy/types.ts";
import type { EngineOptions } from "../../src/engine/api.ts";
import type { IkeSnapshot } from "../../src/engine/types.ts";
import { Nat } from "./nat.ts";
import { createHost, type SimulatedHost } from "./host.ts";
import { type Conditions, type EspInFlight, Network } from "./netem.ts";
import { atEnd, writeCapture } from "./capture.ts";
import { ADDRESSES, PSK_REF, sideA, sideB } from "./policies.ts";
import { createRng, type Rng } from "./rng.ts";
import { Simulation } from "./simulation.ts";
import { Traffic } from "./traffic.ts";

export type Host = SimulatedHost<"a" | "b">;

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

export class Pair extends Simulation {
  readonly rng: Rng;
  override readonly network: Network;
  readonly a: Host;
  readonly b: Host;
  readonly traffic: Traffic;
  readonly #options: PairOptions;

  /** Two hosts without configuration; `start` gives it to them. */
  constructor(options: PairOptions = {}) {
    super();
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

  override get hosts(): readonly [Host, Host] {
    return [this.a, this.b];
  }

  override handEsp(esp: EspInFlight): void {
    this.traffic.arrive(esp);
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
    const { timing, limits } = this.#options;
    return createHost(name, {
      address,
      clock: this.clock,
      random: this.#random(name),
      keyRandom: this.rng.fork(`keys ${name}`).octets,
      secrets: [{ ref: PSK_REF, psk }],
      send: (datagrams) => {
        for (const datagram of datagrams) this.network.sendIke(this.clock.now(), datagram);
      },
      ...(timing && { timing }),
      ...(limits && { limits }),
    });
  }
}
