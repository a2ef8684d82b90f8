/** Prints a configuration as iked.conf(5), defaults written out: parsing it again gives the same policies. */
import { formatPrefix, prefixesOfRange } from "../ip/mod.ts";
import { choicesOf, keywordOf, type TransformType } from "../proposal/mod.ts";
import type { Proposal } from "../proposal/types.ts";
import { formatIdentity } from "../policy/identity.ts";
import type { Flow, Globals, HostSpec, Policy } from "../policy/types.ts";
import { isAnyPort, type TrafficSelector } from "../selector/mod.ts";
import type { Compiled, ConfiguredSecret } from "./compile.ts";

/** A string in double quotes, so that the lexer gives it back. */
export function quote(text: string): string {
  return `"${text.replace(/"/g, '\\"').replace(/\\(?=[ \t])/g, "\\\\")}"`;
}

function printEnd(selector: TrafficSelector): string {
  // A flow's addresses are always one prefix: the language has no other form
  const range = formatPrefix(prefixesOfRange(selector.addresses)[0]!);
  return isAnyPort(selector.ports) ? range : `${range} port ${selector.ports.start}`;
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

/** Flows are every protocol with every pair, so those of the first protocol are the pairs. */
function printFlows(flows: readonly Flow[]): string[] {
  const protocols = [...new Set(flows.map((flow) => flow.local.protocol))];
  const pairs = flows.filter((flow) => flow.local.protocol === protocols[0])
    .map(({ local, remote }) => `from ${printEnd(local)} to ${printEnd(remote)}`);
  if (protocols.length === 1 && protocols[0] === 0) return pairs;
  return [`proto { ${protocols.join(", ")} }`, ...pairs];
}

function printSecret(octets: Uint8Array | undefined): string {
  if (octets === undefined) return "(secret)";
  return `0x${Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("")}`;
}

function printPolicy(policy: Policy, secret: Uint8Array | undefined): string {
  const { family, evaluation, mode, forceNatt, childLifetime, peerId } = policy;
  const head = ["ikev2", quote(policy.name)];
  if (evaluation !== "normal") head.push(evaluation);
  head.push(mode, "tunnel", "esp");
  if (forceNatt) head.push("natt");
  if (family !== undefined) head.push(family === 4 ? "inet" : "inet6");
  const ids = [`srcid ${quote(formatIdentity(policy.localId))}`];
  if (peerId !== undefined) ids.push(`dstid ${quote(formatIdentity(peerId))}`);
  return [
    head.join(" "),
    ...printFlows(policy.flows),
    `local ${printHost(policy.local)} peer ${printHost(policy.peer)}`,
    ...policy.ikeProposals.map((one) => printProposal("ikesa", one)),
    ...policy.childProposals.map((one) => printProposal("childsa", one)),
    ids.join(" "),
    `ikelifetime ${policy.ikeLifetimeMs / 1000}`,
    `lifetime ${childLifetime.ms / 1000} bytes ${childLifetime.octets}`,
    `psk ${printSecret(secret)}`,
  ].join(" \\\n\t");
}

function printGlobals(globals: Globals): string[] {
  return [
    globals.active ? "active" : "passive",
    globals.couple ? "couple" : "decouple",
    `dpd_check_interval ${globals.dpdIntervalMs / 1000}`,
    globals.enforceSingleIkeSa ? "enforcesingleikesa" : "noenforcesingleikesa",
    globals.vendorId ? "vendorid" : "novendorid",
  ];
}

/**
 * The configuration as text. With `secrets` the keys are in it; without, `(secret)` stands for each, which is no valid
 * iked.conf(5) on purpose.
 */
export function printConfiguration(
  { configuration, options }: Pick<Compiled, "configuration" | "options">,
  secrets?: readonly ConfiguredSecret[],
): string {
  const { globals, policies } = configuration;
  const settings = printGlobals(globals);
  if (options.datapath !== undefined) settings.push(`datapath ${options.datapath}`);
  const octets = new Map((secrets ?? []).map((one) => [one.ref, one.octets]));
  const statements = [
    ...settings.map((one) => `set ${one}`),
    ...policies.map((policy) => printPolicy(policy, octets.get(policy.auth.secret))),
  ];
  return `${statements.join("\n")}\n`;
}
