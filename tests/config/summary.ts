/** A compiled policy in a few lines, for tables of expectations: what is the default is left out. */
import { formatPrefix, prefixesOfRange } from "../../src/ip/mod.ts";
import type { Compiled } from "../../src/config/mod.ts";
import { DEFAULT_AH, DEFAULT_ESP, DEFAULT_IKE } from "../../src/config/compile/proposals.ts";
import { type Flow, formatIdentity, type HostSpec, type Policy } from "../../src/policy/mod.ts";
import { formatProposal, type Proposal } from "../../src/proposal/mod.ts";
import { formatSelector } from "../../src/selector/mod.ts";

function flowText({ local, remote, dynamic, sourceNat }: Flow): string {
  const leased = (end: "local" | "remote") => dynamic === end || dynamic === "both" ? " (leased)" : "";
  const nat = sourceNat === undefined ? "" : ` (really ${formatPrefix(sourceNat)})`;
  return `${formatSelector(local)}${leased("local")}${nat} -> ${formatSelector(remote)}${leased("remote")}`;
}

function hostText(spec: HostSpec): string {
  if (spec.kind !== "name") return spec.kind === "any" ? "any" : formatPrefix(spec.prefix);
  const addresses = spec.addresses.map((one) =>
    formatPrefix(prefixesOfRange({ family: one.family, start: one.value, end: one.value })[0]!)
  );
  return `${spec.name}=${addresses.join(",")}`;
}

function proposalLines(word: string, own: readonly Proposal[], standard: readonly Proposal[]): string[] {
  return own === standard ? [] : own.map((one) => `${word} ${formatProposal(one)}`);
}

/** Lines of one policy. */
export function summaryOf(policy: Policy, { secrets }: Compiled): string[] {
  const { evaluation, mode, encapsulation, tunnelMode, auth, peerId, childLifetime } = policy;
  const key = auth.method === "psk" && secrets.find(({ ref }) => ref === auth.secret);
  const head = [
    `"${policy.name}"`,
    ...(evaluation === "normal" ? [] : [evaluation]),
    mode,
    ...(policy.ipcomp === true ? ["ipcomp"] : []),
    tunnelMode,
    encapsulation,
    ...(policy.forceNatt ? ["natt"] : []),
    ...(policy.rdomain === undefined ? [] : [`rdomain ${policy.rdomain}`]),
  ];
  const childStandard = encapsulation === "ah" ? DEFAULT_AH : DEFAULT_ESP;
  return [
    head.join(" "),
    ...policy.flows.map(flowText),
    `local ${hostText(policy.local)} peer ${hostText(policy.peer)}`,
    ...proposalLines("ike", policy.ikeProposals, DEFAULT_IKE),
    ...proposalLines("child", policy.childProposals, childStandard),
    `${policy.localId.type}:${formatIdentity(policy.localId)}` +
    (peerId === undefined ? "" : ` ${peerId.type}:${formatIdentity(peerId)}`),
    ...(policy.ikeLifetimeMs === 0 ? [] : [`ikelifetime ${policy.ikeLifetimeMs} ms`]),
    ...(childLifetime.ms === 10_800_000 && childLifetime.octets === 2 ** 32
      ? []
      : [`lifetime ${childLifetime.ms} ms, ${childLifetime.octets} octets`]),
    key ? `psk ${new TextDecoder().decode(key.octets)}` : auth.method === "eap" ? `eap ${auth.eap}` : (
      auth.method === "signature" ? `signature ${auth.signature}` : "psk?"
    ),
    ...(policy.config ?? []).map(({ attribute, prefix }) => `config ${attribute} ${formatPrefix(prefix)}`),
    ...(policy.request ?? []).map(({ attribute, family, prefix }) =>
      `request IPv${family} ${attribute} ${prefix === undefined ? "any" : formatPrefix(prefix)}`
    ),
    ...(policy.iface === undefined ? [] : [`iface ${policy.iface}`]),
    ...(policy.tag === undefined ? [] : [`tag ${policy.tag}`]),
    ...(policy.tap === undefined ? [] : [`tap ${policy.tap}`]),
  ];
}

/** Lines of all users, as `name password`. */
export function usersOf({ configuration, secrets }: Compiled): string[] {
  return (configuration.users ?? []).map(({ name, secret }) => {
    const octets = secrets.find(({ ref }) => ref === secret)!.octets;
    return `${name} ${new TextDecoder().decode(octets)}`;
  });
}
