/** Texts of log lines; bounded in length whatever the peer sent. */
import type { Flow } from "../policy/types.ts";
import type { ChildSa } from "../sa/mod.ts";
import { formatSelectors as formatList, type SelectorLists } from "../selector/mod.ts";

/** Octets of text that one field of a log line may have. */
const MAX_TEXT = 300;

/** The text, cut where it is too long for a line. */
export function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/** `10.1.0.0/16 => 10.2.0.0/16`, initiator's side first. */
export function formatSelectors(lists: SelectorLists): string {
  return cut(`${formatList(lists.tsi)} => ${formatList(lists.tsr)}`);
}

/** What a Child SA carries, our side first: `10.1.0.0/16 <=> 10.2.0.0/16`. */
export function formatChild(child: ChildSa): string {
  return cut(`${formatList(child.localSelectors)} <=> ${formatList(child.remoteSelectors)}`);
}

/** What a policy protects, the peer's side first: as a responder's TSi and TSr would say it. */
export function formatFlows(flows: readonly Flow[]): string {
  return formatSelectors({ tsi: flows.map((flow) => flow.remote), tsr: flows.map((flow) => flow.local) });
}
