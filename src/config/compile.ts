/** The syntax tree to what the engine is configured with. */
import type { SecretRef } from "../bytes/mod.ts";
import { addressBits, type Family, formatPrefix } from "../ip/mod.ts";
import { parseIdentity } from "../policy/identity.ts";
import type { EngineConfiguration, Globals, HostSpec, Identity, Policy } from "../policy/types.ts";
import type { ConfigurationNode, HostNode, PolicyNode, SetNode, Text } from "./ast.ts";
import { type Diagnostics, placeValue, WARNINGS } from "./diagnostics.ts";
import type { Environment } from "./environment.ts";
import { compileFlows, decimal, familyName } from "./flows.ts";
import { compileProposals } from "./proposals.ts";
import { closest } from "./suggest.ts";

/** Data paths that `set datapath` may name. */
export const DATAPATHS = ["userland", "xfrm", "pfkey", "none"] as const;
export type DatapathName = (typeof DATAPATHS)[number];

/** Settings that do not concern the engine. */
export interface ConfigurationOptions {
  readonly datapath?: DatapathName;
}

/** A secret on its way to the key holder. */
export interface ConfiguredSecret {
  readonly ref: SecretRef;
  readonly octets: Uint8Array;
}

/** A configuration that has no error. */
export interface Compiled {
  readonly configuration: EngineConfiguration;
  readonly secrets: readonly ConfiguredSecret[];
  readonly options: ConfigurationOptions;
}

/** What the command line decides. */
export interface CommandLine {
  /** `-S`: passive whatever the file says. */
  readonly passive?: boolean;
  readonly natt?: Globals["natt"];
}

const DEFAULT_GLOBALS: Globals = {
  active: true,
  couple: true,
  dpdIntervalMs: 60_000,
  enforceSingleIkeSa: false,
  vendorId: true,
  natt: "on",
};
/** iked.conf(5), "lifetime": three hours, four gigabytes. */
const DEFAULT_LIFETIME = { ms: 3 * 3600 * 1000, octets: 4 * 1024 ** 3 };
const MAX_DPD_SECONDS = 86_400;

type Draft = { -readonly [K in keyof Globals]: Globals[K] };

function applySet(node: SetNode, globals: Draft, diagnostics: Diagnostics): ConfigurationOptions {
  const { option, value } = node;
  switch (option.text) {
    case "active":
    case "passive":
      globals.active = option.text === "active";
      break;
    case "couple":
    case "decouple":
      globals.couple = option.text === "couple";
      break;
    case "enforcesingleikesa":
    case "noenforcesingleikesa":
      globals.enforceSingleIkeSa = option.text === "enforcesingleikesa";
      break;
    case "vendorid":
    case "novendorid":
      globals.vendorId = option.text === "vendorid";
      break;
    case "dpd_check_interval": {
      const seconds = decimal(value!.text, MAX_DPD_SECONDS);
      if (seconds === undefined) {
        diagnostics.error(
          value!.place,
          `expected 0 to ${MAX_DPD_SECONDS} seconds, found "${value!.text.slice(0, 64)}"`,
        );
      } else globals.dpdIntervalMs = seconds * 1000;
      break;
    }
    case "datapath": {
      const datapath = DATAPATHS.find((one) => one === value!.text);
      if (datapath !== undefined) return { datapath };
      const message = `unknown data path "${value!.text.slice(0, 64)}": expected ${DATAPATHS.join(", ")}`;
      diagnostics.error(value!.place, message, closest(value!.text, DATAPATHS));
    }
  }
  return {};
}

/** The families that an endpoint may have; none where that is not known. */
function familiesOf(spec: HostSpec): readonly Family[] {
  if (spec.kind === "network") return [spec.prefix.address.family];
  return spec.kind === "any" ? [4, 6] : [...new Set(spec.addresses.map((one) => one.family))];
}

class PolicyCompiler {
  constructor(
    readonly node: PolicyNode,
    readonly name: string,
    readonly environment: Environment,
    readonly diagnostics: Diagnostics,
  ) {}

  compile(): { readonly policy: Policy; readonly secret: ConfiguredSecret } | undefined {
    const { node, name, diagnostics } = this;
    if (node.flows.length === 0) {
      diagnostics.error(node.place, 'this policy has no flow: expected "from … to …"');
    }
    const flows = compileFlows(node, this.environment, diagnostics);
    const ikeProposals = compileProposals(node.sas, "ikesa", diagnostics);
    const childProposals = compileProposals(node.sas, "childsa", diagnostics);
    const family = node.family === undefined ? undefined : node.family.text === "inet" ? 4 : 6;
    const peerNode = node.peer ?? this.#defaultPeer();
    const local = this.#host(node.local, family);
    const peer = this.#host(peerNode, family);
    this.#checkEndpoints(local, peer, peerNode, family);
    const localId = this.#localId();
    const peerId = node.dstid === undefined ? undefined : this.#identity(node.dstid);
    if (node.psk === undefined) {
      const message = "this policy has no psk, and other ways to authenticate are not supported yet " +
        "(this version does PSK only)";
      diagnostics.error(node.place, message);
      return undefined;
    }
    if (localId === undefined) return undefined;
    const ref = `psk:${name}` as SecretRef;
    const policy: Policy = {
      name,
      where: placeValue(node.place),
      evaluation: (node.evaluation?.text ?? "normal") as Policy["evaluation"],
      mode: node.mode?.text === "active" ? "active" : "passive",
      encapsulation: "esp",
      tunnelMode: "tunnel",
      forceNatt: node.natt,
      ...(family === undefined ? {} : { family }),
      flows,
      local,
      peer,
      ikeProposals,
      childProposals,
      localId,
      ...(peerId === undefined ? {} : { peerId }),
      ikeLifetimeMs: (node.ikeLifetime?.value ?? 0) * 1000,
      childLifetime: {
        ms: node.lifetime === undefined ? DEFAULT_LIFETIME.ms : node.lifetime.value * 1000,
        octets: node.lifetimeBytes?.value ?? DEFAULT_LIFETIME.octets,
      },
      auth: { method: "psk", secret: ref },
    };
    return { policy, secret: { ref, octets: node.psk.octets } };
  }

