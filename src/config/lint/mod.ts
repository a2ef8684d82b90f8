/**
 * What may be wrong with a configuration that is valid: warnings with stable codes, one file for each family of them.
 * `docs/warnings.md` explains each. All work in about linear time: 100,000 policies are no reason to compare each with each.
 */
import type { ConfigurationNode } from "../ast.ts";
import type { Compiled } from "../compile/types.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { type InstalledCertificate, lintCertificates } from "./certificates.ts";
import { lintEnds } from "./ends.ts";
import { lintHosts } from "./hosts.ts";
import { lintIdentities } from "./identities.ts";
import { lintKeys } from "./keys.ts";
import { lintLifetimes } from "./lifetimes.ts";
import { lintOverlap } from "./overlap.ts";
import { lintPeers } from "./peers.ts";
import { lintUnreachable } from "./unreachable.ts";
import { lintUsers } from "./users.ts";

export type { InstalledCertificate } from "./certificates.ts";

/** What is known of the host besides the file. */
export interface LintFacts {
  /** Our certificates; absent where nobody looked. */
  readonly certificates?: readonly InstalledCertificate[];
}

/** Looks at a configuration without errors and at what it was compiled from. */
export function lint(
  tree: ConfigurationNode,
  { configuration, secrets, options }: Compiled,
  facts: LintFacts,
  diagnostics: Diagnostics,
): void {
  const subjects = configuration.policies.map((policy, position) => ({
    position,
    policy,
    node: tree.policies[position]!,
  }));
  const useless = lintUnreachable(subjects, diagnostics);
  lintOverlap(subjects, useless, diagnostics);
  lintPeers(subjects, diagnostics);
  lintKeys(subjects, secrets, diagnostics);
  lintCertificates(subjects, facts.certificates ?? [], diagnostics);
  lintLifetimes(subjects, diagnostics);
  lintEnds(subjects, diagnostics);
  lintHosts(subjects, diagnostics);
  lintUsers(tree, subjects, options, diagnostics);
  lintIdentities(subjects, diagnostics);
  diagnostics.complete = true;
}
