/**
 * The net role: the sockets, the data path, and the loop that serves them.
 *
 * While nothing comes the loop waits in `poll` on another thread and messages of the other roles are served. While
 * packets come it waits in its own thread, and gives the messages their turn every few milliseconds.
 */
import {
  type Libc,
  LibcError,
  Poller,
  POLLERR,
  POLLIN,
  POLLOUT,
  ReceiveBatch,
  type Watch,
} from "../../../ffi/libc/mod.ts";
import { Netlink } from "../../../ffi/libc/netlink.ts";
import type { CryptoProvider } from "../../../src/crypto/mod.ts";
import { PacketMemory } from "../../../src/datapath/mod.ts";
import type { Datagram, DatapathEvent } from "../../../src/exchange/ports.ts";
import type { Endpoint } from "../../../src/ip/mod.ts";
import type { ChildNeed } from "../../../src/datapath/need.ts";
import type { Choice } from "../datapath_choice.ts";
import type { DatapathLack, DatapathName, NetForEngine, NetStart, SyslogLine } from "../ports.ts";
import { StartError } from "../role.ts";
import type { Handlers } from "../rpc.ts";
import { lackOf } from "./choice.ts";
import { Receiver, sendDatagrams } from "./ike.ts";
import type { NetDatapath } from "./net_datapath.ts";
import { nothingInside } from "./none.ts";
import { openPfkey } from "./pfkey.ts";
import { closeSockets, forgetErrors, openSockets, type OuterSocket } from "./sockets.ts";
import { sourceFor } from "./steering.ts";
import { Syslog } from "./syslog.ts";
import { Userland } from "./userland.ts";
import { openXfrm } from "./xfrm.ts";

/** So long the loop goes on without giving the role's messages their turn. */
const BUSY_MS = 2;
/**
 * So long it waits for the next packet by itself: waking up by way of the other thread costs more. Over one TCP stream
 * 2.85 instead of 3.17 s of CPU per GiB, both ends; no difference for UDP. Not after IKE, whose answers come as messages.
 */
const LINGER_MS = 1;
const TICK_MS = 1000;
/** Octets of memory for packets: 2 MB of arrivals, 4.5 MB of what the sockets for ESP send, and one from the device. */
const PACKET_MEMORY = 7 << 20;

/** What the role tells. */
export interface NetEvents {
  /** IKE datagrams as they came; the octets of each are its own. */
  datagrams(batch: readonly Datagram[]): void;
  datapath(events: readonly DatapathEvent[]): void;
}

/** Monotonic, ms, the same in every role. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The role, started. */
export class Net {
  readonly #libc: Libc;
  readonly #netlink: Netlink;
  readonly #sockets: readonly OuterSocket[];
  readonly #poller: Poller;
  readonly #datapath: NetDatapath;
  readonly #events: NetEvents;
  readonly #receiver: Receiver;
  readonly #rawReceiver: Receiver;
  readonly #watches: readonly { readonly socket: OuterSocket; readonly watch: Watch }[];
  readonly #device: Watch | undefined;
  readonly #lingerMs: number;
  readonly #syslog: Syslog;
  #told: DatapathEvent[] = [];
  #ticked = now();
  #closing = false;
  /** Resolves once `close` has taken everything down. */
  readonly finished: Promise<void>;

  /** The data path, and why it is this one. */
  readonly choice: Choice;
  /** What the engine may ask. */
  readonly handlers: Handlers<NetForEngine>;

