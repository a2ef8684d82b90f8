/** Data path `userland`: ESP in this process between a TUN device and the outer sockets. */
import {
  AddressMonitor,
  type Libc,
  LibcError,
  type Octets,
  openTun,
  type SendPath,
  sendPath,
  type Tun,
} from "../../../ffi/libc/mod.ts";
import { ERRNO } from "../../../ffi/libc/mod.ts";
import type { Netlink } from "../../../ffi/libc/netlink.ts";
import type { CryptoProvider } from "../../../src/crypto/mod.ts";
import {
  type Arrival,
  type DatapathEvent,
  Esp,
  KEEPALIVE_OCTET,
  type OuterPath,
  type PacketBuffer,
  packetBuffer,
  type PacketMemory,
  packetsIn,
  VNET_HEADER,
} from "../../../src/datapath/mod.ts";
import { setLink } from "../../../src/datapath/rtnetlink/mod.ts";
import { fail } from "../../../src/bytes/mod.ts";
import type { Endpoint, Family } from "../../../src/ip/mod.ts";
import { random } from "../provider.ts";
import { StartError } from "../role.ts";
import type { EspArrival, NetDatapath } from "./net_datapath.ts";
import type { Outlet } from "./outlet.ts";
import { pathMtu } from "./route_probe.ts";
import type { OuterSocket } from "./sockets.ts";
import { OUTER_MARK, Steering } from "./steering.ts";

/** Octets of a packet on the device before there are pairs: what fits 1500 with most transforms. */
const DEVICE_MTU = 1400;
/** What IPv6 demands of a device (RFC 8200 §5); a pair that takes less is told to the inside by ICMP. */
const LEAST_DEVICE_MTU = 1280;
/**
 * Packets that wait on the device for us. The kernel's own 500 are the quarter of a second in which 20 Mbit/s bring
 * them: with all processors busy datagrams were lost there. At full speed so many pass in milliseconds.
 */
const DEVICE_QUEUE = 2000;
/** Reads of the device in a turn; the sockets get theirs in between. */
const READS = 32;
/** Puts the packet behind the device header at a multiple of four. */
const READ_AT = 2;

export interface UserlandOptions {
  readonly libc: Libc;
  readonly netlink: Netlink;
  readonly sockets: readonly OuterSocket[];
  readonly provider: CryptoProvider;
  /** Where packets from the device go. */
  readonly memory: PacketMemory | undefined;
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly event: (event: DatapathEvent) => void;
}

function openDevice(libc: Libc): Tun {
  try {
    return openTun(libc);
  } catch (error) {
    if (!(error instanceof LibcError)) throw error;
    const help: Record<string, string> = {
      ENOENT:
        "the userland data path needs a TUN device: load the module tun, or give the container /dev/net/tun",
      ENODEV: "the userland data path needs a TUN device: load the module tun",
      EPERM: "the userland data path needs root or CAP_NET_ADMIN",
      EACCES: "the userland data path needs read and write access to /dev/net/tun",
    };
    const what = help[error.code];
    throw new StartError(what === undefined ? error.message : `${error.message}: ${what}`);
  }
}

/** Where one path leaves. */
interface Way {
  readonly outlet: Outlet;
  readonly path: SendPath;
}

/** See the head of the file. */
export class Userland implements NetDatapath {
  readonly tun: Tun;
  /** The device, to be polled. */
  readonly fd: number;
  readonly #options: UserlandOptions;
  readonly #steering: Steering;
  readonly #monitor: AddressMonitor;
  readonly #esp: Esp;
  readonly #ways = new WeakMap<OuterPath, Way>();
  readonly #writers = new WeakMap<PacketBuffer, Deno.PointerObject>();
  readonly #in: PacketBuffer;
  readonly #reader: Deno.PointerObject;
  readonly #arrival: MessageArrival;
  #deviceMtu = DEVICE_MTU;
  /** Packets that the device would not take. */
  #deviceRefused = 0;

