import assert from "node:assert/strict";
import fc from "fast-check";
import { ok, toHex } from "../../src/bytes/mod.ts";
import {
  ANY_PORT,
  formatPrefix,
  parseAddress,
  parsePrefix,
  type PortRange,
  rangeOfPrefix,
} from "../../src/ip/mod.ts";
import type { FlowInstall } from "../../src/exchange/ports.ts";
import type { HostAddress, NetlinkMessage, NetlinkRequest, Rule } from "../../src/datapath/rtnetlink/mod.ts";
import { newAddress, parseRoute, parseRule, putRoute } from "../../src/datapath/rtnetlink/mod.ts";
import { OUTER_MARK, planSteering, PROTOCOL, sourceOf, TABLE } from "../../cli/daemon/net/steering_plan.ts";
import { type Routing, Steering } from "../../cli/daemon/net/steering.ts";

const RTM_NEWADDR = 20, RTM_GETADDR = 22;
const RTM_NEWROUTE = 24, RTM_DELROUTE = 25, RTM_GETROUTE = 26, RTM_NEWRULE = 32, RTM_DELRULE = 33;
const NLM_F_DUMP = 0x300;
const ENETUNREACH = 101;
const EINVAL = 22;
const TUN = 7;
const INTO_TUN = { led: "all", deviceOf: () => TUN } as const;

interface FlowOptions {
  readonly protocol?: number;
  readonly localPorts?: PortRange;
  readonly remotePorts?: PortRange;
}

function flow(local: string, remote: string, options: FlowOptions = {}): FlowInstall {
  const side = (prefix: string, ports = ANY_PORT) => ({
    addresses: rangeOfPrefix(parsePrefix(prefix)!),
    protocol: options.protocol ?? 0,
    ports,
  });
  return {
    policy: "test",
    local: side(local, options.localPorts),
    remote: side(remote, options.remotePorts),
  };
}

const own = (text: string, change: Partial<HostAddress> = {}): HostAddress => ({
  address: parseAddress(text)!,
  prefixLength: 24,
  index: 2,
  scope: 0,
  usable: true,
  ...change,
});

function planned(flows: readonly FlowInstall[], addresses: readonly HostAddress[] = []) {
  const plan = planSteering(flows, addresses, INTO_TUN);
  assert.ok(plan.ok, plan.ok ? "" : plan.error);
  return plan.value;
}

/** A kernel that keeps routes and rules, and notes in what order they came and went. */
class Kernel implements Routing {
  readonly routes = new Map<string, string>();
  readonly rules = new Map<string, string>();
  readonly log: string[] = [];
  /** Refuses the request with this number, counted from 1. */
  refuse = 0;
  /** Addresses of the host, with prefix lengths. */
  addresses: readonly string[] = [];
  /** The index of the interface by which every lookup goes. */
  way: number | undefined;
  #count = 0;
  readonly #seen: () => void;

  constructor(seen: () => void = () => {}) {
    this.#seen = seen;
  }

  request({ type, flags, body }: NetlinkRequest, action: string): ReturnType<Routing["request"]> {
    const message = (type: number): NetlinkMessage => ({ type, flags: 0, sequence: 1, body });
    if (type === RTM_GETADDR) {
      return ok(this.addresses.map((text): NetlinkMessage => {
        const { body } = newAddress(2, parsePrefix(text)!);
        return { type: RTM_NEWADDR, flags: 0, sequence: 1, body };
      }));
    }
    if (type === RTM_GETROUTE && flags === NLM_F_DUMP) {
      const bodies = [...this.routes.values()].map((hex) => Uint8Array.fromHex(hex));
      const family = (octets: Uint8Array) => octets[0];
      return ok(
        bodies.filter((one) => family(one) === family(body)).map((body) => ({
          ...message(RTM_NEWROUTE),
          body,
        })),
      );
    }
    if (type === RTM_GETROUTE) {
      if (this.way === undefined) return { ok: false, error: { errno: ENETUNREACH, message: action } };
      const route = { type: "unicast", table: 254, protocol: 2, metric: 0, index: this.way } as const;
      const destination = parsePrefix("192.0.2.2/32")!;
      return ok([{ ...message(RTM_NEWROUTE), body: putRoute({ ...route, destination }).body }]);
    }
    if ([RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWRULE, RTM_DELRULE].includes(type)) {
      if (++this.#count === this.refuse) {
        return { ok: false, error: { errno: EINVAL, message: `Cannot ${action}: refused` } };
      }
      const routing = type === RTM_NEWROUTE || type === RTM_DELROUTE;
      const adding = type === RTM_NEWROUTE || type === RTM_NEWRULE;
      const text = routing ? this.#route(message(RTM_NEWROUTE)) : this.#rule(message(RTM_NEWRULE));
      const [name, value] = text;
      const table = routing ? this.routes : this.rules;
      if (adding) table.set(name, value);
      else if (!table.delete(name)) return { ok: false, error: { errno: 2, message: "gone" } };
      this.log.push(`${adding ? "+" : "-"}${name}`);
      this.#seen();
    }
    return ok([]);
  }

