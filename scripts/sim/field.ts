/** A gateway and its peers in simulated time, and what befalls them. */
import { formatAddress, type IpAddress, sameAddress } from "../../src/ip/mod.ts";
import { createHost, type SimulatedHost } from "../../tests/support/host.ts";
import { Nat } from "../../tests/support/nat.ts";
import { type Arrival, type EspInFlight, Network } from "../../tests/support/netem.ts";
import { createRng } from "../../tests/support/rng.ts";
import { Simulation } from "../../tests/support/simulation.ts";
import type { InnerPacket, SealedPacket } from "../../tests/support/simulated_datapath.ts";
import type { RecordedSa } from "../../tests/support/simulated_keys.ts";
import {
  GATEWAY,
  gatewayConfiguration,
  type Mishap,
  peerConfiguration,
  type PeerPlan,
  planPeers,
  type SimOptions,
} from "./plan.ts";

/** Packets from inside, both ways. */
export interface Packets {
  sent: number;
  delivered: number;
  /** Held back for want of an SA. */
  held: number;
  /** Let through in clear. */
  clear: number;
  /** Arrived, and were refused by the data path. */
  refused: number;
}

export interface Peer {
  readonly plan: PeerPlan;
  host: SimulatedHost;
}

export class Field extends Simulation {
  override readonly network: Network;
  readonly options: SimOptions;
  readonly peers: readonly Peer[];
  readonly gateway: SimulatedHost;
  readonly packets: Packets = { sent: 0, delivered: 0, held: 0, clear: 0, refused: 0 };
  /** Called for every packet that was delivered. */
  arrived: (peer: Peer, from: "peer" | "gateway") => void = () => {};
  /** What befell hosts, by kind. */
  readonly mishaps = new Map<string, number>();
  /** Hosts that crashed, for their keys and events. */
  readonly fallen: SimulatedHost[] = [];
  readonly #byAddress = new Map<string, SimulatedHost>();
  readonly #cutUntil = new Map<string, number>();
  readonly #versions: { readonly peer: number[]; readonly gateway: number[] };
  #lives = 0;

