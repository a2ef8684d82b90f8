/**
 * Steers the packets of flows into the TUN device by rtnetlink, and keeps them from leaving in clear (`steering_plan.ts`
 * draws the rules). Only what carries iked's protocol number is ever touched.
 *
 * What the host itself must allow is not changed here: `net.ipv4.ip_forward` for a gateway. Strict reverse path
 * filtering on the TUN device passes, because the answer to each packet is steered into it as well; on the outer
 * interface it fits every flow but those whose addresses are the outer ones (there `rp_filter` 0 or 2 is needed).
 */
import { fail, ok, type Result, toHex } from "../../../src/bytes/mod.ts";
import { type Family, formatAddress, type IpAddress } from "../../../src/ip/mod.ts";
import type { DatapathError, FlowInstall } from "../../../src/exchange/ports.ts";
import {
  deleteRoute,
  deleteRule,
  dumpAddresses,
  dumpRoutes,
  dumpRules,
  type HostAddress,
  lookupRoute,
  newRule,
  parseAddress,
  parseRoute,
  parseRule,
  putRoute,
  type Route,
  type Rule,
  setLink,
} from "../../../src/datapath/rtnetlink/mod.ts";
import { ERRNO } from "../../../ffi/libc/errno.ts";
import type { Netlink, NetlinkFailure } from "../../../ffi/libc/netlink.ts";
import { OUTER_MARK, planSteering, PROTOCOL, type SteeringPlan, TABLE } from "./steering_plan.ts";

export { OUTER_MARK } from "./steering_plan.ts";

const FAMILIES: readonly Family[] = [4, 6];
const NOTHING: SteeringPlan = { routes: [], rules: [] };
/** Errors that say: what is to be removed is not there. */
const GONE: ReadonlySet<number> = new Set([ERRNO.ENOENT, ERRNO.ESRCH, ERRNO.ENODEV]);

/** What steering needs of a `Netlink`. */
export type Routing = Pick<Netlink, "request">;

/** Our address that the host would send from to this peer, as the marked sockets are routed. */
export function sourceFor(netlink: Routing, peer: IpAddress): IpAddress | undefined {
  const answer = netlink.request(lookupRoute(peer, OUTER_MARK), "look up the route to a peer");
  if (!answer.ok) return undefined;
  for (const message of answer.value) {
    const route = parseRoute(message);
    if (route !== undefined) return route.source;
  }
  return undefined;
}

/** The index of the interface by which the host would send to this address; undefined where it has no way. */
function deviceTo(netlink: Routing, address: IpAddress): number | undefined {
  const answer = netlink.request(lookupRoute(address, OUTER_MARK), "look up a route");
  if (!answer.ok) return undefined;
  const route = answer.value.map(parseRoute).find((one) => one !== undefined);
  return route?.type === "unicast" ? route.index : undefined;
}

export interface SteeringOptions {
  readonly netlink: Routing;
  /** The TUN device, and octets of an inner packet. Absent: the kernel has the packets of flows (`led: "unbound"`). */
  readonly tun?: { readonly index: number; readonly mtu: number };
}

/**
 * Rules and routes of this process. Start it only after the IKE ports are bound: it takes over what an earlier process
 * left, and the first `setFlows` removes of that what is no longer wanted. Until then it holds its flows back.
 */
export class Steering {
  readonly #netlink: Routing;
  readonly #tun: SteeringOptions["tun"];
  readonly #rules = new Map<string, Rule>();
  readonly #routes = new Map<string, Route>();
  #flows: readonly FlowInstall[] = [];
  /** There is a flow whose packets have no way now. */
  wayless = false;

  constructor(options: SteeringOptions) {
    this.#netlink = options.netlink;
    this.#tun = options.tun;
  }

