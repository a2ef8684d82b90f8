/** Two gateways as the daemon puts them together, in one thread: engines, key holders, ESP, libcrypto's algorithms. */
import { ascii, ok, Secret } from "../../src/bytes/mod.ts";
import type { CryptoProvider } from "../../src/crypto/mod.ts";
import { KeyHolder } from "../../src/auth/mod.ts";
import { createEngine } from "../../src/engine/mod.ts";
import type { Engine } from "../../src/engine/api.ts";
import type { EngineEvent } from "../../src/engine/types.ts";
import type { Clock, Datagram, Datapath } from "../../src/exchange/ports.ts";
import type { IpAddress } from "../../src/ip/mod.ts";
import type { EngineConfiguration } from "../../src/policy/types.ts";
import type { Proposal } from "../../src/proposal/types.ts";
import { filler, Host, udp, V4 } from "../datapath/support.ts";
import { Network } from "../support/netem.ts";
import { ADDRESSES, PSK_REF, sideA, sideB } from "../support/policies.ts";
import { createRng, type Rng } from "../support/rng.ts";
import { Simulation } from "../support/simulation.ts";

const PSK = "an example secret";

class Gateway {
  readonly address: IpAddress;
  readonly holder: KeyHolder;
  readonly engine: Engine;
  /** How often each kind of event came. */
  readonly events = new Map<EngineEvent["kind"], number>();
  readonly #host: Host;

  constructor(
    address: IpAddress,
    provider: CryptoProvider,
    rng: Rng,
    clock: Clock,
    send: (datagrams: readonly Datagram[]) => void,
  ) {
    this.address = address;
    this.holder = new KeyHolder({ provider });
    this.secret(PSK);
    this.#host = new Host(provider);
    const { esp } = this.#host;
    const datapath: Datapath = {
      setFlows: (flows) => Promise.resolve(ok(esp.setFlows(flows))),
      install: (child) => Promise.resolve(esp.install(child)),
      activate: (id) => esp.activate(id),
      move: (...how) => esp.move(...how),
      remove: (ids) => Promise.resolve(esp.remove(ids)),
      usage: (ids) => Promise.resolve(esp.usage(ids)),
    };
    this.engine = createEngine({
      keys: this.holder,
      datapath,
      clock,
      random: rng.octets,
      send,
      emit: ({ kind }) => void this.events.set(kind, (this.events.get(kind) ?? 0) + 1),
      wake: () => {},
      sourceFor: () => Promise.resolve({ address, port: 500 }),
      version: "test",
    });
  }

  /** What the peer has to know as well. */
  secret(psk: string): void {
    this.holder.loadSecrets([{ ref: PSK_REF, secret: new Secret(ascii(psk)) }]);
  }

  /** Sends one packet through the tunnel; whether it came out at the other end. */
  sends(packet: Uint8Array, to: Gateway): boolean {
    const arrived = to.#host.outside(this.#host.inside(packet)).length === 1;
    this.#tell();
    to.#tell();
    return arrived;
  }

  /** SAs of IKE and ESP, private values under way. */
  async left(): Promise<readonly number[]> {
    const { pendingKe, sas } = this.holder.stats();
    return [(await this.engine.snapshot()).length, pendingKe, sas, [...this.#host.esp.tables.all()].length];
  }

  /** Gives on what the data path has to say, and forgets what it was fed with. */
  #tell(): void {
    const { sent, delivered, events } = this.#host;
    for (const event of events.splice(0)) this.engine.handleDatapath(event);
    sent.length = delivered.length = 0;
  }
}

export interface GatewaysOptions {
  readonly seed: number;
  readonly provider: CryptoProvider;
  readonly ike: Proposal;
  readonly child: Proposal;
}

export class Gateways extends Simulation {
  override readonly network: Network;
  readonly a: Gateway;
  readonly b: Gateway;

  private constructor({ seed, provider }: GatewaysOptions) {
    super();
    const rng = createRng(seed);
    const { clock } = this;
    this.network = new Network(rng.fork("network"));
    const send = (datagrams: readonly Datagram[]) => {
      for (const datagram of datagrams) this.network.sendIke(clock.now(), datagram);
      // What went by is of no use here.
      this.network.record.length = 0;
    };
    this.a = new Gateway(ADDRESSES[4].a, provider, rng.fork("a"), clock, send);
    this.b = new Gateway(ADDRESSES[4].b, provider, rng.fork("b"), clock, send);
  }

