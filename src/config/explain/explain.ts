/**
 * A configuration in plain words: for each policy who may connect, from where and with what, what traffic is protected,
 * who begins, how long keys live, which policy is taken where several match, and what happens before a tunnel is up.
 */
import { formatPrefix } from "../../ip/mod.ts";
import { formatMark } from "../../policy/mark.ts";
import { expandTag } from "../../policy/tag.ts";
import type { AuthSpec, Globals, Policy, SignatureMethod } from "../../policy/types.ts";
import type { Proposal } from "../../proposal/types.ts";
import type { ConfigurationNode, PolicyNode } from "../ast.ts";
import { AUTOMATIC_DATAPATHS, type Compiled } from "../compile/types.ts";
import { placeValue } from "../diagnostics.ts";
import type { Place } from "../source.ts";
import { limitOf } from "../unsupported.ts";
import { hostInWords, isHost } from "./hosts.ts";
import { identitiesInWords, Precedence } from "./precedence.ts";
import { proposalsInWords } from "./strength.ts";
import { trafficSentences } from "./traffic.ts";
import type { Explanation, PolicyExplanation, Sentence, Topic } from "./types.ts";

function sentence(topic: Topic, text: string, place?: Place): Sentence {
  return place === undefined ? { topic, text } : { topic, text, where: placeValue(place) };
}

/** A time in the largest units that fit. */
export function timeInWords(ms: number): string {
  let seconds = Math.round(ms / 1000);
  const parts: string[] = [];
  for (const [name, length] of [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]] as const) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
  }
  return parts.length === 0 ? "0 seconds" : parts.join(" ");
}

function octetsInWords(octets: number): string {
  for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]] as const) {
    if (octets >= size && octets % size === 0) return `${octets / size} ${unit}`;
  }
  return `${octets} octets`;
}

const SIGNATURES: Readonly<Record<SignatureMethod, string>> = {
  any: "with whatever key it has",
  rsa: "with RSA",
  ecdsa256: "with ECDSA on P-256",
  ecdsa384: "with ECDSA on P-384",
  ecdsa521: "with ECDSA on P-521",
  rfc7427: "by RFC 7427",
};

function authInWords(auth: AuthSpec): string {
  switch (auth.method) {
    case "psk":
      return "Both prove it with the same pre-shared key";
    case "signature":
      return `Both prove it by a signature, each ${
        SIGNATURES[auth.signature]
      }, which a certificate or a trusted key vouches for`;
    case "eap":
      return auth.eap === "radius"
        ? "Who is called proves it by a signature; who calls by EAP, which a RADIUS server judges"
        : "Who is called proves it by a signature; who calls by a user's name and password (EAP-MSCHAPv2)";
  }
}

function beginInWords({ mode, peer }: Policy, globals: Globals): string {
  if (!globals.active) return "Nobody but the peer begins: the daemon starts passive, until ikectl active";
  if (mode === "active") return "We begin, as soon as the daemon is ready, and again whenever it is down";
  return isHost(peer)
    ? "The peer begins; we do when a packet of ours needs it"
    : "The peer begins: we cannot, for we do not know its address";
}

function beforeInWords({ couple }: Globals, datapath: string | undefined): string {
  if (!couple) return "Nothing is protected, up or not: the traffic goes in clear (set decouple)";
  if (datapath === "none") {
    return "Nothing is protected, up or not: the traffic goes in clear (set datapath none)";
  }
  return "Until it is up, packets of ours to the peer's side are dropped, never sent in clear";
}

function keysInWords({ ikeLifetimeMs, childLifetime, childProposals }: Policy): string {
  const { ms, octets } = childLifetime;
  const limits = [ms > 0 ? timeInWords(ms) : "", octets > 0 ? octetsInWords(octets) : ""].filter((one) =>
    one !== ""
  );
  const child = limits.length === 0
    ? "Keys of traffic are never replaced by us"
    : `Keys of traffic are replaced before ${limits.join(" or ")} ${
      limits.length > 1 ? "are" : "have"
    } passed`;
  const pfs = childProposals.some(({ ke }) => ke.some((group) => group !== 0))
    ? ", with a key exchange of their own (forward secrecy)"
    : ", from the IKE SA's key exchange";
  const ike = ikeLifetimeMs > 0
    ? `the IKE SA's before ${timeInWords(ikeLifetimeMs)} have passed`
    : "the IKE SA's are not, unless the peer asks";
  return `${child}${limits.length === 0 ? "" : pfs}; ${ike}`;
}

function addressSentences({ config, request, iface }: Policy, node: PolicyNode): Sentence[] {
  const places = (action: "config" | "request") => node.config.filter((one) => one.action === action);
  const given = (config ?? []).map(({ attribute, prefix }, at) =>
    sentence("addresses", `Gives the peer ${attribute} ${formatPrefix(prefix)}`, places("config")[at]?.place)
  );
  const asked = (request ?? []).map(({ attribute, prefix, family }, at) => {
    const value = prefix === undefined ? `any, of IPv${family}` : formatPrefix(prefix);
    return sentence("addresses", `Asks the peer for ${attribute} (${value})`, places("request")[at]?.place);
  });
  const use = request === undefined
    ? `What is routed into interface ${iface} goes through the tunnel, and nothing else`
    : `What the peer gives goes to interface ${iface}`;
  const target = iface === undefined ? [] : [sentence("addresses", use, node.iface?.place)];
  return [...given, ...asked, ...target];
}