  /** Opens everything and begins to serve. Throws `StartError` with nothing left behind. */
  constructor(libc: Libc, choice: Choice, start: NetStart, provider: CryptoProvider, events: NetEvents) {
    this.#events = events;
    this.#libc = libc;
    this.choice = choice;
    const { datapath: name } = choice;
    const userland = name === "userland";
    const memory = userland ? PacketMemory.open(PACKET_MEMORY) : undefined;
    try {
      this.#netlink = new Netlink(libc);
    } catch (error) {
      throw error instanceof LibcError ? new StartError(error.message) : error;
    }
    this.#sockets = openSockets(libc, {
      ikePort: start.ikePort,
      ...(start.nattPort === undefined ? {} : { nattPort: start.nattPort }),
      esp: userland,
      ...(memory === undefined ? {} : { memory }),
      ...(name === "xfrm" || name === "pfkey" ? { kernel: name } : {}),
    });
    this.#poller = new Poller(libc);
    try {
      this.#datapath = this.#open(name, provider, memory);
      const { fd } = this.#datapath;
      this.#device = fd === undefined ? undefined : this.#poller.watch(fd);
      this.#lingerMs = userland ? LINGER_MS : 0;
    } catch (error) {
      closeSockets(libc, this.#sockets);
      this.#poller.close();
      this.#netlink.close();
      if (!(error instanceof StartError) || start.datapaths.length === 1) throw error;
      throw new StartError(`${error.message}; ${this.choice.reason}`);
    }
    this.#syslog = new Syslog(libc);
    const datapath = this.#datapath;
    const esp: NetDatapath["esp"] = (arrival, offset, length) => datapath.esp(arrival, offset, length);
    const place = memory && { allocate: (length: number) => memory.take(length) };
    this.#receiver = new Receiver(new ReceiveBatch(libc, place), memory, esp);
    this.#rawReceiver = new Receiver(new ReceiveBatch(libc, { ...place, ipv4Header: true }), memory, esp);
    this.#watches = this.#sockets.map((socket) => ({ socket, watch: this.#poller.watch(socket.fd) }));
    this.handlers = {
      setFlows: (flows) => datapath.setFlows(flows),
      install: (child) => datapath.install(child),
      activate: (id) => datapath.activate(id),
      move: (ids, local, remote, udpEncap) => datapath.move(ids, local, remote, udpEncap),
      remove: (ids) => datapath.remove(ids),
      usage: (ids) => datapath.usage(ids),
      send: (datagrams) => {
        sendDatagrams(libc, this.#sockets, datagrams);
        // The wait under way does not look for room in that queue yet.
        if (this.#sockets.some(({ outlet }) => outlet.stuck)) this.#poller.wake();
      },
      sourceFor: (peer) => this.#sourceFor(peer, start.ikePort),
    };
    this.finished = this.#serve();
  }

  /** Lines for the system's log. */
  syslog(lines: readonly SyslogLine[]): void {
    this.#syslog.write(lines);
  }

  /** What of these needs the data path cannot meet. */
  lack(needs: readonly ChildNeed[]): Promise<DatapathLack | undefined> {
    return lackOf(this.#libc, this.choice.datapath, needs);
  }

  /** Packets that were dropped, by cause. */
  drops(): Readonly<Record<string, number>> {
    let queueFull = 0, sendRefused = 0;
    for (const { outlet } of this.#sockets) {
      queueFull += outlet.lost;
      sendRefused += outlet.refused;
    }
    return {
      ...this.#datapath.drops(),
      ...(queueFull > 0 && { queueFull }),
      ...(sendRefused > 0 && { sendRefused }),
    };
  }

  /** Takes everything down: SAs and their keys, device, rules, sockets. */
  close(): Promise<void> {
    this.#closing = true;
    this.#poller.wake();
    return this.finished;
  }

  #open(
    datapath: DatapathName,
    provider: CryptoProvider,
    memory: PacketMemory | undefined,
  ): NetDatapath {
    const options = {
      libc: this.#libc,
      netlink: this.#netlink,
      sockets: this.#sockets,
      provider,
      memory,
      now,
      event: (event: DatapathEvent) => void this.#told.push(event),
    };
    switch (datapath) {
      case "userland":
        return new Userland(options);
      case "xfrm":
        return openXfrm(options);
      case "pfkey":
        return openPfkey(options);
      case "none":
        return nothingInside();
    }
  }

  #sourceFor(peer: Endpoint, port: number): Endpoint | undefined {
    const address = sourceFor(this.#netlink, peer.address);
    return address === undefined ? undefined : { address, port };
  }

  async #serve(): Promise<void> {
    while (!this.#closing) {
      await this.#poller.wait(this.#device === undefined ? -1 : TICK_MS);
      const until = performance.now() + BUSY_MS;
      let linger: number;
      do linger = this.#turn(); while (
        !this.#closing && performance.now() < until && this.#poller.now(linger) > 0
      );
    }
    this.#datapath.close();
    this.#poller.close();
    closeSockets(this.#libc, this.#sockets);
    this.#syslog.close();
    this.#netlink.close();
  }

  /** One round over what is ready; how long the next may be waited for in this thread. */
  #turn(): number {
    for (const { socket, watch } of this.#watches) {
      if ((watch.ready & ~POLLOUT) === 0) continue;
      if ((watch.ready & POLLERR) !== 0) forgetErrors(this.#libc, socket.fd);
      const raw = socket.duty === "esp" && socket.family === 4;
      (raw ? this.#rawReceiver : this.#receiver).read(socket);
    }
    this.#datapath.turn();
    if (now() - this.#ticked >= TICK_MS) {
      this.#ticked = now();
      this.#datapath.tick();
    }
    this.#watchQueues();
    const datagrams = this.#receiver.takeDatagrams();
    if (datagrams.length > 0) this.#events.datagrams(datagrams);
    if (this.#told.length > 0) {
      this.#events.datapath(this.#told);
      this.#told = [];
    }
    return datagrams.length > 0 ? 0 : this.#lingerMs;
  }

  /** While a socket cannot send, its room is waited for and the device is left alone. */
  #watchQueues(): void {
    let stuck = false;
    for (const { socket: { outlet }, watch } of this.#watches) {
      if ((watch.ready & POLLOUT) !== 0) outlet.flush();
      watch.events = outlet.stuck ? POLLIN | POLLOUT : POLLIN;
      stuck ||= outlet.stuck;
    }
    if (this.#device !== undefined) this.#device.events = stuck ? 0 : POLLIN;
  }
}
