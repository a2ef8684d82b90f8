/**
 * A data path in memory: it holds what the engine installed, and carries packets by it, so that a test sees whether
 * both ends agree on SPIs, keys, selectors and the moment to switch.
 */
import { type EspSpi, ok, type Result, sameOctets } from "../../src/bytes/mod.ts";
import { type Endpoint, type IpAddress, rangeHolds, sameEndpoint } from "../../src/ip/mod.ts";
import type { TrafficSelector } from "../../src/selector/types.ts";
import type {
  ChildInstall,
  ChildUsage,
  Clock,
  Datapath,
  DatapathError,
  DatapathEvent,
  FlowInstall,
} from "../../src/exchange/ports.ts";

/** An inner packet, as far as selectors look at it. */
export interface InnerPacket {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly octets: number;
}

/** An ESP packet: sealed by these keys. */
export interface SealedPacket {
  readonly spi: EspSpi;
  readonly encrKey: Uint8Array;
  readonly integKey: Uint8Array;
  readonly udpEncap: boolean;
  readonly inner: InnerPacket;
}

/** What became of an outgoing packet. `held`: a flow wants it protected and there is no SA. `clear`: no flow has it. */
export type Outgoing =
  | { readonly kind: "sealed"; readonly from: Endpoint; readonly to: Endpoint; readonly packet: SealedPacket }
  | { readonly kind: "held" | "clear" };

/** What became of an incoming ESP packet. */
export type Incoming =
  | "delivered"
  | "expired"
  | "unknown-spi"
  | "bad-keys"
  | "bad-selectors"
  | "bad-encapsulation";

/** One installed pair and its counters. */
export interface InstalledPair {
  readonly child: ChildInstall;
  local: Endpoint;
  remote: Endpoint;
  udpEncap: boolean;
  /** Its rank for outgoing packets, the highest one takes them; 0 takes none yet, less never will. */
  rank: number;
  /** Octets counted against `lifetimeOctets`. */
  readonly used: { in: number; out: number };
  octetsIn: number;
  octetsOut: number;
  packetsIn: number;
  packetsOut: number;
  lastInMs: number | undefined;
}

function holds(
  selector: TrafficSelector,
  address: IpAddress,
  protocol: number,
  port: number,
): boolean {
  return rangeHolds(selector.addresses, address) &&
    (selector.protocol === 0 || selector.protocol === protocol) &&
    selector.ports.start <= port && port <= selector.ports.end;
}

function matches(
  local: readonly TrafficSelector[],
  remote: readonly TrafficSelector[],
  packet: InnerPacket,
): boolean {
  return local.some((s) => holds(s, packet.source, packet.protocol, packet.sourcePort)) &&
    remote.some((s) => holds(s, packet.destination, packet.protocol, packet.destinationPort));
}

function reversed(packet: InnerPacket): InnerPacket {
  return {
    ...packet,
    source: packet.destination,
    destination: packet.source,
    sourcePort: packet.destinationPort,
    destinationPort: packet.sourcePort,
  };
}

export class SimulatedDatapath implements Datapath {
  readonly pairs = new Map<number, InstalledPair>();
  flows: readonly FlowInstall[] = [];
  /** Calls that fail from now on. */
  failing: "install" | "setFlows" | undefined;
  /** Every pair that was ever installed: ids never come again. */
  readonly seenIds = new Set<number>();
  readonly #clock: Clock;
  readonly #report: (event: DatapathEvent) => void;
  #rank = 0;

