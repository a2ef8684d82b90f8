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
import { parseRoute, parseRule } from "../../src/datapath/rtnetlink/mod.ts";
import { OUTER_MARK, planSteering, PROTOCOL, sourceOf, TABLE } from "../../cli/daemon/net/steering_plan.ts";
import { type Routing, Steering } from "../../cli/daemon/net/steering.ts";

const RTM_NEWROUTE = 24, RTM_DELROUTE = 25, RTM_NEWRULE = 32, RTM_DELRULE = 33;
const EINVAL = 22;
const TUN = 7;

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
  const plan = planSteering(flows, addresses, TUN);
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
  #count = 0;
  readonly #seen: () => void;

  constructor(seen: () => void = () => {}) {
    this.#seen = seen;
  }

  request({ type, body }: NetlinkRequest, action: string): ReturnType<Routing["request"]> {
    const message = (type: number): NetlinkMessage => ({ type, flags: 0, sequence: 1, body });
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
  return new Steering({ netlink: kernel, tunIndex: TUN, mtu: 1400 });
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
    const plan = planSteering(flows, [], TUN);
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