  /** Opens and brings up the device. Throws `StartError`. */
  constructor(options: UserlandOptions) {
    const { libc, netlink } = options;
    this.#options = options;
    this.tun = openDevice(libc);
    this.fd = this.tun.fd;
    const { index } = this.tun;
    // A device that keeps the kernel's own length carries packets all the same.
    netlink.request(setLink(index, { queueLength: DEVICE_QUEUE }), "lengthen the queue of the TUN device");
    this.#steering = new Steering({ netlink, tun: { index, mtu: DEVICE_MTU } });
    const started = this.#steering.start();
    if (!started.ok) {
      this.tun.close();
      throw new StartError(started.error.message);
    }
    this.#monitor = new AddressMonitor(libc);
    this.#in = packetBuffer(READ_AT + VNET_HEADER + 65_536, options.memory);
    this.#reader = libc.pointerTo(this.#in.octets.subarray(READ_AT));
    this.#esp = new Esp({
      provider: options.provider,
      random,
      outside: {
        buffer: (path) => this.#way(path).outlet.buffer,
        room: (path) => this.#way(path).outlet.room(),
        send: (path, length, segment, trafficClass, dontFragment) => {
          const way = this.#way(path);
          way.outlet.send(way.path, length, segment, trafficClass, dontFragment);
        },
      },
      deliver: (buffer, offset, length) => this.#write(buffer, offset, length),
      event: options.event,
      joinUdp: this.tun.udpOffload,
    });
    this.#arrival = new MessageArrival((path) => this.#way(path).path);
    for (const { outlet } of options.sockets) {
      outlet.failed = (errno, path) => this.#failed(errno, path);
    }
    this.#esp.at(options.now());
  }

  setFlows: NetDatapath["setFlows"] = (flows) => {
    const steered = this.#steering.setFlows(flows);
    if (steered.ok) this.#esp.setFlows(flows);
    return steered;
  };

  install: NetDatapath["install"] = (child) => {
    const { local, remote, udpEncap } = child;
    const { family } = remote.address;
    if (local.address.family !== family || this.#socket(family, udpEncap) === undefined) {
      const message = `No socket for ${udpEncap ? "ESP in UDP" : "ESP"} over IPv${family}`;
      return fail({ code: "unsupported", message });
    }
    this.#esp.at(this.#options.now());
    const installed = this.#esp.install(child);
    this.#fitDevice();
    // What waited for it.
    this.#flush();
    return installed;
  };

  activate: NetDatapath["activate"] = (id) => {
    this.#esp.at(this.#options.now());
    this.#esp.activate(id);
    this.#flush();
  };

  usage: NetDatapath["usage"] = (ids) => this.#esp.usage(ids);

  move: NetDatapath["move"] = (ids, local, remote, udpEncap) => {
    // Without a socket the pair stays where it is; its peer does not answer there, and liveness ends it.
    if (this.#socket(remote.address.family, udpEncap) === undefined) return;
    this.#esp.move(ids, local, remote, udpEncap);
    this.#flush();
    this.#fitDevice();
  };

  remove: NetDatapath["remove"] = (ids) => {
    this.#esp.remove(ids);
    this.#flush();
    return Promise.resolve();
  };

  esp(arrival: EspArrival, offset: number, length: number): void {
    const { batch, message, buffer } = arrival;
    this.#arrival.of = arrival;
    this.#esp.fromOutside(buffer, offset, length, batch.tos(message), this.#arrival);
  }

  turn(): void {
    const { tun } = this;
    this.#esp.at(this.#options.now());
    for (let reads = 0; reads < READS && !this.#blocked(); reads++) {
      const length = tun.read(this.#reader, this.#in.octets.length - READ_AT);
      if (length <= 0) break;
      this.#esp.fromInside(this.#in, READ_AT, length);
    }
    this.#flush();
  }

  tick(): void {
    // The kernel drops a route with the address that is its source. What cannot be mended now is tried at the next news.
    if (this.#monitor.drain()) this.#steering.refresh();
    this.#esp.at(this.#options.now());
    for (const path of this.#esp.tick()) {
      const way = this.#way(path);
      way.outlet.push(way.path, Uint8Array.of(KEEPALIVE_OCTET));
    }
    this.#flush();
  }

  drops(): Readonly<Record<string, number>> {
    const deviceRefused = this.#deviceRefused;
    return { ...this.#esp.drops.toObject(), ...(deviceRefused > 0 && { deviceRefused }) };
  }

  close(): void {
    this.#esp.close();
    this.#steering.stop();
    this.#monitor.close();
    this.tun.close();
  }

  /** A socket whose queue is full: the device is not read until it has room again. */
  #blocked(): boolean {
    return this.#options.sockets.some(({ outlet }) => outlet.stuck);
  }

  #flush(): void {
    this.#esp.flush();
    for (const { outlet } of this.#options.sockets) outlet.flush();
  }

  #socket(family: Family, udpEncap: boolean): OuterSocket | undefined {
    const duty = udpEncap ? "natt" : "esp";
    return this.#options.sockets.find((socket) => socket.duty === duty && socket.family === family);
  }

  #way(outer: OuterPath): Way {
    const known = this.#ways.get(outer);
    if (known !== undefined) return known;
    const { local, remote, udpEncap } = outer;
    const { outlet } = this.#socket(remote.address.family, udpEncap)!;
    const way = { outlet, path: sendPath(this.#options.libc, local.address, remote, !udpEncap) };
    this.#ways.set(outer, way);
    return way;
  }

  #write(buffer: PacketBuffer, offset: number, length: number): void {
    // Each of the data path's buffers has its frame at one offset always.
    let writer = this.#writers.get(buffer);
    if (writer === undefined) {
      writer = this.#options.libc.pointerTo(buffer.octets.subarray(offset) as Octets);
      this.#writers.set(buffer, writer);
    }
    // A device that is down or full loses packets as any other does.
    if (!this.tun.write(writer, length)) this.#deviceRefused += packetsIn(buffer, offset, length);
  }

  /**
   * The device takes what all pairs take (RFC 4301 §8.2): with a fixed 1400, datagrams of 1,400 octets were cut in two
   * by the kernel, which doubled what each costs. Done where pairs or paths change, not in `tick`: the kernel may need
   * tens of milliseconds for it, in which nothing is carried.
   */
  #fitDevice(): void {
    const { leastMtu } = this.#esp;
    const mtu = leastMtu === Infinity ? this.#deviceMtu : Math.max(leastMtu, LEAST_DEVICE_MTU);
    if (mtu === this.#deviceMtu) return;
    // Without it, ICMP goes on telling what is too long.
    this.#options.netlink.request(setLink(this.tun.index, { mtu }), "set the MTU of the TUN device");
    this.#deviceMtu = mtu;
  }

  /** The kernel would not send: where the packet was too long it knows how long it may be. */
  #failed(errno: number, path: SendPath): void {
    if (errno !== ERRNO.EMSGSIZE) return;
    const mtu = pathMtu(this.#options.libc, path.remote.address, OUTER_MARK);
    if (mtu === undefined) return;
    this.#esp.pathMtu(path.remote.address, mtu);
    this.#fitDevice();
  }
}

/** Where a message of a batch came from. */
class MessageArrival implements Arrival {
  of: EspArrival | undefined;
  #path: OuterPath | undefined;
  #name: Octets | undefined;

  constructor(readonly sendPath: (path: OuterPath) => SendPath) {}

  isFrom(path: OuterPath): boolean {
    const { batch, message, socket } = this.of!;
    // All packets of a pair ask for one path.
    if (path !== this.#path) {
      this.#name = this.sendPath(path).name;
      this.#path = path;
    }
    return path.udpEncap === (socket.duty === "natt") && batch.isFrom(message, this.#name!);
  }

  remote(): Endpoint {
    return this.of!.batch.remote(this.of!.message)!;
  }
}
