/** How the answers to `reload` and `load` read. */
import type {
  Action,
  ChildPlan,
  IkePlan,
  PolicyCounts,
  ReloadPlan,
  ReloadSummary,
} from "../engine/reload/types.ts";
import type { CONTROL_VERSION } from "./render.ts";
import type { ToldDiagnostic } from "./protocol.ts";
import { printable } from "./text.ts";

/** Answer to `reload` and `load`: with `plan` nothing was done. `diagnostics` are warnings. */
export type ReloadAnswer =
  & { readonly version: typeof CONTROL_VERSION; readonly diagnostics: readonly ToldDiagnostic[] }
  & ({ readonly plan: ReloadPlan } | { readonly summary: ReloadSummary });

/** Counts that are not 0: `2 keep, 1 rekey`. */
function counted(counts: PolicyCounts | Readonly<Record<Action, number>>): string {
  const said = Object.entries(counts).filter(([, count]) => count > 0).map(([word, count]) =>
    `${count} ${word}`
  );
  return said.length === 0 ? "none" : said.join(", ");
}

/** What a reload did, on one line. */
export function summaryText({ policies, ikeSas, childSas, starts }: ReloadSummary): string {
  return `policies: ${counted(policies)}; IKE SAs: ${counted(ikeSas)}; Child SAs: ${counted(childSas)}; ` +
    `starts: ${starts}`;
}

function line(indent: string, action: Action, what: string, reason: string): string {
  return `${indent}${action.padEnd(11)} ${what} (${printable(reason)})`;
}

function childLine({ spiIn, action, reason }: ChildPlan): string {
  return line("  ", action, `SPI in ${spiIn}`, reason);
}

function ikeLines({ id, policy, peer, action, reason, children }: IkePlan): string[] {
  return [line("", action, `${printable(policy)} #${id} ${peer}`, reason), ...children.map(childLine)];
}

/** `reload` and `load` for people; lines without a final line feed. */
export function renderReload(answer: ReloadAnswer): string {
  if ("summary" in answer) return summaryText(answer.summary);
  const { policies, ikeSas, starts } = answer.plan;
  return [
    `policies: ${counted(policies)}`,
    ...ikeSas.flatMap(ikeLines),
    ...starts.map((name) => `start       ${printable(name)}`),
  ].join("\n");
}
