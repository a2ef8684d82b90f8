/**
 * IPsec in this process (RFC 4301, RFC 4303): packets from the inside become ESP, ESP becomes packets for the inside.
 * Time comes in with `at`, octets by `fromInside` and `fromOutside`; `flush` ends a turn.
 */
import { fail, ok } from "../../bytes/mod.ts";
import { encrAlgorithm, integAlgorithm } from "../../crypto/mod.ts";
import type { CryptoProvider, Random } from "../../crypto/mod.ts";
import { type Endpoint, formatAddress, type IpAddress } from "../../ip/mod.ts";
import type { ChildInstall, ChildUsage, DatapathEvent, DatapathResult, FlowInstall } from "../types.ts";
import type { PacketBuffer } from "./buffer.ts";
import { packetBuffer } from "./buffer.ts";
import { Coalescer, type Deliver } from "./coalesce.ts";
import { DROP, type Drop, Drops } from "./drops.ts";
import { mergeEcn } from "./ecn.ts";
import { DEFAULT_OUTER_MTU, fitting, innerMtu, MTU_LIFETIME_MS, plausibleMtu, writeTooBig } from "./mtu.ts";
import { Outbox, type Outside } from "./outbox.ts";
import { addressOf, InnerPacket, IP_PROTOCOL, parseInner } from "./packet.ts";
import { type Child, ESP_HEADER, makeChild, type OuterPath, wipeChild } from "./sa.ts";
import { lastSequence, open, Opened } from "./seal.ts";
import { KEEPALIVE_MS } from "./demux.ts";
import { completeChecksum, pseudoSum, segmentHeaderLength, writeSegment } from "./split.ts";
import { matches } from "./selectors.ts";
import { Tables } from "./tables.ts";
import { Waiting } from "./waiting.ts";
import { GSO, readVnet, VNET_HEADER, VnetHeader, writePlainVnet } from "./vnet.ts";

/** The engine is asked for the SA of one flow at most this often. */
const ACQUIRE_MS = 1_000;
/** ICMP errors towards the inside: so many a second (RFC 4443 §2.4 (f)). */
const ICMP_PER_SECOND = 100;

/** Where a packet from outside came from, told without making objects. */
export interface Arrival {
  /** Whether it came from the remote end of this path. */
  isFrom(path: OuterPath): boolean;
  remote(): Endpoint;
}

/** What the data path is made of. */
export interface EspOptions {
  readonly provider: CryptoProvider;
  readonly random: Random;
  readonly outside: Outside;
  readonly deliver: Deliver;
  readonly event: (event: DatapathEvent) => void;
  /** The device takes UDP super-packets. */
  readonly joinUdp: boolean;
}

/** The data path. */
export class Esp {
  readonly drops = new Drops();
  readonly #options: EspOptions;
  /** SAD and SPD, for who looks at the state of the data path. */
  readonly tables = new Tables();
  readonly #outbox: Outbox;
  readonly #coalescer: Coalescer;
  readonly #inner = new InnerPacket();
  readonly #header = new VnetHeader();
  readonly #opened = new Opened();
  readonly #icmp = packetBuffer(VNET_HEADER + 1300);
  readonly #mtus = new Map<string, { readonly mtu: number; readonly untilMs: number }>();
  readonly #waiting = new Waiting();
  /** Policies that got an SA in the midst of a packet: what waits for it goes out at the next turn. */
  readonly #due = new Set<string>();
  #now = 0;
  #leastMtu = Infinity;
  #icmpLeft = ICMP_PER_SECOND;
  #icmpSince = 0;