  constructor(clock: Clock, report: (event: DatapathEvent) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  async setFlows(flows: readonly FlowInstall[]): Promise<Result<void, DatapathError>> {
    await undefined;
    if (this.failing === "setFlows") return refused("setFlows");
    this.flows = flows;
    return ok(undefined);
  }

  async install(child: ChildInstall): Promise<Result<void, DatapathError>> {
    await undefined;
    if (this.failing === "install") return refused("install");
    if (this.seenIds.has(child.id)) throw new Error(`Child SA ${child.id} was installed before`);
    for (const { child: other } of this.pairs.values()) {
      if (other.inbound.spi === child.inbound.spi) {
        return { ok: false, error: { code: "spi-in-use", message: `SPI ${child.inbound.spi} is taken` } };
      }
    }
    this.seenIds.add(child.id);
    this.pairs.set(child.id, {
      child: { ...child, inbound: copyOf(child.inbound), outbound: copyOf(child.outbound) },
      local: child.local,
      remote: child.remote,
      udpEncap: child.udpEncap,
      rank: child.outboundFrom === "now" ? ++this.#rank : child.outboundFrom === "never" ? -1 : 0,
      used: { in: 0, out: 0 },
      octetsIn: 0,
      octetsOut: 0,
      packetsIn: 0,
      packetsOut: 0,
      lastInMs: undefined,
    });
    return ok(undefined);
  }

  activate(id: number): void {
    if (!this.seenIds.has(id)) throw new Error(`Child SA ${id} was never installed`);
    const pair = this.pairs.get(id);
    if (pair?.rank === 0) pair.rank = ++this.#rank;
  }

  move(ids: readonly number[], local: Endpoint, remote: Endpoint, udpEncap: boolean): void {
    for (const id of ids) {
      const pair = this.pairs.get(id);
      if (pair !== undefined) Object.assign(pair, { local, remote, udpEncap });
    }
  }

  async remove(ids: readonly number[]): Promise<void> {
    await undefined;
    for (const id of ids) this.pairs.delete(id);
  }

  async usage(ids: readonly number[]): Promise<readonly ChildUsage[]> {
    await undefined;
    const usages: ChildUsage[] = [];
    for (const id of ids) {
      const pair = this.pairs.get(id);
      if (pair === undefined) continue;
      const { octetsIn, octetsOut, packetsIn, packetsOut, lastInMs } = pair;
      const counters = { id, octetsIn, octetsOut, packetsIn, packetsOut };
      usages.push(lastInMs === undefined ? counters : { ...counters, lastInMs });
    }
    return usages;
  }

  /** A packet from inside: sealed by the pair that takes it, or held back, or none of our business. */
  output(inner: InnerPacket): Outgoing {
    let best: InstalledPair | undefined;
    for (const pair of this.pairs.values()) {
      if (pair.rank <= 0 || !matches(pair.child.localSelectors, pair.child.remoteSelectors, inner)) continue;
      if (best === undefined || pair.rank > best.rank) best = pair;
    }
    if (best === undefined) {
      const flow = this.flows.find((f) => matches([f.local], [f.remote], inner));
      if (flow === undefined) return { kind: "clear" };
      const { source, destination } = inner;
      this.#report({ kind: "acquire", policy: flow.policy, source, destination });
      return { kind: "held" };
    }
    best.packetsOut++;
    best.octetsOut += inner.octets;
    if (!this.#withinLifetime(best, "out", inner.octets)) return { kind: "held" };
    const packet = { ...best.child.outbound, udpEncap: best.udpEncap, inner };
    return { kind: "sealed", from: best.local, to: best.remote, packet };
  }

  /** An ESP packet from outside. */
  input(from: Endpoint, packet: SealedPacket): Incoming {
    const pair = [...this.pairs.values()].find((p) => p.child.inbound.spi === packet.spi);
    if (pair === undefined) return "unknown-spi";
    const { inbound, localSelectors, remoteSelectors } = pair.child;
    const sameKeys = sameOctets(inbound.encrKey, packet.encrKey) &&
      sameOctets(inbound.integKey, packet.integKey);
    if (!sameKeys) return "bad-keys";
    if (pair.udpEncap !== packet.udpEncap) return "bad-encapsulation";
    if (!matches(localSelectors, remoteSelectors, reversed(packet.inner))) return "bad-selectors";
    if (!this.#withinLifetime(pair, "in", packet.inner.octets)) return "expired";
    pair.packetsIn++;
    pair.octetsIn += packet.inner.octets;
    pair.lastInMs = this.#clock.now();
    if (pair.rank === 0) pair.rank = ++this.#rank;
    if (pair.child.followPeer && !sameEndpoint(pair.remote, from)) {
      pair.remote = from;
      this.#report({ kind: "moved", id: pair.child.id, remote: from });
    }
    return "delivered";
  }

  /** Counts octets of one direction against the lifetime; reports that it is near, or over: then nothing passes. */
  #withinLifetime(pair: InstalledPair, way: "in" | "out", octets: number): boolean {
    const limit = pair.child.lifetimeOctets ?? 0;
    if (limit === 0) return true;
    const before = pair.used[way], now = before + octets;
    pair.used[way] = now;
    const crossed = (mark: number) => before < mark && now >= mark;
    if (crossed(limit)) this.expire(pair.child.id, "hard");
    else if (crossed(limit * 7 / 8)) this.expire(pair.child.id, "soft");
    return now < limit;
  }

  /** Reports that a limit of octets or sequence numbers is near or reached, of the pair with this inbound SPI. */
  expire(id: number, limit: "soft" | "hard"): void {
    this.#report({ kind: "expired", id, limit });
  }

  /** Somebody else removes a pair, and this is noticed. */
  vanish(id: number): void {
    this.pairs.delete(id);
    this.#report({ kind: "vanished", id });
  }
}

function copyOf(half: ChildInstall["inbound"]): ChildInstall["inbound"] {
  return { spi: half.spi, encrKey: half.encrKey.slice(), integKey: half.integKey.slice() };
}

function refused(what: string): Result<void, DatapathError> {
  return { ok: false, error: { code: "failed", message: `The test lets ${what} fail` } };
}