/** With the mark where it does not depend on the peer. */
function tagInWords(tag: string, name: string): string {
  const bear = `Packets bear the tag ${JSON.stringify(tag)}`;
  const known = expandTag(tag, name, undefined);
  return known === undefined ? bear : `${bear}, which is mark ${formatMark(known.mark)}`;
}

function extraSentences(policy: Policy, node: PolicyNode): Sentence[] {
  const extras: Sentence[] = [];
  if (policy.forceNatt) {
    extras.push(sentence("extras", "ESP goes inside of UDP, NAT or not", node.natt?.place));
  }
  if (policy.ipcomp === true) {
    extras.push(sentence("extras", "Packets are compressed (IPComp)", node.ipcomp?.place));
  }
  if (policy.family !== undefined) {
    extras.push(sentence("extras", `Only by IPv${policy.family} (the endpoints)`, node.family?.place));
  }
  if (policy.rdomain !== undefined) {
    extras.push(
      sentence("extras", `Unprotected traffic is of routing domain ${policy.rdomain}`, node.rdomain?.place),
    );
  }
  if (policy.tag !== undefined) {
    extras.push(sentence("extras", tagInWords(policy.tag, policy.name), node.tag?.place));
  }
  if (policy.tap !== undefined) {
    extras.push(sentence("extras", `Decapsulated packets appear on ${policy.tap}`, node.tap?.place));
  }
  return extras;
}

function explainPolicy(
  policy: Policy,
  node: PolicyNode,
  precedence: string,
  { configuration: { globals }, options }: Compiled,
): PolicyExplanation {
  const { ours, theirs } = identitiesInWords(policy);
  const blocks = (block: "ikesa" | "childsa") => node.sas.find((sa) => sa.block === block)?.place;
  const offers = (block: "ikesa" | "childsa", proposals: readonly Proposal[]) =>
    `${blocks(block) === undefined ? ", the defaults" : ""}: ${proposalsInWords(proposals)}`;
  const sentences = [
    sentence("peer", `The peer is at ${hostInWords(policy.peer)}`, node.peer?.place),
    sentence("peer", `It reaches us at ${hostInWords(policy.local)}`, node.local?.place),
    sentence("identity", ours, node.srcid?.place),
    sentence("identity", theirs, node.dstid?.place),
    sentence("authentication", authInWords(policy.auth), node.auth?.place),
    sentence("begin", beginInWords(policy, globals), node.mode?.place),
    ...trafficSentences(policy),
    sentence("before", beforeInWords(globals, options.datapath)),
    sentence("ike-algorithms", `For the IKE SA${offers("ikesa", policy.ikeProposals)}`, blocks("ikesa")),
    sentence(
      "child-algorithms",
      `For the traffic${offers("childsa", policy.childProposals)}`,
      blocks("childsa"),
    ),
    sentence("keys", keysInWords(policy), (node.lifetime ?? node.ikeLifetime)?.place),
    ...addressSentences(policy, node),
    ...extraSentences(policy, node),
    sentence("precedence", precedence, node.evaluation?.place),
  ];
  return { name: policy.name, ...(policy.where === undefined ? {} : { where: policy.where }), sentences };
}

function settingSentences({ configuration, options }: Compiled, tree: ConfigurationNode): Sentence[] {
  const { globals, users } = configuration;
  const place = (...names: readonly string[]) =>
    tree.sets.findLast(({ option }) => names.includes(option.text))?.option.place;
  const { dpdIntervalMs } = globals;
  const said = [
    sentence(
      "begin",
      globals.active ? "The daemon begins connections (active)" : "The daemon begins nothing (passive)",
      place("active", "passive"),
    ),
    sentence(
      "before",
      globals.couple ? "SAs are used (couple)" : "SAs are not used (decouple)",
      place("couple", "decouple"),
    ),
    sentence(
      "extras",
      dpdIntervalMs === 0
        ? "A peer that falls silent is not asked whether it lives"
        : `A peer that is silent for ${timeInWords(dpdIntervalMs)} is asked whether it lives`,
      place("dpd_check_interval"),
    ),
    sentence(
      "extras",
      globals.enforceSingleIkeSa
        ? "One IKE SA for an identity: a new one ends the old one"
        : "A peer may have several IKE SAs",
      place("enforcesingleikesa", "noenforcesingleikesa"),
    ),
  ];
  if (options.datapath !== undefined) {
    said.push(sentence("extras", `Data path: ${options.datapath}`, place("datapath")));
  }
  if (users !== undefined && users.length > 0) {
    said.push(
      sentence("authentication", `Users that may authenticate by EAP: ${users.length}`, tree.users[0]?.place),
    );
  }
  return said;
}

/** What a configuration means. `tree` is what it was compiled from. */
export function explain(tree: ConfigurationNode, compiled: Compiled): Explanation {
  const { policies } = compiled.configuration;
  const precedence = new Precedence(policies);
  const { datapath } = compiled.options;
  const datapaths = datapath === undefined ? AUTOMATIC_DATAPATHS : [datapath];
  const told = new Set<string>();
  return {
    version: 1,
    settings: settingSentences(compiled, tree),
    policies: policies.map((policy, at) =>
      explainPolicy(policy, tree.policies[at]!, precedence.inWords(at), compiled)
    ),
    unsupported: compiled.uses.flatMap(({ feature, where }) => {
      const reasons = datapaths.map((name) => limitOf(feature, name));
      if (reasons.includes(undefined) || told.has(feature)) return [];
      told.add(feature);
      return [{ topic: "unsupported", text: `${feature}: ${[...new Set(reasons)].join("; ")}`, where }];
    }),
  };
}
