/**
 * Which rules and routes bring the packets of the flows into the TUN device, and hold them back without it.
 *
 *     196  fwmark OUTER_MARK              goto 202   our own IKE and ESP packets are not of any flow
 *     197  from LOCAL to REMOTE …         table 7296
 *     198  … with ports that are known    goto 202   flows with ports only, see below
 *     199  … with ports that are not      table 7296
 *     200  from ::/1, from 8000::/1       goto 202   IPv6 with a source, see below
 *     201  [from 0.0.0.0] to REMOTE …     table 7296 packets made here that have no source yet
 *     202  nop
 *
 * The table has two routes per remote prefix: into the TUN device, with the source that unbound packets take, and a
 * blackhole of worse metric. When the process dies all of it stays, and the device loses what it gets; the blackhole is
 * for a device or a source address that is taken away. It alone would not do: where an IPv6 packet without source meets
 * a blackhole the kernel looks again, with a source of its own choice.
 *
 * The kernel knows no ports of a fragment, and its ranges of ports do not have 0 and 65535. Of a protocol whose ports
 * a flow restricts, what the rules cannot judge is brought into the device too, where the selectors decide: a fragment
 * never leaves in clear because its ports were not seen (RFC 4301 §7).
 *
 * A packet that has no source yet matches `from 0.0.0.0/32` in IPv4. In IPv6 it matches no `from` at all, so packets
 * that have one are sent past the rules for those that have none.
 *
 * Where the kernel itself has the packets of flows (`unbound`), only those without a source are led: to a device of
 * their own choice of source, from where the kernel's policies fetch them. The route has no gateway, so that a packet
 * that no policy wants ends there, asking for a neighbour.
 *
 * With source NAT both the true sources and those that they are translated to are the local side.
 */
import { fail, ok, type Result } from "../../../src/bytes/mod.ts";
import {
  addressBits,
  ANY_PORT,
  type Family,
  formatRange,
  type IpAddress,
  type PortRange,
  type Prefix,
  prefixesOfRange,
  rangeHolds,
  rangeOfPrefix,
} from "../../../src/ip/mod.ts";
import type { FlowInstall } from "../../../src/exchange/ports.ts";
import type { HostAddress, Route, Rule, RuleAction } from "../../../src/datapath/rtnetlink/mod.ts";

/** SO_MARK of the sockets that carry IKE and ESP. */
export const OUTER_MARK = 0x1ced;
/** The routing table that is iked's. */
export const TABLE = 7296;
/** The protocol number (RTPROT) of iked's routes and rules. */
export const PROTOCOL = 72;

const PRIORITY = {
  outer: 196,
  flow: 197,
  known: 198,
  unknown: 199,
  bound: 200,
  unbound: 201,
  end: 202,
} as const;
const PAST: RuleAction = { kind: "goto", priority: PRIORITY.end };
const METRIC = { tunnel: 1, blackhole: 1_000_000 } as const;

/** A flow of ranges that are no prefixes becomes several rules; this many are a mistake. */
const MAX_RULES_PER_FLOW = 256;
/** TCP, UDP, DCCP, SCTP, UDP-Lite: what has ports. ICMP's type and code are left to the data path. */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);
const LINK_LOCAL: Prefix = { address: { family: 6, value: 0xfe80n << 112n }, length: 10 };

/** What is to be in the kernel, in the order of adding. */
export interface SteeringPlan {
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
}

/** Who has the packets of flows. */
export interface Inside {
  /** `all`: the device below has them. `unbound`: the kernel has those that have a source. */
  readonly led: "all" | "unbound";
  /** Interface index of where packets of the flow are led; undefined where there is no way now. */
  readonly deviceOf: (flow: FlowInstall) => number | undefined;
}

/** The ports that a rule can match. */
const KNOWN: PortRange = { start: 1, end: 65534 };

/** How rules match the ports of one side: `all` needs no match, `none` is a range out of the rules' reach. */
function portMatch(protocol: number, ports: PortRange): PortRange | "all" | "none" {
  const opaque = ports.start > ports.end;
  if (!WITH_PORTS.has(protocol) || opaque) return "all";
  const start = Math.max(ports.start, KNOWN.start), end = Math.min(ports.end, KNOWN.end);
  if (ports.start <= KNOWN.start && ports.end === ANY_PORT.end) return "all";
  return start <= end ? { start, end } : "none";
}

function baseRules(family: Family, unbound: boolean): Rule[] {
  const common = { family, protocol: PROTOCOL };
  const rules: Rule[] = [
    { ...common, priority: PRIORITY.end, action: { kind: "nop" } },
    { ...common, priority: PRIORITY.outer, action: PAST, mark: OUTER_MARK },
  ];
  if (family === 6 && unbound) {
    for (const value of [0n, 1n << 127n]) {
      const source: Prefix = { address: { family, value }, length: 1 };
      rules.push({ ...common, priority: PRIORITY.bound, action: PAST, source });
    }
  }
  return rules;
}

