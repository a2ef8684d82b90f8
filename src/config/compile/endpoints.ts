/** `local` and `peer` of a policy. */
import { addressBits, type Family, formatPrefix } from "../../ip/mod.ts";
import type { HostSpec } from "../../policy/types.ts";
import type { HostNode, PolicyNode } from "../ast.ts";
import { placeValue, WARNINGS } from "../diagnostics.ts";
import { familyName, warnHostBits } from "./addresses.ts";
import type { CompileContext } from "./context.ts";

export interface Endpoints {
  readonly family: Family | undefined;
  readonly local: HostSpec;
  readonly peer: HostSpec;
}

/** The families that an endpoint may have; none where that is not known. */
function familiesOf(spec: HostSpec): readonly Family[] {
  if (spec.kind === "network") return [spec.prefix.address.family];
  return spec.kind === "any" ? [4, 6] : [...new Set(spec.addresses.map((one) => one.family))];
}

function show(spec: HostSpec): string {
  return spec.kind === "network" ? formatPrefix(spec.prefix) : spec.kind === "name" ? spec.name : "any";
}

/** iked.conf(5): the destination of a policy with one host-to-host flow. A `default` policy is for anybody. */
function defaultPeer({ flows, evaluation }: PolicyNode): HostNode | undefined {
  const [only, ...more] = flows;
  if (only === undefined || more.length > 0 || evaluation?.text === "default") return undefined;
  const { host } = only.to;
  if (host.kind === "name") return host.length === undefined ? host : undefined;
  if (host.kind !== "prefix") return undefined;
  const { address, length } = host.prefix;
  return length === addressBits(address.family) ? host : undefined;
}

class EndpointCompiler {
  constructor(readonly node: PolicyNode, readonly context: CompileContext) {}

  compile(): Endpoints {
    const { node } = this;
    const family = node.family === undefined ? undefined : node.family.text === "inet" ? 4 : 6;
    const peerNode = node.peer ?? defaultPeer(node);
    const local = this.#host(node.local, family);
    const peer = this.#host(peerNode, family);
    this.#check(local, peer, peerNode, family);
    return { family, local, peer };
  }

  #host(node: HostNode | undefined, family: Family | undefined): HostSpec {
    const { environment, diagnostics } = this.context;
    if (node === undefined || node.kind === "any" || node.kind === "dynamic") return { kind: "any" };
    if (node.kind === "prefix") {
      if (node === this.node.local || node === this.node.peer) warnHostBits(node, diagnostics);
      return { kind: "network", prefix: node.prefix };
    }
    if (node.length !== undefined) {
      diagnostics.error(node.place, "an endpoint that is a name cannot have a prefix length");
    }
    const all = environment.addressesOf(node.name) ?? [];
    const addresses = all.filter((one) => family === undefined || one.family === family);
    if (addresses.length === 0) {
      const which = family === undefined ? "" : ` ${familyName(family)}`;
      const message = `"${node.name}" has no${which} address now, so the policy matches nobody`;
      diagnostics.warn(WARNINGS.unresolved, node.place, message);
    }
    return { kind: "name", name: node.name, addresses };
  }

  #check(local: HostSpec, peer: HostSpec, peerNode: HostNode | undefined, family: Family | undefined): void {
    const { node, context: { diagnostics } } = this;
    const locals = familiesOf(local), peers = familiesOf(peer);
    const known = locals.length > 0 && peers.length > 0;
    if (known && !locals.some((one) => peers.includes(one)) && node.local !== undefined) {
      const { line, column, file } = placeValue(node.local.place);
      const message = `address family mismatch: peer ${show(peer)} is ${familyName(peers[0]!)}, ` +
        `local ${show(local)} is ${familyName(locals[0]!)} (${file}:${line}:${column})`;
      diagnostics.error(peerNode?.place ?? node.place, message);
    }
    for (const [host, spec] of [[node.local, local], [peerNode, peer]] as const) {
      if (family === undefined || host === undefined || spec.kind !== "network") continue;
      if (spec.prefix.address.family !== family) {
        const message = `${show(spec)} is no ${familyName(family)} address, as "${node.family!.text}" asks`;
        diagnostics.error(host.place, message);
      }
    }
    if (node.mode?.text !== "active" || peer.kind === "name") return;
    if (peer.kind === "any" || peer.prefix.length < addressBits(peer.prefix.address.family)) {
      diagnostics.error(node.mode.place, '"active" needs a peer that is a host: write "peer ADDRESS"');
    }
  }
}

/** Who a policy is between. */
export function compileEndpoints(node: PolicyNode, context: CompileContext): Endpoints {
  return new EndpointCompiler(node, context).compile();
}