  /** Takes over what an earlier process left, brings the device up. */
  start(): Result<void, DatapathError> {
    const failure = this.#adopt();
    if (failure !== undefined) return failed(failure);
    if (this.#tun === undefined) return ok(undefined);
    const { index, mtu } = this.#tun;
    // Where the kernel has no IPv6 there is nothing to turn off.
    this.#netlink.request(setLink(index, { linkLocal: false }), "configure the TUN device");
    const up = this.#netlink.request(setLink(index, { up: true, mtu }), "bring the TUN device up");
    return up.ok ? ok(undefined) : failed(up.error);
  }

  /** Replaces all flows by these; a flow in both is steered without a break. On failure the old ones stay. */
  setFlows(flows: readonly FlowInstall[]): Result<void, DatapathError> {
    const plan = this.#plan(flows);
    if (!plan.ok) return plan;
    const failure = this.#apply(plan.value);
    if (failure === undefined) {
      this.#flows = flows;
      return ok(undefined);
    }
    const before = this.#plan(this.#flows);
    if (before.ok) this.#apply(before.value);
    return failed(failure);
  }

  /**
   * Adapts to addresses that the host got or lost: the kernel drops a route with the address that is its source, and
   * with the device that it leads to.
   */
  refresh(): Result<void, DatapathError> {
    this.#routes.clear();
    const failure = this.#adopt();
    return failure === undefined ? this.setFlows(this.#flows) : failed(failure);
  }

  /** Removes everything: packets of the flows go their usual way again. */
  stop(): void {
    this.#adopt();
    this.#apply(NOTHING);
    this.#flows = [];
  }

  #plan(flows: readonly FlowInstall[]): Result<SteeringPlan, DatapathError> {
    const answer = this.#netlink.request(dumpAddresses(), "read the host's addresses");
    if (!answer.ok) return failed(answer.error);
    const addresses: HostAddress[] = [];
    for (const message of answer.value) {
      const address = parseAddress(message);
      if (address !== undefined) addresses.push(address);
    }
    this.wayless = false;
    const plan = planSteering(flows, addresses, {
      led: this.#tun === undefined ? "unbound" : "all",
      deviceOf: this.#tun === undefined ? this.#deviceFinder() : () => this.#tun?.index,
    });
    return plan.ok ? plan : fail({ code: "unsupported", message: plan.error });
  }

  /** Where packets to the peer go, or to the other side of the flow where it is not known who that is. */
  #deviceFinder(): (flow: FlowInstall) => number | undefined {
    const found = new Map<string, number | undefined>();
    return ({ outer, remote: { addresses: { family, start, end } } }) => {
      // The first address of a network may be one that nothing is sent to.
      const address = outer?.remote ?? { family, value: start < end ? start + 1n : start };
      const key = formatAddress(address);
      if (!found.has(key)) found.set(key, deviceTo(this.#netlink, address));
      const index = found.get(key);
      this.wayless ||= index === undefined;
      return index;
    };
  }

  /** New routes, new rules, then old rules, old routes: no moment without both for a flow that stays. */
  #apply(plan: SteeringPlan): NetlinkFailure | undefined {
    const routes = new Set<string>(), rules = new Set<string>();
    for (const route of plan.routes) {
      const name = nameOfRoute(route);
      routes.add(name);
      const before = this.#routes.get(name);
      if (before !== undefined && sameRoute(before, route)) continue;
      const answer = this.#netlink.request(putRoute(route), "add a route for a flow");
      if (!answer.ok) return answer.error;
      this.#routes.set(name, route);
    }
    for (const rule of plan.rules) {
      const name = nameOfRule(rule);
      rules.add(name);
      if (this.#rules.has(name)) continue;
      const answer = this.#netlink.request(newRule(rule), "add a rule for a flow");
      if (!answer.ok && answer.error.errno !== ERRNO.EEXIST) return answer.error;
      this.#rules.set(name, rule);
    }
    for (const [name, rule] of [...this.#rules].reverse()) {
      if (rules.has(name)) continue;
      const answer = this.#netlink.request(deleteRule(rule), "remove a rule");
      if (!answer.ok && !GONE.has(answer.error.errno)) return answer.error;
      this.#rules.delete(name);
    }
    for (const [name, route] of [...this.#routes].reverse()) {
      if (routes.has(name)) continue;
      const answer = this.#netlink.request(deleteRoute(route), "remove a route");
      if (!answer.ok && !GONE.has(answer.error.errno)) return answer.error;
      this.#routes.delete(name);
    }
    return undefined;
  }

  /** Takes all rules of our protocol, and all routes of our protocol in our table, for ours, whoever made them. */
  #adopt(): NetlinkFailure | undefined {
    for (const family of FAMILIES) {
      const answer = this.#netlink.request(dumpRules(family), "read the routing rules");
      // A kernel without IPv6, or without rules for it, has nothing of ours.
      if (!answer.ok) {
        if (family === 4) return answer.error;
        continue;
      }
      for (const message of answer.value) {
        const rule = parseRule(message);
        if (rule?.protocol === PROTOCOL) this.#rules.set(nameOfRule(rule), rule);
      }
    }
    for (const family of FAMILIES) {
      const answer = this.#netlink.request(dumpRoutes(family, TABLE), "read iked's routing table");
      if (!answer.ok) continue;
      for (const message of answer.value) {
        const route = parseRoute(message);
        if (route?.protocol !== PROTOCOL || route.table !== TABLE) continue;
        this.#routes.set(nameOfRoute(route), route);
      }
    }
    return undefined;
  }
}

/** What names a rule: its octets, without prefixes of length 0, which the kernel does not give back. */
function nameOfRule({ source, destination, ...rest }: Rule): string {
  const rule: Rule = {
    ...rest,
    ...(source !== undefined && source.length > 0 ? { source } : {}),
    ...(destination !== undefined && destination.length > 0 ? { destination } : {}),
  };
  return toHex(newRule(rule).body);
}

/** What names a route in its table. */
function nameOfRoute(route: Route): string {
  const { address, length } = route.destination;
  return `${address.family} ${address.value}/${length} ${route.metric}`;
}

function sameRoute(a: Route, b: Route): boolean {
  return toHex(putRoute(a).body) === toHex(putRoute(b).body);
}

function failed(error: NetlinkFailure): Result<never, DatapathError> {
  return fail({ code: "failed", message: error.message });
}