function describe(flow: FlowInstall): string {
  return `flow from ${formatRange(flow.local.addresses)} to ${formatRange(flow.remote.addresses)}`;
}

/** The rules of one flow; `own` says that the host has an address on its local side. */
function flowRules(flow: FlowInstall, own: boolean, led: Inside["led"]): Result<Rule[], string> {
  const { local, remote, sourceNat } = flow;
  const family = remote.addresses.family;
  const ipProtocol = remote.protocol !== 0 ? remote.protocol : local.protocol;
  const from = portMatch(ipProtocol, local.ports), to = portMatch(ipProtocol, remote.ports);
  const destinations = prefixesOfRange(remote.addresses);
  const sources = led === "unbound"
    ? []
    : [...prefixesOfRange(local.addresses), ...(sourceNat === undefined ? [] : [sourceNat])];
  const count = (3 * sources.length + 1) * destinations.length;
  if (count > MAX_RULES_PER_FLOW) {
    return fail(`Cannot steer the ${describe(flow)}: it needs ${count} rules, use prefixes`);
  }
  const reachable = from !== "none" && to !== "none";
  const ports = {
    ...(typeof from === "string" ? {} : { sourcePorts: from }),
    ...(typeof to === "string" ? {} : { destinationPorts: to }),
  };
  const known = {
    ...(from === "all" ? {} : { sourcePorts: KNOWN }),
    ...(to === "all" ? {} : { destinationPorts: KNOWN }),
  };
  const restricted = from !== "all" || to !== "all";
  const steer: RuleAction = { kind: "table", table: TABLE };
  const none: Prefix = { address: { family, value: 0n }, length: addressBits(family) };
  const rules: Rule[] = [];
  for (const destination of destinations) {
    const match = { family, protocol: PROTOCOL, destination, ...(ipProtocol === 0 ? {} : { ipProtocol }) };
    for (const source of sources) {
      if (reachable) rules.push({ ...match, ...ports, priority: PRIORITY.flow, action: steer, source });
      if (!restricted) continue;
      rules.push({ ...match, ...known, priority: PRIORITY.known, action: PAST, source });
      rules.push({ ...match, priority: PRIORITY.unknown, action: steer, source });
    }
    if (!own || !reachable) continue;
    const unbound = { ...match, ...ports, priority: PRIORITY.unbound, action: steer, inputName: "lo" };
    rules.push(family === 4 ? { ...unbound, source: none } : unbound);
  }
  return ok(rules);
}

/** An address of the host on the local side of the flow: what unbound packets take as source. */
export function sourceOf(flow: FlowInstall, addresses: readonly HostAddress[]): IpAddress | undefined {
  const { local, sourceNat } = flow;
  const ranges = [local.addresses, ...(sourceNat === undefined ? [] : [rangeOfPrefix(sourceNat)])];
  for (const range of ranges) {
    const inside = addresses.filter((own) => own.usable && rangeHolds(range, own.address));
    if (inside.length > 0) return inside.sort((a, b) => a.scope - b.scope)[0]!.address;
  }
  return undefined;
}

/** Rules and routes for the flows, on a host with these addresses. */
export function planSteering(
  flows: readonly FlowInstall[],
  addresses: readonly HostAddress[],
  inside: Inside,
): Result<SteeringPlan, string> {
  const routes = new Map<string, Route>();
  const rules: Rule[] = [];
  const unbound = new Set<Family>(), families = new Set<Family>();
  for (const flow of flows) {
    const { family } = flow.remote.addresses;
    if (flow.local.addresses.family !== family) {
      return fail(`Cannot steer the ${describe(flow)}: its sides differ in family`);
    }
    const source = sourceOf(flow, addresses);
    if (source === undefined && inside.led === "unbound") continue;
    const made = flowRules(flow, source !== undefined, inside.led);
    if (!made.ok) return made;
    families.add(family);
    if (source !== undefined) unbound.add(family);
    rules.push(...made.value);
    for (const destination of prefixesOfRange(flow.remote.addresses)) {
      const name = `${destination.address.value}/${destination.length}/${family}`;
      const route = { destination, table: TABLE, protocol: PROTOCOL };
      routes.set(`blackhole ${name}`, { ...route, type: "blackhole", metric: METRIC.blackhole });
      const index = inside.deviceOf(flow);
      if (index === undefined || routes.get(name)?.source !== undefined) continue;
      routes.set(name, {
        ...route,
        type: "unicast",
        metric: METRIC.tunnel,
        index,
        ...(source === undefined ? {} : { source }),
      });
    }
  }
  if (families.has(6)) {
    // Neighbours are never behind the tunnel, not even with a flow to ::/0.
    const base = { destination: LINK_LOCAL, table: TABLE, protocol: PROTOCOL, metric: METRIC.tunnel };
    routes.set("link-local", { ...base, type: "throw" });
  }
  const base = [...families].flatMap((family) => baseRules(family, unbound.has(family)));
  return ok({ routes: [...routes.values()], rules: [...base, ...rules] });
}
