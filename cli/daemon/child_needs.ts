/** What the Child SAs of a configuration need of a data path: each algorithm, and each family of outer addresses, once. */
import type { Diagnostic } from "../../src/config/mod.ts";
import type { ChildSuite } from "../../src/crypto/suite.ts";
import { wordlessNeed } from "../../src/datapath/pfkey/mod.ts";
import type { ChildNeed } from "../../src/datapath/need.ts";
import type { Family } from "../../src/ip/mod.ts";
import type { EngineConfiguration, HostSpec, Policy } from "../../src/policy/types.ts";
import type { Proposal } from "../../src/proposal/types.ts";
import { type LoadedConfiguration, refusedFor } from "../config/mod.ts";
import type { Choice } from "./datapath_choice.ts";
import type { DatapathLack, DatapathName } from "./ports.ts";

/** A need, and the first policy that has it. */
export interface PolicyNeed {
  readonly need: ChildNeed;
  readonly policy: Policy;
}

function familiesOf(host: HostSpec): readonly Family[] {
  switch (host.kind) {
    case "any":
      return [4, 6];
    case "network":
      return [host.prefix.address.family];
    case "name":
      return host.addresses.length === 0 ? [4, 6] : host.addresses.map(({ family }) => family);
  }
}

/** One suite for each cipher and each integrity algorithm, not for each pair of them. */
function suitesOf({ protocol, encr, integ, esn }: Proposal): ChildSuite[] {
  const extended = esn.includes(1), suites: ChildSuite[] = [];
  for (let at = 0; at < Math.max(encr.length, integ.length); at++) {
    const cipher = encr[Math.min(at, encr.length - 1)], mac = integ[Math.min(at, integ.length - 1)];
    suites.push({
      protocol: protocol === 2 ? 2 : 3,
      ...(cipher === undefined ? {} : { encr: cipher }),
      ...(mac === undefined ? {} : { integ: mac }),
      esn: extended,
    });
  }
  return suites;
}

export function childNeeds({ policies }: EngineConfiguration): readonly PolicyNeed[] {
  const seen = new Set<string>(), needs: PolicyNeed[] = [];
  for (const policy of policies) {
    const { local, peer, family: only, childProposals, ipcomp = false } = policy;
    const ofLocal = familiesOf(local);
    const families = [...new Set(familiesOf(peer))].filter((family) =>
      ofLocal.includes(family) && (only === undefined || only === family)
    );
    for (const suite of childProposals.flatMap(suitesOf)) {
      for (const family of families) {
        const { protocol, encr, integ, esn } = suite;
        const keys = [
          `way ${protocol} ${family}`,
          `cipher ${protocol} ${encr?.id} ${encr?.keyBits} ${esn}`,
          `mac ${protocol} ${integ}`,
          `ipcomp ${ipcomp} ${family}`,
        ];
        if (keys.every((key) => seen.has(key))) continue;
        for (const key of keys) seen.add(key);
        needs.push({ need: { suite, family, ...(ipcomp ? { ipcomp } : {}) }, policy });
      }
    }
  }
  return needs;
}

/** Why a configuration cannot be taken with the data path in use, as an error at its policy. */
export function lackAsDiagnostic(
  datapath: DatapathName,
  { at, message }: DatapathLack,
  needs: readonly PolicyNeed[],
): Diagnostic {
  const policy = needs[at]?.policy;
  const whose = policy === undefined ? "" : ` Child SAs of "${policy.name}"`;
  return {
    severity: "error",
    message: `the data path ${datapath} cannot do${whose}: ${message}`,
    ...(policy?.where === undefined ? {} : { where: policy.where }),
  };
}

/** The same, or refused with the place where PF_KEY is asked for and has no word for a Child SA. */
export function expressible(loaded: LoadedConfiguration, choices: readonly Choice[]): LoadedConfiguration {
  if (!loaded.ok || choices.some(({ datapath }) => datapath !== "pfkey")) return loaded;
  const needs = childNeeds(loaded.configuration);
  const lack = wordlessNeed(needs.map(({ need }) => need));
  return lack === undefined ? loaded : refusedFor(loaded, [lackAsDiagnostic("pfkey", lack, needs)]);
}
