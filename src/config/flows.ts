/** Flows of a policy: from nodes to pairs of traffic selectors. */
import {
  addressBits,
  type AddressRange,
  ANY_PORT,
  type Family,
  formatRange,
  type PortRange,
  rangeOfAddress,
  rangeOfPrefix,
  wholeRange,
} from "../ip/mod.ts";
import type { Flow } from "../policy/types.ts";
import type { EndNode, FlowNode, HostNode, PolicyNode, Text } from "./ast.ts";
import { type Diagnostics, placeValue, WARNINGS } from "./diagnostics.ts";
import type { Environment } from "./environment.ts";

/** IP protocols with ports: TCP, UDP, DCCP, SCTP, UDP-Lite. */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

/** `IPv4` or `IPv6`. */
export function familyName(family: Family): string {
  return `IPv${family}`;
}

/** An unsigned decimal number up to `max`; undefined for any other text. */
export function decimal(text: string, max: number): number | undefined {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

class FlowCompiler {
  readonly #seen = new Set<string>();
  readonly flows: Flow[] = [];

  constructor(readonly environment: Environment, readonly diagnostics: Diagnostics) {}

  protocol({ text, place }: Text): number | undefined {
    const number = decimal(text, 255) ?? this.environment.protocol(text.toLowerCase());
    if (number === undefined) this.diagnostics.error(place, `unknown IP protocol "${text.slice(0, 64)}"`);
    return number;
  }

  ports(port: Text | undefined, protocol: number): PortRange | undefined {
    if (port === undefined) return ANY_PORT;
    if (!WITH_PORTS.has(protocol)) {
      this.diagnostics.error(port.place, 'a port needs "proto tcp" or "proto udp"');
      return undefined;
    }
    const number = decimal(port.text, 65535) ?? this.environment.service(port.text, protocol);
    if (number === undefined || number === 0) {
      this.diagnostics.error(
        port.place,
        `unknown port "${port.text.slice(0, 64)}": expected 1 to 65535 or a service`,
      );
      return undefined;
    }
    return { start: number, end: number };
  }

  ranges(host: HostNode): AddressRange[] {
    if (host.kind === "any") return [wholeRange(4), wholeRange(6)];
    if (host.kind === "prefix") {
      const range = rangeOfPrefix(host.prefix);
      const { address, length } = host.prefix;
      if (range.start !== address.value && length < addressBits(address.family)) {
        const message = `bits of the address beyond its length ${length} are ignored: ${formatRange(range)}`;
        this.diagnostics.warn(WARNINGS.hostBits, host.place, message);
      }
      return [range];
    }
    const addresses = this.environment.addressesOf(host.name) ?? [];
    if (addresses.length === 0) this.diagnostics.error(host.place, `"${host.name}" has no address`);
    return addresses.map(rangeOfAddress);
  }

  flow(node: FlowNode, protocol: number, from: readonly AddressRange[], to: readonly AddressRange[]): void {
    const localPorts = this.ports(node.from.port, protocol);
    const remotePorts = this.ports(node.to.port, protocol);
    if (localPorts === undefined || remotePorts === undefined) return;
    let duplicate = false;
    for (const source of from) {
      for (const destination of to) {
        if (source.family !== destination.family) continue;
        const local = { addresses: source, protocol, ports: localPorts };
        const remote = { addresses: destination, protocol, ports: remotePorts };
        const key = [source, destination, localPorts, remotePorts].map(({ start, end }) => `${start}-${end}`)
          .join();
        duplicate ||= this.#seen.has(`${source.family},${protocol},${key}`);
        this.#seen.add(`${source.family},${protocol},${key}`);
        this.flows.push({ local, remote, where: placeValue(node.place) });
      }
    }
    if (duplicate) this.diagnostics.warn(WARNINGS.duplicateFlow, node.place, "this flow is there already");
  }
}

function meet(from: readonly AddressRange[], to: readonly AddressRange[]): boolean {
  return from.some((one) => to.some((other) => one.family === other.family));
}

function describeFamily({ host }: EndNode, ranges: readonly AddressRange[]): string {
  const text = host.kind === "name" ? host.name : formatRange(ranges[0]!);
  return `${text} is ${familyName(ranges[0]!.family)}`;
}

/** All flows of a policy: every protocol with every pair of addresses of one family. */
export function compileFlows(policy: PolicyNode, environment: Environment, diagnostics: Diagnostics): Flow[] {
  const compiler = new FlowCompiler(environment, diagnostics);
  const named = policy.protocols.map((one) => compiler.protocol(one));
  const protocols = policy.protocols.length === 0 ? [0] : named.filter((one) => one !== undefined);
  const ends = policy.flows.map((node) => {
    const from = compiler.ranges(node.from.host), to = compiler.ranges(node.to.host);
    if (from.length > 0 && to.length > 0 && !meet(from, to)) {
      const message = `address family mismatch: ${describeFamily(node.from, from)}, ${
        describeFamily(node.to, to)
      }`;
      diagnostics.error(node.place, message);
    }
    return { node, from, to };
  });
  for (const protocol of new Set(protocols)) {
    for (const { node, from, to } of ends) compiler.flow(node, protocol, from, to);
  }
  return compiler.flows;
}