  /** Configured, and silent: `a` begins when it is made active. */
  static async start(options: GatewaysOptions): Promise<Gateways> {
    const both = new Gateways(options);
    const lives = (ikeLifetimeMs: number, ms: number) => ({
      policy: {
        ikeProposals: [options.ike],
        childProposals: [options.child],
        ikeLifetimeMs,
        childLifetime: { ms, octets: 0 },
      },
      globals: { dpdIntervalMs: 20_000 },
    });
    const silent = ({ globals, policies }: EngineConfiguration) => ({
      globals: { ...globals, active: false },
      policies,
    });
    await both.b.engine.configure(silent(sideB(lives(70_000, 60_000))));
    await both.a.engine.configure(silent(sideA(lives(90_000, 40_000))));
    await both.settle();
    return both;
  }

  override get hosts(): readonly [Gateway, Gateway] {
    return [this.a, this.b];
  }

  override handEsp(): void {
    throw new Error("ESP does not go through this network");
  }

  /** Packets both ways. */
  traffic(): boolean {
    const back = { from: V4.to, to: V4.from };
    return this.a.sends(udp(V4, filler(100)), this.b) && this.b.sends(udp(back, filler(100)), this.a);
  }
}

/** A life of an IKE SA, from nothing to nothing. */
type Life = (both: Gateways, number: number) => Promise<void>;

async function up(both: Gateways): Promise<void> {
  both.a.engine.setActive(true);
  await both.drive();
  if (!both.traffic()) throw new Error("The tunnel carries nothing");
  both.a.engine.setActive(false);
}

async function down(both: Gateways, number = 0): Promise<void> {
  both.a.engine.setActive(false);
  const who = number % 2 === 0 ? both.a : both.b;
  await both.during(who.engine.reset("all"));
  await both.drive();
}

const plain: Life = async (both, number) => {
  await up(both);
  await down(both, number);
};

/** Both ends rekey both kinds of SA, and probe. */
const rekeyed: Life = async (both, number) => {
  await up(both);
  for (let times = 0; times < 4; times++) {
    await both.advance(50_000);
    if (!both.traffic()) throw new Error("The tunnel carries nothing any more");
  }
  await down(both, number);
};

/** The responder does not know the secret. */
const refused: Life = async (both) => {
  both.b.secret("another example secret");
  both.a.engine.setActive(true);
  await both.drive();
  both.b.secret(PSK);
  await down(both);
};

/** Nothing arrives any more once the responder has answered the first message. */
const abandoned: Life = async (both) => {
  both.a.engine.setActive(true);
  await both.step();
  both.network.conditions = { loss: 1 };
  await both.advance(30_000);
  both.a.engine.setActive(false);
  await both.advance(300_000);
  both.network.conditions = {};
  await down(both);
};

/** One end is gone without a word: the other finds out. */
const vanished: Life = async (both) => {
  await up(both);
  both.network.conditions = { loss: 1 };
  await both.during(both.a.engine.reset("all"));
  await both.advance(400_000);
  both.network.conditions = {};
  await down(both);
};

const LIVES: readonly Life[] = [
  plain,
  plain,
  rekeyed,
  plain,
  refused,
  plain,
  abandoned,
  plain,
  vanished,
  plain,
];

/** Of so many lives the part in which both ends had an IKE SA. */
export const ESTABLISHED = LIVES.filter((life) => life !== refused && life !== abandoned).length /
  LIVES.length;

/** Goes through so many lives, of every kind. */
export async function live(all: readonly Gateways[], lives: number): Promise<void> {
  for (let number = 0; number < lives; number++) {
    const both = all[number % all.length]!;
    await LIVES[Math.floor(number / all.length) % LIVES.length]!(both, number);
  }
  // Stored answers are kept for a while, and go with the next one.
  for (const both of all) {
    await both.advance(600_000);
    await plain(both, 0);
    await both.advance(600_000);
  }
}
