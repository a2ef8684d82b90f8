/** Two data paths back to back, and packets to send through them. */
import { randomBytes } from "node:crypto";
import { createPortable } from "../../src/crypto/portable/provider.ts";
import { type CryptoProvider, encrAlgorithm, integAlgorithm } from "../../src/crypto/mod.ts";
import type { ChildSuite } from "../../src/crypto/mod.ts";
import { espSpi } from "../../src/bytes/mod.ts";
import { type Endpoint, parseAddress, parsePrefix, rangeOfPrefix } from "../../src/ip/mod.ts";
import type { TrafficSelector } from "../../src/selector/types.ts";
import {
  type ChildInstall,
  type DatapathEvent,
  Esp,
  OUTBOX_ROOM,
  type OuterPath,
  packetBuffer,
  PacketMemory,
  VNET_HEADER,
} from "../../src/datapath/mod.ts";
import { checksum } from "../../src/datapath/esp/buffer.ts";

export const portable: CryptoProvider = createPortable((length) => new Uint8Array(randomBytes(length)));

export function endpoint(address: string, port = 4500): Endpoint {
  return { address: parseAddress(address)!, port };
}

export function selector(prefix: string, protocol = 0, start = 0, end = 65535): TrafficSelector {
  return { addresses: rangeOfPrefix(parsePrefix(prefix)!), protocol, ports: { start, end } };
}

export const GCM: ChildSuite = { protocol: 3, encr: { id: 20, keyBits: 256 }, esn: false };

const HERE = endpoint("192.0.2.1"), THERE = endpoint("192.0.2.2");
const HERE_NETS = ["10.1.0.0/16", "2001:db8:1::/48"], THERE_NETS = ["10.2.0.0/16", "2001:db8:2::/48"];

/** The first hosts of each test file work in memory of this kind, as the daemon does; then it is used up. */
const memory = PacketMemory.open(8 << 20);

/** Both ends of a pair with the same keys; `changes` go into both. */
export function childPair(
  suite: ChildSuite,
  changes: Partial<ChildInstall> = {},
  seed = 1,
): { here: ChildInstall; there: ChildInstall } {
  const encr = encrAlgorithm(suite.encr!)!;
  const encrLength = encr.keyLength + encr.saltLength;
  const integLength = suite.integ === undefined ? 0 : integAlgorithm(suite.integ)!.keyLength;
  const half = (spi: number) => ({
    spi: espSpi(spi),
    encrKey: new Uint8Array(encrLength).map((_, at) => (spi * 7 + at * 13) & 0xff),
    integKey: new Uint8Array(integLength).map((_, at) => (spi * 11 + at * 5) & 0xff),
  });
  const common = {
    id: seed,
    policy: "example",
    suite,
    mode: "tunnel",
    udpEncap: true,
    keepalive: false,
    followPeer: false,
    replayWindow: 64,
    outboundFrom: "now",
  } as const;
  const local = HERE_NETS.map((net) => selector(net)), remote = THERE_NETS.map((net) => selector(net));
  const a = 0x1000_0000 + seed, b = 0x2000_0000 + seed;
  return {
    here: {
      ...common,
      local: HERE,
      remote: THERE,
      inbound: half(a),
      outbound: half(b),
      localSelectors: local,
      remoteSelectors: remote,
      ...changes,
    },
    there: {
      ...common,
      local: THERE,
      remote: HERE,
      inbound: half(b),
      outbound: half(a),
      localSelectors: remote,
      remoteSelectors: local,
      ...changes,
    },
  };
}

export interface Sent {
  readonly path: OuterPath;
  readonly packets: readonly Uint8Array[];
  readonly trafficClass: number;
  readonly dontFragment: boolean;
}

/** One data path whose sockets and device are arrays. */
export class Host {
  readonly sent: Sent[] = [];
  /** What the device got: header and packet. */
  readonly delivered: Uint8Array[] = [];
  readonly events: DatapathEvent[] = [];
  readonly esp: Esp;
  readonly #out = packetBuffer(OUTBOX_ROOM, memory);
  readonly #in = packetBuffer(70_000, memory);
  from = THERE;

