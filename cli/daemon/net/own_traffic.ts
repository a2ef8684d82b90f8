/**
 * What this host itself sends to the far side of a flow, where the kernel has the packets of flows: a route gives it a
 * source inside of the flow, so that the kernel's policies have it (`steering_plan.ts` draws the rules).
 */
import { AddressMonitor, type Libc } from "../../../ffi/libc/mod.ts";
import type { Netlink } from "../../../ffi/libc/netlink.ts";
import type { DatapathResult, FlowInstall } from "../../../src/exchange/ports.ts";
import { Steering } from "./steering.ts";

/** So often a way is looked for that is not there. */
const RETRY_MS = 10_000;

export interface OwnTrafficOptions {
  readonly libc: Libc;
  readonly netlink: Netlink;
  /** Monotonic, ms. */
  readonly now: () => number;
}

/** See the head of the file. */
export class OwnTraffic {
  readonly #steering: Steering;
  readonly #monitor: AddressMonitor;
  readonly #now: () => number;
  #triedMs: number;

  /** Takes over what an earlier process left. */
  constructor({ libc, netlink, now }: OwnTrafficOptions) {
    this.#now = now;
    this.#triedMs = now();
    this.#monitor = new AddressMonitor(libc, true);
    this.#steering = new Steering({ netlink });
    // What cannot be read now is read again with the first change of addresses.
    this.#steering.start();
  }

  /** To be called after the kernel has its policies: without them there would be packets in clear. */
  setFlows(flows: readonly FlowInstall[]): DatapathResult {
    return this.#steering.setFlows(flows);
  }

  /** About once a second: adapts to what addresses and devices there are. */
  tick(): void {
    const now = this.#now();
    const retry = this.#steering.wayless && now - this.#triedMs >= RETRY_MS;
    if (!this.#monitor.drain() && !retry) return;
    this.#triedMs = now;
    // What fails is tried again with the next news.
    this.#steering.refresh();
  }

  /** Removes everything; to be called before the kernel's policies go. */
  close(): void {
    this.#steering.stop();
    this.#monitor.close();
  }
}