  constructor(options: EspOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.outside);
    this.#coalescer = new Coalescer(options.deliver, options.joinUdp);
  }

  /** The time until the next call; monotonic, ms. */
  at(now: number): void {
    this.#now = now;
    if (this.#due.size === 0) return;
    for (const policy of this.#due) this.#release(policy);
    this.#due.clear();
  }

  /** Frames that wait for an SA, and octets of them. */
  get waiting(): { readonly frames: number; readonly octets: number } {
    return this.#waiting.held;
  }

  /** Replaces all flows. */
  setFlows(flows: readonly FlowInstall[]): void {
    this.tables.setFlows(flows);
  }

  /** Keys a pair; the octets of the keys are this room's from now on. */
  install(install: ChildInstall): DatapathResult {
    const message = this.#unfit(install);
    if (message !== undefined) return fail({ code: "unsupported", message });
    if (
      this.tables.byId(install.id) !== undefined || this.tables.bySpi(install.inbound.spi) !== undefined
    ) {
      return fail({ code: "spi-in-use", message: "The inbound SPI is in use" });
    }
    const child = makeChild(install, this.#options.provider, this.#options.random);
    child.lastOutMs = this.#now;
    this.#measure(child);
    this.tables.add(child);
    if (install.outboundFrom === "now") this.activate(child.id);
    return ok(undefined);
  }

  /** Outgoing packets take this pair from now on. */
  activate(id: number): void {
    const child = this.tables.byId(id);
    if (child === undefined) return;
    this.tables.activate(child);
    this.#release(child.policy);
  }

  /** New outer endpoints of these pairs. */
  move(ids: readonly number[], local: Endpoint, remote: Endpoint, udpEncap: boolean): void {
    this.#outbox.flush();
    const path = { local, remote, udpEncap };
    for (const id of ids) {
      const child = this.tables.byId(id);
      if (child === undefined) continue;
      child.path = path;
      child.movedTo = undefined;
      this.#measure(child);
    }
  }

  /** Takes pairs out and overwrites their keys. */
  remove(ids: readonly number[]): void {
    this.#outbox.flush();
    for (const child of this.tables.remove(ids)) wipeChild(child);
  }

  /** Takes every pair out. */
  close(): void {
    this.#waiting.clear();
    this.remove([...this.tables.all()].map((child) => child.id));
  }

  /** Counters of those pairs that are there. */
  usage(ids: readonly number[]): ChildUsage[] {
    return ids.flatMap((id) => {
      const child = this.tables.byId(id);
      if (child === undefined) return [];
      const { octetsIn, octetsOut, packetsIn, packetsOut, lastInMs } = child;
      const counters = { id, octetsIn, octetsOut, packetsIn, packetsOut };
      return [lastInMs === undefined ? counters : { ...counters, lastInMs }];
    });
  }

  /** The network said how much fits on the way to this address. */
  pathMtu(remote: IpAddress, mtu: number): void {
    const known = { mtu: plausibleMtu(remote.family, mtu), untilMs: this.#now + MTU_LIFETIME_MS };
    this.#mtus.set(formatAddress(remote), known);
    this.#measureAll();
  }

  /** The longest inner packet that every pair takes in one piece; infinite without pairs. */
  get leastMtu(): number {
    return this.#leastMtu;
  }

  /** Paths whose NAT mapping needs a keepalive now; forgets MTUs that are too old. Once a second or so. */
  tick(): OuterPath[] {
    this.#waiting.tick(this.#now);
    let forgotten = false;
    for (const [remote, { untilMs }] of this.#mtus) {
      if (untilMs <= this.#now) forgotten = this.#mtus.delete(remote);
    }
    if (forgotten) this.#measureAll();
    const due = new Map<string, OuterPath>();
    this.#leastMtu = Infinity;
    for (const child of this.tables.all()) {
      this.#leastMtu = Math.min(this.#leastMtu, child.innerMtu);
      if (!child.keepalive || !child.path.udpEncap || this.#now - child.lastOutMs < KEEPALIVE_MS) continue;
      child.lastOutMs = this.#now;
      const { address, port } = child.path.remote;
      due.set(`${formatAddress(address)} ${port}`, child.path);
    }
    return [...due.values()];
  }

  /** Ends a turn: what was kept for joining goes out. */
  flush(): void {
    this.#outbox.flush();
    this.#coalescer.flush();
  }

  /** One read of the device: device header and packet or super-packet, `length` octets at `offset`. */
  fromInside(buffer: PacketBuffer, offset: number, length: number): void {
    const packet = this.#inner, header = this.#header;
    const available = length - VNET_HEADER;
    if (available < 0 || !parseInner(packet, buffer, offset + VNET_HEADER, available)) {
      return this.drops.add(DROP.malformedOutbound);
    }
    readVnet(header, buffer, offset);
    const child = this.tables.outbound(packet);
    if (child === undefined) return this.#refuse(packet, buffer, offset, length);
    if (header.gsoType !== GSO.none) return this.#sendSegments(child, packet, buffer);
    if (!completeChecksum(packet, buffer, header)) return this.drops.add(DROP.badOffload);
    const fit = this.#fit(child, packet, buffer, packet.length);
    if (fit === undefined || this.#spent(child, child.outbound.sequence)) return;
    const whole = fit === "whole";
    const dontFragment = whole && packet.dontFragment;
    const at = this.#outbox.begin(child, packet.length, packet.trafficClass, whole, dontFragment);
    this.#outbox.buffer.octets.set(
      buffer.octets.subarray(packet.offset, packet.offset + packet.length),
      at,
    );
    this.#end(child, packet, packet.length);
  }

  /** One ESP packet from outside: `length` octets at `offset`, decrypted in place. */
  fromOutside(
    buffer: PacketBuffer,
    offset: number,
    length: number,
    trafficClass: number,
    arrival: Arrival,
  ): void {
    if (length < ESP_HEADER) return this.drops.add(DROP.malformedEsp);
    const child = this.tables.bySpi(buffer.view.getUint32(offset));
    if (child === undefined) return this.drops.add(DROP.unknownSpi);
    // What we may send does not bound what we may receive.
    if (this.#spent(child, 0)) return;
    const opened = this.#opened;
    const drop = open(child.inbound, buffer, offset, length, opened) ??
      this.#deliverable(child, buffer, trafficClass);
    if (opened.authentic) this.#authentic(child, opened.newest, arrival);
    if (drop !== undefined) return this.drops.add(drop);
    child.octetsIn += this.#inner.length;
    child.packetsIn++;
    this.#coalescer.add(this.#inner, buffer);
  }

  /** Why a pair cannot be installed. */
  #unfit({ suite, mode, inbound, outbound }: ChildInstall): string | undefined {
    const { provider } = this.#options;
    if (mode !== "tunnel") return "The userland data path has tunnel mode only";
    if (suite.protocol !== 3 || suite.encr === undefined) return "The userland data path has ESP only";
    const encr = encrAlgorithm(suite.encr);
    const integ = suite.integ === undefined || suite.integ === 0 ? undefined : integAlgorithm(suite.integ);
    if (encr === undefined || !provider.hasEncr(suite.encr)) {
      return `No ${encr?.ianaName ?? `encryption ${suite.encr.id}`} in ${provider.name}`;
    }
    if (!encr.aead && (integ === undefined || !provider.hasInteg(integ.id))) {
      return `${encr.ianaName} needs an integrity transform that ${provider.name} has`;
    }
    const encrLength = encr.keyLength + encr.saltLength;
    const integLength = encr.aead ? 0 : integ!.keyLength;
    for (const half of [inbound, outbound]) {
      if (half.encrKey.length !== encrLength || half.integKey.length !== integLength) {
        return "The keys do not have the length of the transforms";
      }
    }
    return undefined;
  }

  #measure(child: Child): void {
    const known = this.#mtus.get(formatAddress(child.path.remote.address));
    child.innerMtu = innerMtu(child.outbound, child.path, known?.mtu ?? DEFAULT_OUTER_MTU);
    // Pairs that went, or that have more now, are seen by the next `tick`: to look at all for each new one is much.
    this.#leastMtu = Math.min(this.#leastMtu, child.innerMtu);
  }

  #measureAll(): void {
    for (const child of this.tables.all()) this.#measure(child);
  }

  /** What waited for an SA of this policy goes out; the rest goes on waiting. */
  #release(policy: string): void {
    for (const frame of this.#waiting.take(policy, this.#now)) {
      const { buffer, offset, length } = frame;
      if (!parseInner(this.#inner, buffer, offset + VNET_HEADER, length - VNET_HEADER)) continue;
      if (this.tables.outbound(this.#inner) !== undefined) {
        this.drops.add(DROP.heldBack, -1);
        this.fromInside(buffer, offset, length);
      } else if (this.tables.held?.policy === policy) this.#waiting.putBack(policy, frame);
    }
  }

  /** No pair for a packet: where a flow has it, it may wait, and the engine is asked for an SA. */
  #refuse(packet: InnerPacket, buffer: PacketBuffer, offset: number, length: number): void {
    const flow = this.tables.held;
    if (flow === undefined) return this.drops.add(DROP.noPolicy);
    this.drops.add(DROP.heldBack);
    this.#waiting.keep(flow.policy, buffer, offset, length, this.#now);
    if (flow.askedMs !== undefined && this.#now - flow.askedMs < ACQUIRE_MS) return;
    flow.askedMs = this.#now;
    this.#options.event({
      kind: "acquire",
      policy: flow.policy,
      source: addressOf(packet, "source"),
      destination: addressOf(packet, "destination"),
    });
  }

  /** How a packet of this length goes; undefined where it does not. */
  #fit(child: Child, packet: InnerPacket, buffer: PacketBuffer, length: number): "whole" | "cut" | undefined {
    const fit = fitting(child, packet, length);
    if (fit !== "refuse") return fit;
    this.drops.add(DROP.tooBig);
    this.#tellTooBig(packet, buffer, child.innerMtu);
    return undefined;
  }

  #tellTooBig(packet: InnerPacket, buffer: PacketBuffer, mtu: number): void {
    if (this.#now - this.#icmpSince >= 1000) {
      this.#icmpSince = this.#now;
      this.#icmpLeft = ICMP_PER_SECOND;
    }
    if (this.#icmpLeft === 0) return;
    const length = writeTooBig(packet, buffer, this.#icmp, VNET_HEADER, mtu);
    if (length === 0) return;
    this.#icmpLeft--;
    writePlainVnet(this.#icmp, 0);
    this.#options.deliver(this.#icmp, 0, VNET_HEADER + length);
  }

  /** Whether an SA of the pair has sent or carried what it may (RFC 4301 §4.4.2.1), or will soon; each is told once. */
  #spent(child: Child, sequence: number): boolean {
    const last = lastSequence(child.outbound), octets = Math.max(child.octetsIn, child.octetsOut);
    const { softPart } = child;
    if (!child.softTold && (sequence >= last * softPart || octets >= child.limitOctets * softPart)) {
      child.softTold = true;
      this.#options.event({ kind: "expired", id: child.id, limit: "soft" });
    }
    if (sequence < last && octets < child.limitOctets) return false;
    this.drops.add(DROP.exhausted);
    if (!child.hardTold) {
      child.hardTold = true;
      this.#options.event({ kind: "expired", id: child.id, limit: "hard" });
    }
    return true;
  }

  #end(child: Child, packet: InnerPacket, length: number): void {
    this.#outbox.end(length, packet.family === 4 ? IP_PROTOCOL.ipv4 : IP_PROTOCOL.ipv6);
    child.octetsOut += length;
    child.packetsOut++;
    child.lastOutMs = this.#now;
  }

  #sendSegments(child: Child, packet: InnerPacket, buffer: PacketBuffer): void {
    const header = this.#header;
    const headerLength = segmentHeaderLength(packet, buffer, header);
    if (headerLength === undefined) return this.drops.add(DROP.badOffload);
    const longest = Math.min(packet.length, headerLength + header.gsoSize);
    const fit = this.#fit(child, packet, buffer, longest);
    if (fit === undefined) return;
    const whole = fit === "whole", dontFragment = whole && packet.dontFragment;
    const pseudo = pseudoSum(packet);
    const segments = Math.ceil((packet.length - headerLength) / header.gsoSize);
    for (let index = 0; index < segments; index++) {
      if (this.#spent(child, child.outbound.sequence)) return;
      const rest = packet.length - headerLength - index * header.gsoSize;
      const length = headerLength + Math.min(header.gsoSize, rest);
      const at = this.#outbox.begin(child, length, packet.trafficClass, whole, dontFragment);
      writeSegment(packet, buffer, header, headerLength, pseudo, index, this.#outbox.buffer, at);
      this.#end(child, packet, length);
    }
  }

  /** Why what an authentic packet carries may not go inside; `#inner` is the packet. */
  #deliverable(child: Child, buffer: PacketBuffer, trafficClass: number): Drop | undefined {
    const { offset, length, nextHeader } = this.#opened;
    const family = nextHeader === IP_PROTOCOL.ipv4 ? 4 : nextHeader === IP_PROTOCOL.ipv6 ? 6 : undefined;
    if (family === undefined) return DROP.badNextHeader;
    const packet = this.#inner;
    if (!parseInner(packet, buffer, offset, length) || packet.family !== family) return DROP.malformedInner;
    const expected = matches(child.remote, child.local, packet) && this.tables.inbound(child.policy, packet);
    if (!expected) return DROP.selectorMismatch;
    if (!mergeEcn(packet, buffer, trafficClass)) return DROP.congestion;
    return undefined;
  }

  /** The peer has the pair: it may be used, and the peer is where its newest packet came from. */
  #authentic(child: Child, newest: boolean, arrival: Arrival): void {
    child.lastInMs = this.#now;
    if (child.rank === 0) {
      this.tables.activate(child);
      this.#due.add(child.policy);
    }
    if (!child.followPeer || !newest || arrival.isFrom(child.path)) return;
    const remote = arrival.remote();
    const told = child.movedTo;
    if (told !== undefined && told.port === remote.port && told.address.value === remote.address.value) {
      return;
    }
    child.movedTo = remote;
    this.#options.event({ kind: "moved", id: child.id, remote });
  }
}
