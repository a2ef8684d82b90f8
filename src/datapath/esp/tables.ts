/**
 * SAD and SPD (RFC 4301 §4.4): which pair an inbound SPI names, which pair an outbound packet takes.
 *
 * Flows are the ordered policy: the first that matches decides, and among its policy's pairs the one that was told to
 * send last. A pair of a policy without flows (a peer with an address of ours) is asked after them. Lookups remember
 * their answers in a table of fixed size.
 */
import type { FlowInstall } from "../types.ts";
import type { InnerPacket } from "./packet.ts";
import type { Child } from "./sa.ts";
import { compileSelectors, matches, type SelectorSet } from "./selectors.ts";

/** A flow as it is matched. */
export interface Flow {
  readonly policy: string;
  readonly local: SelectorSet;
  readonly remote: SelectorSet;
  /** When the engine was last asked for an SA; monotonic. */
  askedMs: number | undefined;
}

/** Remembered lookups: a power of two. */
const CACHE_SLOTS = 1024;
/** Words of a key: two addresses, ports and protocol. */
const KEY_WORDS = 10;

/** Pairs and flows. */
export class Tables {
  readonly #byId = new Map<number, Child>();
  readonly #bySpi = new Map<number, Child>();
  /** The active pairs of a policy, the one told last first. */
  readonly #active = new Map<string, Child[]>();
  #flows: readonly Flow[] = [];
  #flowsOf: ReadonlyMap<string, readonly Flow[]> = new Map();
  #rank = 0;
  readonly #cacheKeys = new Uint32Array(CACHE_SLOTS * KEY_WORDS);
  readonly #cached = new Array<Child | undefined>(CACHE_SLOTS).fill(undefined);
  /** The flow without a usable pair that the last `outbound` found. */
  held: Flow | undefined;

  /** Replaces all flows; those that stay keep what they asked. */
  setFlows(flows: readonly FlowInstall[]): void {
    this.#flows = flows.map(({ policy, local, remote }) => ({
      policy,
      local: compileSelectors([local]),
      remote: compileSelectors([remote]),
      askedMs: undefined,
    }));
    this.#flowsOf = Map.groupBy(this.#flows, (flow) => flow.policy);
    this.#forget();
  }

  byId(id: number): Child | undefined {
    return this.#byId.get(id);
  }

  bySpi(spi: number): Child | undefined {
    return this.#bySpi.get(spi);
  }

  /** All pairs, standing by or active. */
  all(): IterableIterator<Child> {
    return this.#byId.values();
  }

  /** Adds a pair that stands by. */
  add(child: Child): void {
    this.#byId.set(child.id, child);
    this.#bySpi.set(child.inbound.spi, child);
  }

  /** The pair is the one to send with from now on, unless it never sends. */
  activate(child: Child): void {
    if (child.rank < 0) return;
    child.rank = ++this.#rank;
    const others = (this.#active.get(child.policy) ?? []).filter((other) => other !== child);
    this.#active.set(child.policy, [child, ...others]);
    this.#forget();
  }

  /** Takes pairs out; returns those that were there. */
  remove(ids: readonly number[]): Child[] {
    const removed: Child[] = [];
    for (const id of ids) {
      const child = this.#byId.get(id);
      if (child === undefined) continue;
      this.#byId.delete(id);
      this.#bySpi.delete(child.inbound.spi);
      removed.push(child);
    }
    for (const policy of new Set(removed.map((child) => child.policy))) {
      const rest = this.#active.get(policy)?.filter((child) => this.#byId.has(child.id)) ?? [];
      if (rest.length > 0) this.#active.set(policy, rest);
      else this.#active.delete(policy);
    }
    this.#forget();
    return removed;
  }

  /** The pair that a packet from the inside takes. Without one, `held` is the flow that wants it protected, if any. */
  outbound(packet: InnerPacket): Child | undefined {
    this.held = undefined;
    const slot = this.#slot(packet);
    const remembered = this.#cached[slot];
    if (remembered !== undefined && this.#isKey(slot, packet)) return remembered;
    const child = this.#find(packet);
    if (child !== undefined) {
      this.#cached[slot] = child;
      this.#remember(slot, packet);
    }
    return child;
  }

  /**
   * Whether a flow of the policy has a packet that came in. The selectors of a pair are two lists, which hold the end of
   * one flow with the end of another, too: such a packet would be answered outside of the pair, perhaps in clear.
   */
  inbound(policy: string, packet: InnerPacket): boolean {
    const flows = this.#flowsOf.get(policy);
    if (flows === undefined || flows.length === 1) return true;
    for (let at = 0; at < flows.length; at++) {
      const flow = flows[at]!;
      if (matches(flow.remote, flow.local, packet)) return true;
    }
    return false;
  }

  #find(packet: InnerPacket): Child | undefined {
    for (const flow of this.#flows) {
      if (!matches(flow.local, flow.remote, packet)) continue;
      const child = this.#newest(this.#active.get(flow.policy), packet);
      if (child === undefined) this.held = flow;
      return child;
    }
    for (const [policy, children] of this.#active) {
      if (this.#flowsOf.has(policy)) continue;
      const child = this.#newest(children, packet);
      if (child !== undefined) return child;
    }
    return undefined;
  }

  #newest(children: readonly Child[] | undefined, packet: InnerPacket): Child | undefined {
    return children?.find((child) => matches(child.local, child.remote, packet));
  }

  #forget(): void {
    this.#cached.fill(undefined);
  }

  #slot(packet: InnerPacket): number {
    let hash = packet.protocol;
    for (let word = 0; word < 8; word++) hash = Math.imul(hash ^ packet.addresses[word]!, 0x9e37_79b1);
    hash = Math.imul(hash ^ (packet.sourcePort << 16) ^ packet.destinationPort, 0x85eb_ca6b);
    return (hash >>> 16) & (CACHE_SLOTS - 1);
  }

  #isKey(slot: number, packet: InnerPacket): boolean {
    const at = slot * KEY_WORDS;
    for (let word = 0; word < 8; word++) {
      if (this.#cacheKeys[at + word] !== packet.addresses[word]) return false;
    }
    return this.#cacheKeys[at + 8] ===
        ((packet.sourcePort << 16) | (packet.destinationPort & 0xffff)) >>> 0 &&
      this.#cacheKeys[at + 9] === this.#shape(packet);
  }

  #remember(slot: number, packet: InnerPacket): void {
    const at = slot * KEY_WORDS;
    this.#cacheKeys.set(packet.addresses, at);
    this.#cacheKeys[at + 8] = (packet.sourcePort << 16) | (packet.destinationPort & 0xffff);
    this.#cacheKeys[at + 9] = this.#shape(packet);
  }

  /** Protocol, family, and which ports are known: 0xffff alone could be a port. */
  #shape(packet: InnerPacket): number {
    return packet.protocol | (packet.family << 8) | (packet.sourcePort < 0 ? 0x1_0000 : 0) |
      (packet.destinationPort < 0 ? 0x2_0000 : 0);
  }
}