  /** iked.conf(5): the destination of a policy with one host-to-host flow. A `default` policy is for anybody. */
  #defaultPeer(): HostNode | undefined {
    const { flows, evaluation } = this.node;
    const [only, ...more] = flows;
    if (only === undefined || more.length > 0 || evaluation?.text === "default") return undefined;
    const { host } = only.to;
    if (host.kind === "name") return host;
    if (host.kind !== "prefix") return undefined;
    const { address, length } = host.prefix;
    return length === addressBits(address.family) ? host : undefined;
  }

  #host(node: HostNode | undefined, family: Family | undefined): HostSpec {
    if (node === undefined || node.kind === "any") return { kind: "any" };
    if (node.kind === "prefix") return { kind: "network", prefix: node.prefix };
    const all = this.environment.addressesOf(node.name) ?? [];
    const addresses = all.filter((one) => family === undefined || one.family === family);
    if (addresses.length === 0) {
      const which = family === undefined ? "" : ` ${familyName(family)}`;
      const message = `"${node.name}" has no${which} address now, so the policy matches nobody`;
      this.diagnostics.warn(WARNINGS.unresolved, node.place, message);
    }
    return { kind: "name", name: node.name, addresses };
  }

  #checkEndpoints(
    local: HostSpec,
    peer: HostSpec,
    peerNode: HostNode | undefined,
    family: Family | undefined,
  ): void {
    const { node, diagnostics } = this;
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
        diagnostics.error(
          host.place,
          `${show(spec)} is no ${familyName(family)} address, as "${node.family!.text}" asks`,
        );
      }
    }
    if (node.mode?.text !== "active" || peer.kind === "name") return;
    if (peer.kind === "any" || peer.prefix.length < addressBits(peer.prefix.address.family)) {
      diagnostics.error(node.mode.place, '"active" needs a peer that is a host: write "peer ADDRESS"');
    }
  }

  #identity({ text, place }: Text): Identity | undefined {
    const identity = parseIdentity(text);
    if (identity === undefined) this.diagnostics.error(place, `"${text.slice(0, 64)}" is no identity`);
    return identity;
  }

  #localId(): Identity | undefined {
    const { srcid, place } = this.node;
    if (srcid !== undefined) return this.#identity(srcid);
    const identity = parseIdentity(this.environment.hostname);
    if (identity === undefined) this.diagnostics.error(place, 'this machine has no host name: write "srcid"');
    return identity;
  }
}

function show(spec: HostSpec): string {
  return spec.kind === "network" ? formatPrefix(spec.prefix) : spec.kind === "name" ? spec.name : "any";
}

/** The names of all policies; a name that is there twice is an error. */
function namePolicies(nodes: readonly PolicyNode[], diagnostics: Diagnostics): string[] {
  const places = new Map<string, PolicyNode>();
  return nodes.map((node, at) => {
    const name = node.name?.text ?? `policy${at + 1}`;
    const other = places.get(name);
    if (other !== undefined) {
      const { file, line, column } = placeValue((other.name ?? other).place);
      diagnostics.error(
        (node.name ?? node).place,
        `policy name "${name}" is taken already (${file}:${line}:${column})`,
      );
    }
    places.set(name, node);
    return name;
  });
}

/** Checks and compiles a tree. Undefined where it, or the parser before, found an error; then no secret is kept. */
export function compile(
  tree: ConfigurationNode,
  environment: Environment,
  diagnostics: Diagnostics,
  commandLine: CommandLine = {},
): Compiled | undefined {
  const globals: Draft = { ...DEFAULT_GLOBALS };
  let options: ConfigurationOptions = {};
  for (const node of tree.sets) options = { ...options, ...applySet(node, globals, diagnostics) };
  if (commandLine.passive === true) globals.active = false;
  if (commandLine.natt !== undefined) globals.natt = commandLine.natt;
  const names = namePolicies(tree.policies, diagnostics);
  const policies: Policy[] = [];
  const secrets: ConfiguredSecret[] = [];
  for (const [at, node] of tree.policies.entries()) {
    const compiled = new PolicyCompiler(node, names[at]!, environment, diagnostics).compile();
    if (compiled === undefined) continue;
    policies.push(compiled.policy);
    secrets.push(compiled.secret);
  }
  if (tree.policies.length === 0 && !diagnostics.failed) {
    diagnostics.warn(WARNINGS.noPolicies, tree.place, "there are no policies");
  }
  if (!diagnostics.failed) return { configuration: { globals, policies }, secrets, options };
  for (const { psk } of tree.policies) psk?.octets.fill(0);
  return undefined;
}