  constructor(provider: CryptoProvider = portable) {
    this.esp = new Esp({
      provider,
      random: (length) => new Uint8Array(randomBytes(length)),
      outside: {
        buffer: () => this.#out,
        room: () => 0,
        send: (path, length, segment, trafficClass, dontFragment) => {
          const packets = [];
          for (let at = 0; at < length; at += segment) {
            packets.push(this.#out.octets.slice(at, Math.min(at + segment, length)));
          }
          this.sent.push({ path, packets, trafficClass, dontFragment });
        },
      },
      deliver: (buffer, offset, length) =>
        void this.delivered.push(buffer.octets.slice(offset, offset + length)),
      event: (event) => void this.events.push(event),
      joinUdp: true,
    });
  }

  /** The ESP packets that one packet from the inside becomes. */
  inside(packet: Uint8Array, vnet: Uint8Array = new Uint8Array(VNET_HEADER)): Uint8Array[] {
    const before = this.sent.length;
    this.#in.octets.set(vnet, 2);
    this.#in.octets.set(packet, 2 + VNET_HEADER);
    this.esp.fromInside(this.#in, 2, VNET_HEADER + packet.length);
    this.esp.flush();
    return this.sent.slice(before).flatMap((message) => message.packets);
  }

  /** What the device gets of packets from outside, without device headers. */
  outside(packets: readonly Uint8Array[], trafficClass = 0, at = 4): Uint8Array[] {
    return this.outsideRaw(packets, trafficClass, at).map((frame) => frame.slice(VNET_HEADER));
  }

  outsideRaw(packets: readonly Uint8Array[], trafficClass = 0, at = 4): Uint8Array[] {
    const before = this.delivered.length;
    for (const packet of packets) {
      this.#in.octets.set(packet, at);
      this.esp.fromOutside(this.#in, at, packet.length, trafficClass, {
        isFrom: ({ remote }) =>
          remote.port === this.from.port && remote.address.value === this.from.address.value,
        remote: () => this.from,
      });
    }
    this.esp.flush();
    return this.delivered.slice(before);
  }
}

/** Two hosts with one pair between them. */
export function connected(
  suite: ChildSuite,
  changes: Partial<ChildInstall> = {},
  provider = portable,
): { here: Host; there: Host } {
  const pair = childPair(suite, changes);
  const here = new Host(provider), there = new Host(provider);
  there.from = HERE;
  for (const [host, install] of [[here, pair.here], [there, pair.there]] as const) {
    const result = host.esp.install(install);
    if (!result.ok) throw new Error(result.error.message);
  }
  return { here, there };
}

function put(octets: Uint8Array, at: number, address: string): void {
  const { family, value } = parseAddress(address)!;
  for (let octet = 0; octet < (family === 4 ? 4 : 16); octet++) {
    octets[at + octet] = Number((value >> BigInt(8 * ((family === 4 ? 3 : 15) - octet))) & 0xffn);
  }
}

export interface IpFields {
  readonly from: string;
  readonly to: string;
  readonly protocol?: number;
  readonly trafficClass?: number;
  readonly id?: number;
  /** Flags and fragment offset of IPv4. */
  readonly fragment?: number;
}

/** An IP packet of either family. */
export function ip(fields: IpFields, payload: Uint8Array): Uint8Array {
  const v4 = !fields.from.includes(":");
  const header = v4 ? 20 : 40;
  const buffer = packetBuffer(header + payload.length);
  const { octets, view } = buffer;
  const protocol = fields.protocol ?? 17;
  if (v4) {
    octets[0] = 0x45;
    octets[1] = fields.trafficClass ?? 0;
    view.setUint16(2, header + payload.length);
    view.setUint16(4, fields.id ?? 0);
    view.setUint16(6, fields.fragment ?? 0x4000);
    octets[8] = 64;
    octets[9] = protocol;
    put(octets, 12, fields.from);
    put(octets, 16, fields.to);
    view.setUint16(10, ~checksum(buffer, 0, 20, 0) & 0xffff);
  } else {
    view.setUint16(0, 0x6000 | ((fields.trafficClass ?? 0) << 4));
    view.setUint16(4, payload.length);
    octets[6] = protocol;
    octets[7] = 64;
    put(octets, 8, fields.from);
    put(octets, 24, fields.to);
  }
  octets.set(payload, header);
  return octets.slice(0, header + payload.length);
}

/** The one's complement sum over the pseudo-header and the upper layer of a packet: 0xffff where it is right. */
export function upperSum(packet: Uint8Array, upper = packet[0]! >>> 4 === 4 ? 20 : 40): number {
  const buffer = packetBuffer(packet.length);
  buffer.octets.set(packet);
  const v4 = packet[0]! >>> 4 === 4;
  const protocol = packet[v4 ? 9 : 6]!;
  const pseudo = checksum(buffer, v4 ? 12 : 8, v4 ? 8 : 32, protocol + packet.length - upper);
  return checksum(buffer, upper, packet.length - upper, pseudo);
}

function withSum(packet: Uint8Array, field: number): Uint8Array {
  const upper = packet[0]! >>> 4 === 4 ? 20 : 40;
  const sum = ~upperSum(packet) & 0xffff;
  new DataView(packet.buffer).setUint16(upper + field, sum === 0 ? 0xffff : sum);
  return packet;
}

/** A UDP datagram in an IP packet. */
export function udp(fields: IpFields, payload: Uint8Array, source = 1000, destination = 2000): Uint8Array {
  const datagram = new Uint8Array(8 + payload.length);
  const view = new DataView(datagram.buffer);
  view.setUint16(0, source);
  view.setUint16(2, destination);
  view.setUint16(4, datagram.length);
  datagram.set(payload, 8);
  return withSum(ip({ ...fields, protocol: 17 }, datagram), 6);
}

export interface TcpFields {
  readonly sequence: number;
  readonly flags: number;
  readonly options?: Uint8Array;
  readonly source?: number;
  readonly acknowledged?: number;
  readonly window?: number;
}

/** A TCP segment in an IP packet. */
export function tcp(fields: IpFields, tcpFields: TcpFields, payload: Uint8Array): Uint8Array {
  const options = tcpFields.options ?? new Uint8Array(0);
  const segment = new Uint8Array(20 + options.length + payload.length);
  const view = new DataView(segment.buffer);
  view.setUint16(0, tcpFields.source ?? 1000);
  view.setUint16(2, 80);
  view.setUint32(4, tcpFields.sequence);
  view.setUint32(8, tcpFields.acknowledged ?? 0x0102_0304);
  segment[12] = (5 + options.length / 4) << 4;
  segment[13] = tcpFields.flags;
  view.setUint16(14, tcpFields.window ?? 500);
  segment.set(options, 20);
  segment.set(payload, 20 + options.length);
  return withSum(ip({ ...fields, protocol: 6 }, segment), 16);
}

/** `length` octets that are not all alike. */
export function filler(length: number, seed = 0): Uint8Array {
  return new Uint8Array(length).map((_, at) => (at * 31 + seed * 17 + (at >> 8)) & 0xff);
}

export const V4 = { from: "10.1.0.1", to: "10.2.0.1" } as const;
export const V6 = { from: "2001:db8:1::1", to: "2001:db8:2::1" } as const;
