/**
 * Steers the packets of flows into the TUN device by rtnetlink, and keeps them from leaving in clear (`steering_plan.ts`
 * draws the rules). Only what carries iked's protocol number is ever touched.
 *
 * What the host itself must allow is not changed here: `net.ipv4.ip_forward` for a gateway. Strict reverse path
 * filtering on the TUN device passes, because the answer to each packet is steered into it as well; on the outer
 * interface it fits every flow but those whose addresses are the outer ones (there `rp_filter` 0 or 2 is needed).
 */
import { fail, ok, type Result, toHex } from "../../../src/bytes/mod.ts";
import type { Family, IpAddress } from "../../../src/ip/mod.ts";
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

export interface SteeringOptions {
  readonly netlink: Routing;
  /** Interface index of the TUN device. */
  readonly tunIndex: number;
  /** Octets of an inner packet. */
  readonly mtu: number;
}

/**
 * Rules and routes of this process. Start it only after the IKE ports are bound: it takes over what an earlier process
 * left, and the first `setFlows` removes of that what is no longer wanted. Until then it holds its flows back.
 */
export class Steering {
  readonly #netlink: Routing;
  readonly #tunIndex: number;
  readonly #mtu: number;
  readonly #rules = new Map<string, Rule>();
  readonly #routes = new Map<string, Route>();
  #flows: readonly FlowInstall[] = [];

  constructor(options: SteeringOptions) {
    this.#netlink = options.netlink;
    this.#tunIndex = options.tunIndex;
    this.#mtu = options.mtu;
  }

  /** Takes over what an earlier process left, brings the device up. */
  start(): Result<void, DatapathError> {
    const failure = this.#adopt();
    if (failure !== undefined) return failed(failure);
    // Where the kernel has no IPv6 there is nothing to turn off.
    this.#netlink.request(setLink(this.#tunIndex, { linkLocal: false }), "configure the TUN device");
    const up = this.#netlink.request(
      setLink(this.#tunIndex, { up: true, mtu: this.#mtu }),
      "bring the TUN device up",
    );
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

  /** Adapts to addresses that the host got or lost: the kernel drops a route with the address that is its source. */
  refresh(): Result<void, DatapathError> {
    this.#routes.clear();
    return this.setFlows(this.#flows);
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
    const plan = planSteering(flows, addresses, this.#tunIndex);
    return plan.ok ? plan : fail({ code: "unsupported", message: plan.error });
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