  #route(message: NetlinkMessage): [string, string] {
    const route = parseRoute(message)!;
    return [`${route.type} ${formatPrefix(route.destination)}`, toHex(message.body)];
  }

  #rule(message: NetlinkMessage): [string, string] {
    const rule = parseRule(message)!;
    const to = rule.destination === undefined ? "" : ` to ${formatPrefix(rule.destination)}`;
    return [`rule ${rule.priority}${to} ${toHex(message.body).length}`, toHex(message.body)];
  }
}

function steering(kernel: Kernel): Steering {
  return new Steering({ netlink: kernel, tun: { index: TUN, mtu: 1400 } });
}

Deno.test("A flow has blackhole, route and rules of iked's own table, and our own packets pass by", () => {
  const { routes, rules } = planned([flow("10.1.0.0/16", "10.2.0.0/16")], [own("10.1.0.1")]);
  assert.deepEqual(routes.map((route) => [route.type, formatPrefix(route.destination), route.index]), [
    ["blackhole", "10.2.0.0/16", undefined],
    ["unicast", "10.2.0.0/16", TUN],
  ]);
  assert.deepEqual(routes[1]!.source, parseAddress("10.1.0.1"));
  assert.ok(routes[0]!.metric > routes[1]!.metric);
  for (const entry of [...routes, ...rules]) assert.equal(entry.protocol, PROTOCOL);
  const [marked] = rules.filter((rule) => rule.mark === OUTER_MARK);
  const steered = rules.filter((rule) => rule.action.kind === "table");
  assert.ok(steered.every((rule) => rule.priority > marked!.priority));
  assert.ok(steered.every((rule) => rule.action.kind === "table" && rule.action.table === TABLE));
  const end = rules.find((rule) => rule.action.kind === "nop")!;
  assert.deepEqual(marked!.action, { kind: "goto", priority: end.priority });
  assert.ok(steered.every((rule) => rule.priority < end.priority));
});

Deno.test("Without an address on the local side, unbound packets are not of the flow", () => {
  const { routes, rules } = planned([flow("10.1.0.0/16", "10.2.0.0/16")], [own("192.0.2.1")]);
  assert.equal(rules.filter((rule) => rule.inputName === "lo").length, 0);
  assert.equal(routes[1]!.source, undefined);
});

Deno.test("The source is a usable address on the local side, of global scope first", () => {
  const one = flow("10.1.0.0/16", "10.2.0.0/16");
  const addresses = [
    own("192.0.2.1"),
    own("10.1.0.9", { usable: false }),
    own("10.1.0.3", { scope: 254 }),
    own("10.1.0.4"),
  ];
  assert.deepEqual(sourceOf(one, addresses), parseAddress("10.1.0.4"));
  assert.deepEqual(sourceOf(one, addresses.slice(0, 3)), parseAddress("10.1.0.3"));
  assert.equal(sourceOf(one, addresses.slice(0, 2)), undefined);
});

Deno.test("Neighbours of a link stay out of a flow to everywhere", () => {
  const { routes } = planned([flow("2001:db8:1::/48", "::/0")]);
  assert.deepEqual(routes.filter((route) => route.type === "throw").map((r) => formatPrefix(r.destination)), [
    "fe80::/10",
  ]);
});

Deno.test("Ports become matches of just these ports; ICMP types and OPAQUE take the whole protocol", () => {
  const matched = (options: FlowOptions) => {
    const { rules } = planned([flow("10.1.0.0/16", "10.2.0.0/16", options)]);
    return rules.filter((rule) => rule.priority === 197).map((rule) => rule.destinationPorts);
  };
  assert.deepEqual(matched({ protocol: 6, remotePorts: { start: 22, end: 23 } }), [{ start: 22, end: 23 }]);
  assert.deepEqual(matched({ protocol: 6, remotePorts: { start: 0, end: 80 } }), [{ start: 1, end: 80 }]);
  assert.deepEqual(matched({ protocol: 6, remotePorts: { start: 9, end: 65535 } }), [{
    start: 9,
    end: 65534,
  }]);
  assert.deepEqual(matched({ protocol: 6, remotePorts: { start: 65535, end: 65535 } }), []);
  assert.deepEqual(matched({ protocol: 6 }), [undefined]);
  assert.deepEqual(matched({ protocol: 1, remotePorts: { start: 0x0800, end: 0x08ff } }), [undefined]);
  assert.deepEqual(matched({ protocol: 6, remotePorts: { start: 65535, end: 0 } }), [undefined]);
});

