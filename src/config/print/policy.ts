/** One policy as an `ikev2` statement, its clauses in the manual's order. */
import { formatPrefix, prefixesOfRange } from "../../ip/mod.ts";
import { choicesOf, keywordOf, type TransformType } from "../../proposal/mod.ts";
import type { Proposal } from "../../proposal/types.ts";
import { formatIdentity } from "../../policy/identity.ts";
import type { AuthSpec, Flow, HostSpec, Policy } from "../../policy/types.ts";
import { isAnyPort, type TrafficSelector } from "../../selector/mod.ts";
import { quote, type Secrets } from "./values.ts";

function printPorts({ ports: { start, end } }: TrafficSelector): string {
  return start === end ? `port ${start}` : `port ${start}:${end}`;
}

function printEnd(selector: TrafficSelector, dynamic: boolean): string {
  // A flow's addresses are always one prefix: the language has no other form
  const range = dynamic ? "dynamic" : formatPrefix(prefixesOfRange(selector.addresses)[0]!);
  return isAnyPort(selector.ports) ? range : `${range} ${printPorts(selector)}`;
}

function printFlow({ local, remote, dynamic, sourceNat }: Flow): string {
  const from = printEnd(local, dynamic === "local" || dynamic === "both");
  const to = printEnd(remote, dynamic === "remote" || dynamic === "both");
  return `from ${from}${sourceNat === undefined ? "" : ` (${formatPrefix(sourceNat)})`} to ${to}`;
}

/** Flows are every protocol with every pair, so those of the first protocol are the pairs. */
function printFlows(flows: readonly Flow[]): string[] {
  const protocols = [...new Set(flows.map((flow) => flow.local.protocol))];
  const pairs = flows.filter(({ local, dynamic }) =>
    // "from dynamic to dynamic" is one of each family
    local.protocol === protocols[0] && !(dynamic === "both" && local.addresses.family === 6)
  ).map(printFlow);
  if (protocols.length === 1 && protocols[0] === 0) return pairs;
  return [`proto { ${protocols.join(", ")} }`, ...pairs];
}

function printHost(spec: HostSpec): string {
  if (spec.kind === "any") return "any";
  return spec.kind === "network" ? formatPrefix(spec.prefix) : quote(spec.name);
}

const TRANSFORMS: readonly (readonly [word: string, type: TransformType])[] = [
  ["enc", 1],
  ["prf", 2],
  ["auth", 3],
  ["group", 4],
];

function printProposal(block: "ikesa" | "childsa", proposal: Proposal): string {
  const words: string[] = [block];
  const lists = { 1: proposal.encr, 2: proposal.prf, 3: proposal.integ, 4: proposal.ke, 5: proposal.esn };
  for (const [word, type] of TRANSFORMS) {
    if (lists[type].length === 0) continue;
    for (const choice of choicesOf(proposal, type)) words.push(`${word} ${keywordOf(type, choice)}`);
  }
  for (const esn of proposal.esn) words.push(esn === 1 ? "esn" : "noesn");
  return words.join(" ");
}

function printAuth(auth: AuthSpec, secrets: Secrets): string {
  switch (auth.method) {
    case "psk":
      return `psk ${secrets.hex(auth.secret)}`;
    case "eap":
      return `eap ${quote(auth.eap)}`;
    case "signature":
      return auth.signature === "any" ? "signature" : auth.signature;
  }
}

/** Words between the name and the flows. */
function printHead(policy: Policy): string {
  const { family, evaluation, mode, forceNatt, ipcomp, tunnelMode, encapsulation } = policy;
  const words = ["ikev2", quote(policy.name)];
  if (evaluation !== "normal") words.push(evaluation);
  words.push(mode);
  if (ipcomp === true) words.push("ipcomp");
  words.push(tunnelMode);
  if (forceNatt) words.push("natt");
  words.push(encapsulation);
  if (family !== undefined) words.push(family === 4 ? "inet" : "inet6");
  return words.join(" ");
}

function printConfig({ config = [], request = [] }: Policy): string[] {
  return [
    ...config.map(({ attribute, prefix }) => `config ${attribute} ${formatPrefix(prefix)}`),
    ...request.map(({ attribute, prefix }) =>
      `request ${attribute} ${prefix === undefined ? "any" : formatPrefix(prefix)}`
    ),
  ];
}

function printFilters({ iface, tag, tap }: Policy): string[] {
  const clauses: string[] = [];
  if (iface !== undefined) clauses.push(`iface ${quote(iface)}`);
  if (tag !== undefined) clauses.push(`tag ${quote(tag)}`);
  if (tap !== undefined) clauses.push(`tap ${quote(tap)}`);
  return clauses;
}

/** A policy as text; its key only where the secrets have it. */
export function printPolicy(policy: Policy, secrets: Secrets): string {
  const { childLifetime, peerId, rdomain } = policy;
  const ids = [`srcid ${quote(formatIdentity(policy.localId))}`];
  if (peerId !== undefined) ids.push(`dstid ${quote(formatIdentity(peerId))}`);
  return [
    printHead(policy),
    ...(rdomain === undefined ? [] : [`rdomain ${rdomain}`]),
    ...printFlows(policy.flows),
    `local ${printHost(policy.local)} peer ${printHost(policy.peer)}`,
    ...policy.ikeProposals.map((one) => printProposal("ikesa", one)),
    ...policy.childProposals.map((one) => printProposal("childsa", one)),
    ids.join(" "),
    `ikelifetime ${policy.ikeLifetimeMs / 1000}`,
    `lifetime ${childLifetime.ms / 1000} bytes ${childLifetime.octets}`,
    printAuth(policy.auth, secrets),
    ...printConfig(policy),
    ...printFilters(policy),
  ].join(" \\\n\t");
}
