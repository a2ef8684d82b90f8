/** The kernel's IPsec as a data path, by whichever interface it is reached. */
import { type Libc, type Netlink, sendPath } from "../../../ffi/libc/mod.ts";
import { Kernel, type KernelEvent, type KernelPort } from "../../../src/datapath/kernel/mod.ts";
import { type DatapathEvent, KEEPALIVE_MS, KEEPALIVE_OCTET } from "../../../src/datapath/mod.ts";
import { wipe } from "../../../src/bytes/mod.ts";
import { type Endpoint, formatEndpoint } from "../../../src/ip/mod.ts";
import { random } from "../provider.ts";
import type { FlowInstall } from "../../../src/exchange/ports.ts";
import { OwnTraffic } from "./own_traffic.ts";
import type { NetDatapath } from "./net_datapath.ts";
import type { OuterSocket } from "./sockets.ts";
import { withInterfaces } from "./tunnel_interface.ts";

/** So often what is in the kernel is compared with what should be. */
const COMPARE_MS = 60_000;
/** Sooner where the kernel told that something is gone, or its news were lost; but so long must be between two. */
const REST_MS = 1_000;

/** What every data path of the kernel is given. */
export interface KernelOptions {
  readonly libc: Libc;
  /** Routes, rules and addresses. */
  readonly netlink: Netlink;
  readonly sockets: readonly OuterSocket[];
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly event: (event: DatapathEvent) => void;
}

/** An interface to the kernel, open. */
export interface KernelLink {
  readonly port: KernelPort;
  /** To be polled: the kernel's events. */
  readonly fd: number;
  /** Hands over each event that is there. True: some were lost. */
  drain(each: (event: KernelEvent) => void): boolean;
  close(): void;
}

interface Kept {
  local: Endpoint;
  remote: Endpoint;
  dueMs: number;
}

function fraction(): number {
  return new DataView(random(4).buffer).getUint32(0) / 2 ** 32;
}

/** See the head of the file. */
export class KernelDatapath implements NetDatapath {
  readonly fd: number;
  readonly #options: KernelOptions;
  readonly #link: KernelLink;
  readonly #kernel: Kernel;
  readonly #ownTraffic: OwnTraffic;
  #flows: readonly FlowInstall[] = [];
  /** Pairs behind a NAT of ours, by id. */
  readonly #kept = new Map<number, Kept>();
  #comparedMs: number;

  /** Takes over the kernel's tables. Closes `link` in the end. */
  constructor(options: KernelOptions, link: KernelLink) {
    const { now, event } = options;
    this.#options = options;
    this.#link = link;
    this.fd = link.fd;
    this.#kernel = new Kernel({ port: link.port, now, fraction, event });
    this.#kernel.takeOver();
    this.#ownTraffic = new OwnTraffic(options);
    this.#comparedMs = now();
  }

  setFlows: NetDatapath["setFlows"] = (wanted) => {
    const bound = withInterfaces(this.#options.netlink, wanted);
    if (!bound.ok) return bound;
    const flows = bound.value;
    const set = this.#kernel.setFlows(flows);
    if (!set.ok) return set;
    // What is routed into an interface of its own needs no route of ours.
    const led = this.#ownTraffic.setFlows(flows.filter(({ iface }) => iface === undefined));
    if (led.ok) this.#flows = flows;
    else this.#kernel.setFlows(this.#flows);
    return led;
  };

  install: NetDatapath["install"] = (child) => {
    const bound = withInterfaces(this.#options.netlink, [child]);
    if (!bound.ok) {
      const { inbound, outbound } = child;
      wipe(inbound.encrKey, inbound.integKey, outbound.encrKey, outbound.integKey);
      return bound;
    }
    const installed = this.#kernel.install(bound.value[0]!);
    if (installed.ok && child.keepalive && child.udpEncap) {
      const { local, remote } = child;
      this.#kept.set(child.id, { local, remote, dueMs: this.#options.now() + KEEPALIVE_MS });
    }
    return installed;
  };

  activate: NetDatapath["activate"] = (id) => this.#kernel.activate(id);
  usage: NetDatapath["usage"] = (ids) => this.#kernel.usage(ids);

  move: NetDatapath["move"] = (ids, local, remote, udpEncap) => {
    this.#kernel.move(ids, local, remote, udpEncap);
    for (const id of ids) {
      const kept = this.#kept.get(id);
      if (kept !== undefined) Object.assign(kept, { local, remote });
    }
  };

  remove: NetDatapath["remove"] = (ids) => {
    this.#kernel.remove(ids);
    for (const id of ids) this.#kept.delete(id);
    return Promise.resolve();
  };

  /** ESP that came to a socket of ours all the same belongs to no SA of the kernel. */
  esp(): void {}

  turn(): void {
    const lost = this.#link.drain((event) => this.#kernel.told(event));
    if (lost) this.#kernel.lostNews();
    if (this.#kernel.suspicious && this.#options.now() - this.#comparedMs >= REST_MS) this.#compare();
  }

  tick(): void {
    this.#ownTraffic.tick();
    const now = this.#options.now();
    const rest = this.#kernel.suspicious ? REST_MS : COMPARE_MS;
    if (now - this.#comparedMs >= rest) this.#compare();
    // One for all pairs of a mapping.
    const told = new Set<string>();
    for (const kept of this.#kept.values()) {
      if (kept.dueMs > now) continue;
      kept.dueMs = now + KEEPALIVE_MS;
      const { local, remote } = kept;
      const mapping = `${formatEndpoint(local)} ${formatEndpoint(remote)}`;
      const socket = this.#options.sockets.find(({ duty, family }) =>
        duty === "natt" && family === remote.address.family
      );
      if (told.has(mapping) || socket === undefined) continue;
      told.add(mapping);
      socket.outlet.push(
        sendPath(this.#options.libc, local.address, remote, false),
        Uint8Array.of(KEEPALIVE_OCTET),
      );
      socket.outlet.flush();
    }
  }

  drops(): Readonly<Record<string, number>> {
    return {};
  }

  close(): void {
    this.#ownTraffic.close();
    this.#kernel.close();
    this.#link.close();
  }

  #compare(): void {
    this.#comparedMs = this.#options.now();
    this.#kernel.compare();
  }
}