/** What the kernel does with a TCP packet from 10.1.0.1 to 10.2.0.1: the first rule that matches decides. */
function steered(rules: readonly Rule[], sourcePort: number, destinationPort: number): boolean {
  const within = (ports: PortRange | undefined, port: number) =>
    ports === undefined || (ports.start <= port && port <= ports.end);
  const hit = [...rules].sort((a, b) => a.priority - b.priority).find((rule) =>
    rule.mark === undefined && rule.inputName === undefined &&
    within(rule.sourcePorts, sourcePort) && within(rule.destinationPorts, destinationPort)
  );
  return hit?.action.kind === "table";
}

Deno.test("Every packet of a flow with ports is steered, and every one whose ports the rules cannot see", () => {
  const port = fc.oneof(fc.nat(65535), fc.constantFrom(0, 1, 65534, 65535));
  const range = fc.tuple(port, port).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
  fc.assert(fc.property(range, range, port, port, (localPorts, remotePorts, from, to) => {
    const { rules } = planned([flow("10.1.0.0/16", "10.2.0.0/16", { protocol: 6, localPorts, remotePorts })]);
    const inside = localPorts.start <= from && from <= localPorts.end && remotePorts.start <= to &&
      to <= remotePorts.end;
    if (inside) assert.ok(steered(rules, from, to));
    else if (from % 65535 !== 0 && to % 65535 !== 0) assert.ok(!steered(rules, from, to));
    assert.ok(steered(rules, 0, 0), "a fragment");
  }));
});

Deno.test("What the kernel's rules cannot say is refused with the reason", () => {
  const refusal = (...flows: FlowInstall[]) => {
    const plan = planSteering(flows, [], INTO_TUN);
    return plan.ok ? undefined : plan.error;
  };
  assert.match(refusal(flow("10.1.0.0/16", "2001:db8::/32"))!, /differ in family/);
  const wide = flow("10.1.0.0/16", "10.2.0.0/16");
  const ragged = { family: 4, start: 1n, end: 0xffff_fffen } as const;
  const many = {
    ...wide,
    local: { ...wide.local, addresses: ragged },
    remote: { ...wide.remote, addresses: ragged },
  };
  assert.match(refusal(many)!, /rules, use prefixes/);
});

Deno.test("A flow that stays is steered at every step of a change", () => {
  const a = flow("10.1.0.0/16", "10.2.0.0/16"), b = flow("10.1.0.0/16", "10.3.0.0/16");
  const c = flow("10.1.0.0/16", "10.4.0.0/16");
  let watching = false;
  const kernel: Kernel = new Kernel(() => {
    const steered = [...kernel.rules.keys()].filter((name) => name.includes(" to "));
    // A rule never stands without blackhole and route behind it, nor without the exemption before it.
    for (const name of steered) {
      const to = name.split(" to ")[1]!.split(" ")[0]!;
      assert.ok(kernel.routes.has(`blackhole ${to}`) && kernel.routes.has(`unicast ${to}`), name);
      assert.ok([...kernel.rules.keys()].some((rule) => rule.startsWith("rule 196 ")));
    }
    if (watching) assert.ok(steered.some((name) => name.includes("10.2.0.0/16")));
  });
  const subject = steering(kernel);
  assert.ok(subject.setFlows([a, b]).ok);
  watching = true;
  kernel.log.length = 0;
  assert.ok(subject.setFlows([a, c]).ok);
  const firstRemoval = kernel.log.findIndex((line) => line.startsWith("-"));
  assert.ok(kernel.log.slice(firstRemoval).every((line) => line.startsWith("-")));
  assert.ok(kernel.log.some((line) => line.includes("10.3.0.0/16")));
  assert.ok(!kernel.log.some((line) => line.includes("10.2.0.0/16")));
  watching = false;
  subject.stop();
  assert.deepEqual([kernel.routes.size, kernel.rules.size], [0, 0]);
});