  constructor(options: SimOptions) {
    super();
    const { seed, loss, duplicate, reorder, latencyMs, jitterMs } = options;
    this.options = options;
    this.network = new Network(createRng(seed, "network"), {
      loss,
      duplicate,
      reorder,
      reorderMs: 200,
      latencyMs,
      jitterMs,
    });
    const plans = planPeers(options);
    this.#versions = { peer: plans.map(() => 0), gateway: plans.map(() => 0) };
    this.gateway = this.#host("gateway", GATEWAY, plans);
    this.peers = plans.map((plan) => ({ plan, host: this.#peerHost(plan) }));
    for (const { address, nat } of plans) {
      if (nat !== undefined) this.network.nats.push(new Nat(address, nat));
    }
  }

  override get hosts(): readonly SimulatedHost[] {
    return [this.gateway, ...this.peers.map(({ host }) => host)];
  }

  /** Keys of all IKE SAs that there were. */
  get recorded(): readonly RecordedSa[] {
    return [...this.hosts, ...this.fallen].flatMap(({ keys }) => keys.recorded);
  }

  override hostAt(address: IpAddress): SimulatedHost | undefined {
    return this.#byAddress.get(formatAddress(address));
  }

  override hand(arrival: Arrival): void {
    const ends = arrival.kind === "ike"
      ? [arrival.datagram.local.address, arrival.datagram.remote.address]
      : [arrival.esp.to.address, arrival.esp.from.address];
    if (!ends.some((end) => this.#isCut(end))) super.hand(arrival);
  }

  override handEsp(esp: EspInFlight): void {
    const packet = esp.packet as SealedPacket;
    const host = this.hostAt(esp.to.address);
    if (host?.datapath.input(esp.from, packet) !== "delivered") return void this.packets.refused++;
    this.packets.delivered++;
    const from = host === this.gateway ? "peer" : "gateway";
    const inside = from === "peer" ? packet.inner.source : packet.inner.destination;
    const peer = this.peers.find(({ plan }) => sameAddress(plan.inside, inside));
    if (peer !== undefined) this.arrived(peer, from);
  }

  /** Configures the gateway, then the peers. */
  async start(): Promise<void> {
    await this.#configureGateway();
    for (const { plan, host } of this.peers) {
      await host.engine.configure(peerConfiguration(this.options.seed, plan, 0));
    }
    await this.settle();
  }

  /** A packet from inside one end of a tunnel to the other. */
  ping({ plan, host }: Peer, from: "peer" | "gateway"): void {
    const sender = from === "peer" ? host : this.gateway;
    const [source, destination] = from === "peer"
      ? [plan.inside, plan.behindGateway]
      : [plan.behindGateway, plan.inside];
    const inner: InnerPacket = {
      source,
      destination,
      protocol: 1,
      sourcePort: 0,
      destinationPort: 0,
      octets: 84,
    };
    const outgoing = sender.datapath.output(inner);
    if (outgoing.kind !== "sealed") return void this.packets[outgoing.kind]++;
    this.packets.sent++;
    this.network.sendEsp(this.clock.now(), outgoing);
  }

  /** Lets something happen to a peer, now. */
  async befall(peer: Peer, mishap: Mishap): Promise<void> {
    this.mishaps.set(mishap.kind, (this.mishaps.get(mishap.kind) ?? 0) + 1);
    const { plan, host } = peer;
    switch (mishap.kind) {
      case "reset":
        // Its peers are told while time goes on.
        void host.engine.reset("sa");
        break;
      case "rebind":
        this.network.nats.find(({ inside }) => inside === plan.address)?.rebind();
        break;
      case "cut":
        this.#cutUntil.set(formatAddress(plan.nat ?? plan.address), this.clock.now() + mishap.forMs);
        this.#cutUntil.set(formatAddress(plan.address), this.clock.now() + mishap.forMs);
        break;
      case "crash":
        this.fallen.push(host);
        peer.host = this.#peerHost(plan);
        await peer.host.engine.configure(this.#peerConfiguration(plan));
        break;
      case "reconfigure":
        this.#versions[mishap.side][plan.index]!++;
        if (mishap.side === "gateway") await this.#configureGateway();
        else await host.engine.configure(this.#peerConfiguration(plan));
    }
    await this.settle();
  }

  /** No loss, no delay but the latency, and nobody is cut off. */
  recover(): void {
    this.network.conditions = { latencyMs: this.options.latencyMs };
    this.#cutUntil.clear();
  }

  #isCut(end: IpAddress): boolean {
    return (this.#cutUntil.get(formatAddress(end)) ?? 0) > this.clock.now();
  }

  #peerConfiguration(plan: PeerPlan) {
    return peerConfiguration(this.options.seed, plan, this.#versions.peer[plan.index]!);
  }

  async #configureGateway(): Promise<void> {
    const plans = this.peers.map(({ plan }) => plan);
    await this.gateway.engine.configure(
      gatewayConfiguration(this.options.seed, plans, this.#versions.gateway),
    );
  }

  #peerHost(plan: PeerPlan): SimulatedHost {
    const psk = plan.agrees ? plan.psk : `${plan.psk}-of-another`;
    return this.#host(plan.name, plan.address, [{ ref: plan.ref, psk }]);
  }

  #host(name: string, address: IpAddress, secrets: readonly Pick<PeerPlan, "ref" | "psk">[]): SimulatedHost {
    // A host that begins anew does not repeat its random numbers.
    const life = `${name} ${this.#lives++}`;
    const host = createHost(name, {
      address,
      clock: this.clock,
      random: createRng(this.options.seed, `engine ${life}`).octets,
      keyRandom: createRng(this.options.seed, `keys ${life}`).octets,
      secrets,
      send: (datagrams) => {
        // Of a host that has crashed nothing comes any more.
        if (this.hostAt(address) !== host) return;
        for (const datagram of datagrams) this.network.sendIke(this.clock.now(), datagram);
      },
    });
    this.#byAddress.set(formatAddress(address), host);
    return host;
  }
}
