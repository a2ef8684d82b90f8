/**
 * The kernel's IPsec as a data path: what is asked of it in its own words, what it tells in ours. Knows what the kernel
 * should hold, compares it with what it holds, and never touches what others put there.
 */
import { fail, ok } from "../../bytes/mod.ts";
import type { Endpoint } from "../../ip/mod.ts";
import { softPart } from "../soft_limit.ts";
import type {
  ChildInstall,
  ChildUsage,
  DatapathError,
  DatapathEvent,
  DatapathResult,
  FlowInstall,
} from "../types.ts";
import { wantedModules } from "./algorithms.ts";
import { explain, type KernelFailure } from "./failure.ts";
import {
  flowHas,
  flowOfPriority,
  flowPolicies,
  flowPriority,
  flowSelectors,
  isOwnPriority,
  type PlacedFlow,
  placeOf,
} from "./flow_policies.ts";
import {
  childSelectors,
  inboundSas,
  movedPlan,
  outboundSas,
  type Planned,
  planPair,
  policiesOf,
  wipeKeys,
} from "./pair.ts";
import { PolicyTable, unique } from "./policy_table.ts";
import { type KernelPort, keyed, policyKey, saKey, type Way, waySa } from "./port.ts";
import { isOwnSa, Reqids } from "./reqids.ts";
import { type KernelSelector, packetOf, reqidKey } from "./selector.ts";
import { translatedPolicies } from "./source_nat.ts";
import type { Acquire, Expire, KernelEvent, KernelSa, KernelSaState, Mapping, SaName } from "./values.ts";

/** More SAs than these are asked for with one dump. */
const ONE_BY_ONE = 32;

export interface KernelOptions {
  readonly port: KernelPort;
  /** Monotonic, ms. */
  readonly now: () => number;
  /** Random, 0 to 1. */
  readonly fraction: () => number;
  readonly event: (event: DatapathEvent) => void;
}

/** A Child SA in the kernel. */
interface Pair {
  /** Its keys are wiped. */
  readonly child: ChildInstall;
  readonly reqidKey: string;
  /** Keys are wiped as soon as the kernel has them. */
  plan: Planned;
  /** Outbound SAs are not in the kernel before the peer has used the inbound ones. */
  waits: boolean;
  /** What either SA may count before a new pair is asked for. */
  readonly softOctets: number;
  /** What SAs counted that took the place of others when the pair moved. */
  readonly counted: { octetsIn: number; octetsOut: number; packetsIn: number; packetsOut: number };
  packetsIn: number;
  lastInMs: number | undefined;
  /** The kernel removed an SA of it at its limit, and told. */
  expired: boolean;
}

/** What a comparison found. */
export interface Comparison {
  /** SAs and policies of an earlier process, or that could not be removed before; they are gone now. */
  readonly leftovers: number;
  /** Policies of ours that somebody removed; they are there again. */
  readonly restored: number;
  /** Child SAs of which somebody removed one; `vanished` was told of each. */
  readonly vanished: number;
}

/** See the head of the file. */
export class Kernel {
  readonly #options: KernelOptions;
  readonly #port: KernelPort;
  readonly #policies: PolicyTable;
  readonly #reqids: Reqids;
  readonly #pairs = new Map<number, Pair>();
  readonly #bySa = new Map<string, number>();
  #flows: readonly FlowInstall[] = [];
  /** The same by policy: a Child SA is of one, and there may be thousands of both. */
  #flowsOf: ReadonlyMap<string, readonly PlacedFlow[]> = new Map();
  #flowReqids: readonly string[] = [];
  /** What an earlier process left has been looked through. */
  #takenOver = false;
  #suspicious = false;
  #newsLost = false;

  constructor(options: KernelOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#policies = new PolicyTable(options.port);
    this.#reqids = new Reqids(options.port.reqids);
  }