Deno.test("Whichever request is refused, the flows before stay as they were", () => {
  const a = flow("10.1.0.0/16", "10.2.0.0/16");
  for (let refuse = 1; refuse <= 3; refuse++) {
    const kernel = new Kernel();
    const subject = steering(kernel);
    assert.ok(subject.setFlows([a]).ok);
    const before = [...kernel.rules.keys(), ...kernel.routes.keys()].sort();
    kernel.refuse = kernel.log.length + refuse;
    const result = subject.setFlows([a, flow("10.1.0.0/16", "10.3.0.0/16")]);
    assert.deepEqual(result, {
      ok: false,
      error: { code: "failed", message: `Cannot add a ${refuse < 3 ? "route" : "rule"} for a flow: refused` },
    });
    assert.deepEqual([...kernel.rules.keys(), ...kernel.routes.keys()].sort(), before);
  }
});

Deno.test("With source NAT the true sources are steered as well, and unbound packets take one of either", () => {
  const nat = { ...flow("192.0.2.10/32", "10.2.0.0/16"), sourceNat: parsePrefix("10.1.0.0/16")! };
  const { rules } = planned([nat], [own("10.1.0.1")]);
  const sources = rules.filter((rule) => rule.priority === 197).map((rule) => formatPrefix(rule.source!));
  assert.deepEqual(sources, ["192.0.2.10", "10.1.0.0/16"]);
  assert.deepEqual(sourceOf(nat, [own("10.1.0.1"), own("192.0.2.10")]), parseAddress("192.0.2.10"));
  assert.deepEqual(sourceOf(nat, [own("10.1.0.1"), own("203.0.113.1")]), parseAddress("10.1.0.1"));
});

/** Rules by priority and source, routes by kind, prefix and device. */
function kernelPlan(flows: readonly FlowInstall[], addresses: readonly HostAddress[], way?: number) {
  const plan = planSteering(flows, addresses, { led: "unbound", deviceOf: () => way });
  assert.ok(plan.ok);
  const { rules, routes } = plan.value;
  return {
    rules: rules.filter(({ action }) => action.kind === "table").map(({ source, destination, inputName }) =>
      [source, destination].map((one) => one === undefined ? "any" : formatPrefix(one)).join(" to ") +
      ` by ${inputName}`
    ),
    routes: routes.map(({ type, destination, index, gateway }) =>
      [type, formatPrefix(destination), index ?? "-", gateway ?? "-"].join(" ")
    ),
  };
}

Deno.test("Where the kernel has the packets of flows, only its own ones without a source are led, with no gateway", () => {
  const v4 = flow("10.1.0.0/16", "10.2.0.0/16"), v6 = flow("2001:db8:1::/48", "2001:db8:2::/48");
  const addresses = [own("10.1.0.1"), own("2001:db8:1::1")];
  assert.deepEqual(kernelPlan([v4, v6], addresses, 3), {
    rules: ["0.0.0.0 to 10.2.0.0/16 by lo", "any to 2001:db8:2::/48 by lo"],
    routes: [
      "blackhole 10.2.0.0/16 - -",
      "unicast 10.2.0.0/16 3 -",
      "blackhole 2001:db8:2::/48 - -",
      "unicast 2001:db8:2::/48 3 -",
      "throw fe80::/10 - -",
    ],
  });
  assert.deepEqual(kernelPlan([v4], [own("192.0.2.1")], 3), { rules: [], routes: [] });
  const lost = kernelPlan([v4], addresses);
  assert.deepEqual(lost.routes, ["blackhole 10.2.0.0/16 - -"], "without a way they are held back");
  assert.equal(lost.rules.length, 1);
});

Deno.test("Routes of the host's own packets come and go with its addresses and the way to the peer", () => {
  const kernel = new Kernel();
  const subject = new Steering({ netlink: kernel });
  const names = () => [...kernel.routes.keys()].sort();
  assert.ok(subject.setFlows([flow("10.1.0.0/16", "10.2.0.0/16")]).ok);
  assert.deepEqual([names(), subject.wayless], [[], false]);
  kernel.addresses = ["10.1.0.1/16"];
  assert.ok(subject.refresh().ok);
  assert.deepEqual([names(), subject.wayless], [["blackhole 10.2.0.0/16"], true]);
  kernel.way = 5;
  assert.ok(subject.refresh().ok);
  assert.deepEqual([names(), subject.wayless], [["blackhole 10.2.0.0/16", "unicast 10.2.0.0/16"], false]);
  // The kernel takes a route away with its device; the same plan puts it there again.
  kernel.routes.delete("unicast 10.2.0.0/16");
  assert.ok(subject.refresh().ok);
  assert.equal(names().length, 2);
  kernel.addresses = [];
  assert.ok(subject.refresh().ok);
  assert.deepEqual([names(), kernel.rules.size], [[], 0]);
});
