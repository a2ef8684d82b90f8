/** Data path `xfrm`: the kernel's IPsec, over netlink. */
import { KernelEvents, type Libc, LibcError, Netlink, sendPath } from "../../../ffi/libc/mod.ts";
import { type DatapathEvent, KEEPALIVE_MS, KEEPALIVE_OCTET } from "../../../src/datapath/mod.ts";
import { Kernel, XFRM_GROUP } from "../../../src/datapath/xfrm/mod.ts";
import { type Endpoint, formatEndpoint } from "../../../src/ip/mod.ts";
import { random } from "../provider.ts";
import { StartError } from "../role.ts";
import type { NetDatapath } from "./net_datapath.ts";
import type { OuterSocket } from "./sockets.ts";

/** So often what is in the kernel is compared with what should be. */
const COMPARE_MS = 60_000;

export interface XfrmOptions {
  readonly libc: Libc;
  readonly sockets: readonly OuterSocket[];
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly event: (event: DatapathEvent) => void;
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
export class Xfrm implements NetDatapath {
  /** To be polled: the kernel's events. */
  readonly fd: number;
  readonly #options: XfrmOptions;
  readonly #netlink: Netlink;
  readonly #events: KernelEvents;
  readonly #kernel: Kernel;
  /** Pairs behind a NAT of ours, by id. */
  readonly #kept = new Map<number, Kept>();
  #comparedMs: number;

  /** Takes over the kernel's tables. Throws `StartError`. */
  constructor(options: XfrmOptions) {
    const { libc, now, event } = options;
    this.#options = options;
    try {
      this.#netlink = new Netlink(libc, "xfrm");
    } catch (error) {
      throw error instanceof LibcError ? new StartError(`${error.message}: the kernel has no XFRM`) : error;
    }
    try {
      const { acquire, expire, mapping } = XFRM_GROUP;
      this.#events = new KernelEvents(libc, acquire | expire | mapping);
    } catch (error) {
      this.#netlink.close();
      if (!(error instanceof LibcError)) throw error;
      throw new StartError(`${error.message}: the data path xfrm needs root or CAP_NET_ADMIN`);
    }
    this.fd = this.#events.fd;
    this.#kernel = new Kernel({ transport: this.#netlink, now, fraction, event });
    this.#kernel.takeOver();
    this.#comparedMs = now();
    const able = this.#kernel.probe();
    if (able.ok) return;
    this.close();
    throw new StartError(`${able.error.message}, or use -K userland`);
  }

  setFlows: NetDatapath["setFlows"] = (flows) => this.#kernel.setFlows(flows);

  install: NetDatapath["install"] = (child) => {
    const installed = this.#kernel.install(child);
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
    const lost = this.#events.drain((message) => this.#kernel.told(message));
    if (lost) this.#compare();
  }

  tick(): void {
    const now = this.#options.now();
    if (now - this.#comparedMs >= COMPARE_MS) this.#compare();
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
    this.#kernel.close();
    this.#events.close();
    this.#netlink.close();
  }

  #compare(): void {
    this.#comparedMs = this.#options.now();
    this.#kernel.compare();
  }
}