  /** Replaces all flows by these; on a failure the old ones stay. */
  setFlows(flows: readonly FlowInstall[]): DatapathResult {
    const keys: string[] = [], claims = [];
    for (const [index, flow] of flows.entries()) {
      const selectors = flowSelectors(flow);
      if ("message" in selectors) {
        return this.#giveBack(keys, unsupported(`Flow of "${flow.policy}": ${selectors.message}`));
      }
      const key = reqidKey(flow.policy, flow.protocol ?? "esp", flow.mode ?? "tunnel", selectors.agreed);
      const reqid = this.#reqids.take(key);
      if (reqid === undefined) {
        return this.#giveBack(keys, unsupported("more flows than the kernel can be told apart"));
      }
      keys.push(key);
      claims.push(...flowPolicies(flow, selectors.all, index, reqid).map((policy) => ({ rank: 0, policy })));
    }
    const claimed = this.#policies.claim("flows", unique(claims));
    if (!claimed.ok) return this.#giveBack(keys, fail(this.#explain(claimed.error)));
    for (const key of this.#flowReqids) this.#reqids.release(key);
    this.#flowReqids = keys;
    this.#flows = flows;
    this.#flowsOf = Map.groupBy(flows.map((flow, index) => ({ flow, index })), ({ flow }) => flow.policy);
    for (const pair of this.#pairs.values()) this.#claimPair(pair);
    if (!this.#takenOver) this.compare();
    this.#takenOver = true;
    return ok(undefined);
  }

  /** Puts a Child SA into the kernel; nothing of it stays on a failure. Wipes its keys. */
  install(child: ChildInstall): DatapathResult {
    const selectors = childSelectors(child);
    if ("message" in selectors) return unsupported(selectors.message);
    const key = reqidKey(child.policy, child.suite.protocol === 2 ? "ah" : "esp", child.mode, selectors);
    const reqid = this.#reqids.take(key);
    if (reqid === undefined) return unsupported("more Child SAs than the kernel can be told apart");
    const softOctets = Math.ceil((child.lifetimeOctets || Infinity) * softPart(this.#options.fraction()));
    const plan = planPair(child, selectors, reqid, softOctets);
    if ("message" in plan) {
      this.#reqids.release(key);
      return unsupported(plan.message);
    }
    const waits = child.outboundFrom !== "now";
    const made: KernelSa[] = [];
    const undo = (error: KernelFailure, what: KernelSa): DatapathResult => {
      for (const sa of made) this.#port.removeSa(sa);
      this.#policies.release(ownerOf(child.id));
      this.#reqids.release(key);
      wipeKeys(plan.inbound);
      wipeKeys(plan.outbound);
      return fail(this.#explain(error, what));
    };
    const pair: Pair = {
      child,
      reqidKey: key,
      plan,
      waits,
      softOctets,
      counted: { octetsIn: 0, octetsOut: 0, packetsIn: 0, packetsOut: 0 },
      packetsIn: 0,
      lastInMs: undefined,
      expired: false,
    };
    const add = (sas: readonly KernelSa[]): DatapathResult | undefined => {
      for (const sa of sas) {
        const added = this.#port.addSa(sa);
        if (!added.ok) return undo(added.error, sa);
        made.push(sa);
      }
      return undefined;
    };
    const claims = this.#claimsOf(pair);
    const claim = (some: typeof claims): DatapathResult | undefined => {
      const claimed = this.#policies.claim(ownerOf(child.id), some);
      return claimed.ok ? undefined : undo(claimed.error, plan.inbound);
    };
    // Packets may have waited for the outbound SA: what they are answered with has to be let in before it is there.
    const inward = claims.filter(({ policy }) => policy.direction !== "out");
    const failed = add(inboundSas(plan)) ?? claim(inward) ?? add(waits ? [] : outboundSas(plan)) ??
      claim(claims);
    if (failed !== undefined) return failed;
    wipeKeys(plan.inbound);
    if (!waits) wipeKeys(plan.outbound);
    this.#pairs.set(child.id, pair);
    this.#know(child.id, pair);
    return ok(undefined);
  }

  /** Outgoing packets take this pair from now on: the kernel prefers the SA that is there the shortest. */
  activate(id: number): void {
    const pair = this.#pairs.get(id);
    if (pair?.waits !== true || pair.child.outboundFrom === "never") return;
    const added = outboundSas(pair.plan).map((sa) => this.#port.addSa(sa));
    wipeKeys(pair.plan.outbound);
    pair.waits = false;
    if (added.some((one) => !one.ok)) this.#options.event({ kind: "expired", id, limit: "hard" });
  }

  /** New outer endpoints. */
  move(ids: readonly number[], local: Endpoint, remote: Endpoint, udpEncap: boolean): void {
    for (const id of ids) {
      const pair = this.#pairs.get(id);
      if (pair === undefined) continue;
      const into = waySa(remote, local, udpEncap), outof = waySa(local, remote, udpEncap);
      const { plan, waits } = pair;
      const relocate = (sas: readonly KernelSa[], way: Way) =>
        sas.map((sa) => this.#port.relocateSa(sa, way));
      const came = relocate(inboundSas(plan), into), left = waits ? [] : relocate(outboundSas(plan), outof);
      const inbound = came.at(-1), outbound = left.at(-1);
      this.#forget(pair);
      pair.plan = movedPlan(plan, into, outof);
      this.#know(id, pair);
      const { counted } = pair;
      counted.octetsIn += Number(inbound?.usage.octets ?? 0n);
      counted.packetsIn += Number(inbound?.usage.packets ?? 0n);
      counted.octetsOut += Number(outbound?.usage.octets ?? 0n);
      counted.packetsOut += Number(outbound?.usage.packets ?? 0n);
      const claimed = this.#claimPair(pair);
      const lost = [...came, ...left].includes(undefined);
      if (lost || !claimed.ok) this.#options.event({ kind: "expired", id, limit: "hard" });
    }
  }

  /** Takes Child SAs out of the kernel. */
  remove(ids: readonly number[]): void {
    for (const id of ids) {
      const pair = this.#pairs.get(id);
      if (pair === undefined) continue;
      this.#pairs.delete(id);
      // The policies first: packets wait for the next SA instead of being refused for want of one.
      this.#policies.release(ownerOf(id));
      for (const sa of presentSas(pair.plan, pair.waits)) this.#port.removeSa(sa);
      if (pair.waits) wipeKeys(pair.plan.outbound);
      this.#forget(pair);
      this.#reqids.release(pair.reqidKey);
    }
  }

  /** The kernel's own counters. */
  usage(ids: readonly number[]): ChildUsage[] {
    const known = ids.flatMap((id) => {
      const pair = this.#pairs.get(id);
      return pair === undefined ? [] : [{ id, pair }];
    });
    const all = known.length > ONE_BY_ONE ? keyed(this.#port.sas(), saKey) : undefined;
    const find = (name: SaName): KernelSaState | undefined =>
      all === undefined ? this.#port.sa(name) : all.get(saKey(name));
    return known.map(({ id, pair }) => {
      const { counted, plan, waits } = pair;
      const into = find(plan.inbound)?.usage, outof = waits ? undefined : find(plan.outbound)?.usage;
      const packetsIn = counted.packetsIn + Number(into?.packets ?? 0n);
      if (packetsIn > pair.packetsIn) pair.lastInMs = this.#options.now();
      pair.packetsIn = packetsIn;
      return {
        id,
        octetsIn: counted.octetsIn + Number(into?.octets ?? 0n),
        octetsOut: counted.octetsOut + Number(outof?.octets ?? 0n),
        packetsIn,
        packetsOut: counted.packetsOut + Number(outof?.packets ?? 0n),
        ...(pair.lastInMs === undefined ? {} : { lastInMs: pair.lastInMs }),
      };
    });
  }

  /** What the kernel told of its own accord. */
  told(event: KernelEvent): void {
    if (event.kind === "acquire") this.#acquire(event);
    else if (event.kind === "expire") this.#expired(event);
    else if (event.kind === "mapping") this.#moved(event);
    else if (event.kind === "flushed") this.#suspicious = true;
    else if (event.kind === "policy-gone") this.#suspicious ||= this.#policies.has(policyKey(event.policy));
    // An SA that moves is removed and made anew.
    else if (event.kind === "sa-gone") {
      this.#suspicious ||= this.#bySa.has(saKey(event.sa)) && this.#port.sa(event.sa) === undefined;
    }
  }

  /** The kernel told more than its queue could hold: only a comparison shows what happened. */
  lostNews(): void {
    if (!this.#newsLost) {
      this.#notice("The kernel told more than its queue holds: comparing SAs and policies");
    }
    this.#newsLost = this.#suspicious = true;
  }

  /** Something that should be in the kernel may be gone: a comparison is due. */
  get suspicious(): boolean {
    return this.#suspicious;
  }

  /** Compares what the kernel holds with what it should hold. At the start, each minute, and after news were lost. */
  compare(): Comparison {
    const sas = keyed(this.#port.sas(), saKey), policies = keyed(this.#port.policies(), policyKey);
    let leftovers = 0, restored = 0, vanished = 0;
    if (sas !== undefined) {
      for (const [id, pair] of this.#pairs) {
        if (presentSas(pair.plan, pair.waits).every((sa) => sas.has(saKey(sa)))) {
          this.#catchUp(id, pair, sas);
        } else if (!pair.expired) {
          vanished++;
          this.#options.event({ kind: "vanished", id });
        }
      }
      if (this.#newsLost) this.#catchUpAcquires(sas.values());
      leftovers += this.#removeStale(sas);
    }
    if (policies !== undefined) {
      const wanted = this.#policies.wanted();
      for (const key of wanted) {
        if (policies.has(key)) continue;
        const put = this.#policies.restore(key);
        if (put.ok) restored++;
        else this.#notice(put.error.message);
      }
      for (const [key, policy] of policies) {
        if (wanted.has(key) || !isOwnPriority(policy.priority)) continue;
        leftovers++;
        this.#port.removePolicy(policy);
      }
    }
    if (restored > 0) this.#notice(`Somebody else removed IPsec policies: put ${restored} back`);
    if (sas !== undefined && policies !== undefined) this.#suspicious = this.#newsLost = false;
    return { leftovers, restored, vanished };
  }

  /**
   * SAs of an earlier process go at once. Its policies stay until there are flows: without them packets would go in
   * clear.
   */
  takeOver(): void {
    const sas = keyed(this.#port.sas(), saKey);
    if (sas !== undefined) this.#removeStale(sas);
  }

  /** How many pairs there are. */
  get size(): number {
    return this.#pairs.size;
  }

  /** Takes everything of this daemon out of the kernel. */
  close(): void {
    this.remove([...this.#pairs.keys()]);
    this.#policies.release("flows");
    this.#flows = [];
    // Notes of the kernel that it asked for an SA carry our numbers, too.
    for (const sa of this.#port.sas() ?? []) {
      if (isOwnSa(sa)) this.#port.removeSa(sa);
    }
  }

  /** Removes SAs that are this daemon's and of no pair; how many. */
  #removeStale(sas: ReadonlyMap<string, KernelSaState>): number {
    let removed = 0;
    for (const [key, sa] of sas) {
      // An SA without SPI is the kernel's own note that it asked for one.
      if (this.#bySa.has(key) || sa.spi === 0 || !isOwnSa(sa)) continue;
      removed++;
      this.#port.removeSa(sa);
    }
    return removed;
  }

  #acquire({ selector, priority, interfaceId }: Acquire): void {
    if (selector !== undefined) return this.#acquirePacket(selector, interfaceId);
    const flow = isOwnPriority(priority) ? this.#flows[flowOfPriority(priority)] : undefined;
    if (flow !== undefined) this.#options.event({ kind: "acquire", policy: flow.policy });
  }

  #acquirePacket(selector: KernelSelector, interfaceId: number | undefined): void {
    const packet = packetOf(selector);
    const flow = this.#flows.find((one) => one.interfaceId === interfaceId && flowHas(one, packet));
    if (flow === undefined) return;
    this.#options.event({
      kind: "acquire",
      policy: flow.policy,
      source: packet.source,
      destination: packet.destination,
    });
  }

  #expired({ sa, hard }: Expire): void {
    const id = this.#bySa.get(saKey(sa));
    const pair = id === undefined ? undefined : this.#pairs.get(id);
    if (id === undefined || pair === undefined) return;
    // The first packet of the peer: the one soft limit of an inbound SA whose outbound one waited for it (`planPair`).
    const first = pair.child.outboundFrom === "when-used" && saKey(sa) === saKey(pair.plan.inbound);
    if (!hard && first) return this.activate(id);
    if (!hard && pair.child.lifetimeOctets === undefined) return;
    pair.expired ||= hard;
    this.#options.event({ kind: "expired", id, limit: hard ? "hard" : "soft" });
  }

  /** What the kernel did not tell of a pair, or could not: its first packet, a soft limit. */
  #catchUp(id: number, pair: Pair, sas: ReadonlyMap<string, KernelSaState>): void {
    const { plan, counted } = pair;
    const into = sas.get(saKey(plan.inbound))?.usage, outof = sas.get(saKey(plan.outbound))?.usage;
    if ((into?.packets ?? 0n) > 0n) this.activate(id);
    const came = counted.octetsIn + Number(into?.octets ?? 0n);
    const left = counted.octetsOut + Number(outof?.octets ?? 0n);
    if (Math.max(came, left) >= pair.softOctets) {
      this.#options.event({ kind: "expired", id, limit: "soft" });
    }
  }

  /** The kernel keeps a note of each SA that it asked for: without SPI, for the packet that asked. */
  #catchUpAcquires(sas: Iterable<KernelSaState>): void {
    for (const sa of sas) {
      const { spi, selector, interfaceId } = sa;
      if (spi === 0 && isOwnSa(sa) && selector !== undefined) this.#acquirePacket(selector, interfaceId);
    }
  }

  #notice(text: string): void {
    this.#options.event({ kind: "noticed", text });
  }

  #moved({ sa, to }: Mapping): void {
    for (const [id, { child, plan }] of this.#pairs) {
      const { spi, protocol } = plan.inbound;
      if (spi !== sa.spi || protocol !== sa.protocol || !child.followPeer) continue;
      return this.#options.event({ kind: "moved", id, remote: to });
    }
  }

  #know(id: number, pair: Pair): void {
    for (const sa of presentSas(pair.plan, false)) this.#bySa.set(saKey(sa), id);
  }

  #forget(pair: Pair): void {
    for (const sa of presentSas(pair.plan, false)) this.#bySa.delete(saKey(sa));
  }

  #claimPair(pair: Pair): ReturnType<PolicyTable["claim"]> {
    return this.#policies.claim(ownerOf(pair.child.id), this.#claimsOf(pair));
  }

  #claimsOf(pair: Pair): Parameters<PolicyTable["claim"]>[1] {
    const flows = this.#flowsOf.get(pair.child.policy) ?? [];
    const priority = flowPriority(placeOf(pair.child, flows) ?? this.#flows.length, true);
    const policies = policiesOf(pair.plan, priority);
    const { templates } = policies.find(({ direction }) => direction === "out")!;
    const translated = translatedPolicies(flows, pair.child, templates);
    return unique([...policies, ...translated].map((policy) => ({ rank: pair.child.id + 1, policy })));
  }

  #explain(failure: KernelFailure, sa?: KernelSa): DatapathError {
    const { protocol = "esp", algorithms = {} } = sa ?? {};
    return explain(failure, { protocol, algorithms: wantedModules(algorithms), module: this.#port.module });
  }

  #giveBack<T>(keys: readonly string[], result: T): T {
    for (const key of keys) this.#reqids.release(key);
    return result;
  }
}

/** What the kernel has of a plan, in the order in which it gets it. */
function presentSas(plan: Planned, waits: boolean): readonly KernelSa[] {
  return waits ? inboundSas(plan) : [...inboundSas(plan), ...outboundSas(plan)];
}

function ownerOf(id: number): string {
  return `child ${id}`;
}

function unsupported(message: string): { readonly ok: false; readonly error: DatapathError } {
  return fail({ code: "unsupported", message });
}
