/** Flows of a policy: from nodes to pairs of traffic selectors. */
import {
  type AddressRange,
  ANY_PORT,
  formatRange,
  type PortRange,
  type Prefix,
  rangeOfPrefix,
  wholeRange,
} from "../../ip/mod.ts";
import type { Flow } from "../../policy/types.ts";
import type { EndNode, FlowNode, HostNode, PolicyNode, Text } from "../ast.ts";
import { placeValue, WARNINGS } from "../diagnostics.ts";
import { cut, decimal, familyName, prefixesOf, warnHostBits } from "./addresses.ts";
import type { CompileContext } from "./context.ts";

/** IP protocols with ports: TCP, UDP, DCCP, SCTP, UDP-Lite. */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);
const TCP = 6, UDP = 17;
const EVERYTHING: readonly AddressRange[] = [wholeRange(4), wholeRange(6)];

/** One flow with its names looked up; every pair of one family is a flow. */
interface Expanded {
  readonly node: FlowNode;
  readonly from: readonly AddressRange[];
  readonly to: readonly AddressRange[];
  readonly sourceNat: readonly Prefix[] | undefined;
}

class FlowCompiler {
  readonly #seen = new Set<string>();
  readonly flows: Flow[] = [];

  /** `several`: whether there is more than one pair that could be the same as another. */
  constructor(readonly context: CompileContext, readonly several: boolean) {}

  protocol({ text, place }: Text): number | undefined {
    const number = decimal(text, 255) ?? this.context.environment.protocol(text.toLowerCase());
    if (number === undefined) this.context.diagnostics.error(place, `unknown IP protocol "${cut(text)}"`);
    return number;
  }

  #port(text: string, protocol: number): number | undefined {
    const { service } = this.context.environment;
    return decimal(text, 65535) ?? service(text, protocol) ?? service(text, TCP) ?? service(text, UDP);
  }

  ports(port: Text | undefined, protocol: number): PortRange | undefined {
    if (port === undefined) return ANY_PORT;
    const { diagnostics } = this.context;
    if (!WITH_PORTS.has(protocol)) {
      diagnostics.error(port.place, 'a port needs "proto tcp" or "proto udp"');
      return undefined;
    }
    const [, first = port.text, last = first] = /^([0-9]+)[:-]([0-9]+)$/.exec(port.text) ?? [];
    const start = this.#port(first, protocol), end = this.#port(last, protocol);
    if (start === undefined || end === undefined || start === 0) {
      const message = `unknown port "${
        cut(port.text)
      }": expected 1 to 65535, a range as 1:1023, or a service`;
      diagnostics.error(port.place, message);
      return undefined;
    }
    if (start <= end) return { start, end };
    diagnostics.error(port.place, `this range of ports ends before it begins`);
    return undefined;
  }

  #ranges(host: HostNode): readonly AddressRange[] {
    if (host.kind === "dynamic") this.context.use("dynamic", host.place);
    if (host.kind === "any" || host.kind === "dynamic") return EVERYTHING;
    warnHostBits(host, this.context.diagnostics);
    return prefixesOf(host, this.context).map(rangeOfPrefix);
  }

  #sourceNat({ host, sourceNat }: EndNode, from: readonly AddressRange[]): readonly Prefix[] | undefined {
    if (sourceNat === undefined) return undefined;
    const { context } = this;
    warnHostBits(sourceNat, context.diagnostics);
    const prefixes = prefixesOf(sourceNat, context);
    const fitting = prefixes.filter(({ address }) => from.some(({ family }) => family === address.family));
    if (fitting.length === 0 && prefixes.length > 0 && from.length > 0) {
      const { family } = prefixes[0]!.address;
      const message = `address family mismatch: ${describeFamily(host, from)}, its true source is ${
        familyName(family)
      }`;
      context.diagnostics.error(sourceNat.place, message);
    }
    return fitting;
  }

  expand(node: FlowNode): Expanded {
    const from = this.#ranges(node.from.host), to = this.#ranges(node.to.host);
    const sourceNat = this.#sourceNat(node.from, from);
    if (from.length > 0 && to.length > 0 && !meet(from, to)) {
      const ends = `${describeFamily(node.from.host, from)}, ${describeFamily(node.to.host, to)}`;
      this.context.diagnostics.error(node.place, `address family mismatch: ${ends}`);
    }
    return { node, from, to, sourceNat };
  }

  add({ node, from, to, sourceNat }: Expanded, protocol: number): void {
    const localPorts = this.ports(node.from.port, protocol);
    const remotePorts = this.ports(node.to.port, protocol);
    if (localPorts === undefined || remotePorts === undefined) return;
    const dynamic = dynamicEnd(node);
    const where = placeValue(node.place);
    let duplicate = false;
    for (const source of from) {
      for (const destination of to) {
        if (source.family !== destination.family) continue;
        const local = { addresses: source, protocol, ports: localPorts };
        const remote = { addresses: destination, protocol, ports: remotePorts };
        const flow = { local, remote, ...(dynamic && { dynamic }), where };
        if (this.several) duplicate = this.#known(flow) || duplicate;
        if (sourceNat === undefined) this.flows.push(flow);
        for (const prefix of sourceNat ?? []) {
          if (prefix.address.family === source.family) this.flows.push({ ...flow, sourceNat: prefix });
        }
      }
    }
    if (duplicate) {
      this.context.diagnostics.warn(WARNINGS.duplicateFlow, node.place, "this flow is there already");
    }
  }

  /** Whether the same flow came before. */
  #known({ local, remote, dynamic }: Flow): boolean {
    const { family } = local.addresses;
    const parts = [local.addresses, remote.addresses, local.ports, remote.ports];
    const ranges = parts.map(({ start, end }) => `${start}-${end}`).join();
    const key = `${family},${local.protocol},${ranges},${dynamic ?? ""}`;
    const known = this.#seen.has(key);
    this.#seen.add(key);
    return known;
  }
}

function dynamicEnd({ from, to }: FlowNode): Flow["dynamic"] {
  const local = from.host.kind === "dynamic", remote = to.host.kind === "dynamic";
  if (local && remote) return "both";
  return local ? "local" : remote ? "remote" : undefined;
}

function meet(from: readonly AddressRange[], to: readonly AddressRange[]): boolean {
  return from.some((one) => to.some((other) => one.family === other.family));
}

function describeFamily(host: HostNode, ranges: readonly AddressRange[]): string {
  const text = host.kind === "name" ? host.name : formatRange(ranges[0]!);
  return `${text} is ${familyName(ranges[0]!.family)}`;
}

/** All flows of a policy: every protocol with every pair of addresses of one family. */
export function compileFlows(policy: PolicyNode, context: CompileContext): Flow[] {
  const [first, ...more] = policy.flows;
  const named = first?.from.host.kind === "name" || first?.to.host.kind === "name";
  const compiler = new FlowCompiler(context, more.length > 0 || named);
  const known = policy.protocols.map((one) => compiler.protocol(one));
  const protocols = policy.protocols.length === 0 ? [0] : known.filter((one) => one !== undefined);
  const expanded = policy.flows.map((node) => compiler.expand(node));
  for (const protocol of new Set(protocols)) {
    for (const one of expanded) compiler.add(one, protocol);
  }
  return compiler.flows;
}
