/** Flows in words. */
import { formatPrefix } from "../../ip/mod.ts";
import { formatSelector } from "../../selector/mod.ts";
import type { Flow, Policy } from "../../policy/types.ts";
import type { Sentence } from "./types.ts";

function flowInWords({ local, remote, dynamic, sourceNat }: Flow): string {
  const leased = (side: "local" | "remote", text: string) =>
    dynamic === side || dynamic === "both" ? "the leased address" : text;
  const nat = sourceNat === undefined ? "" : ` (translated from ${formatPrefix(sourceNat)})`;
  return `${leased("local", formatSelector(local))}${nat} here and ${
    leased("remote", formatSelector(remote))
  } at the peer`;
}

/** What a policy protects, one sentence a flow. */
export function trafficSentences({ flows, tunnelMode, encapsulation }: Policy): Sentence[] {
  const protocol = encapsulation.toUpperCase();
  const how = tunnelMode === "transport" ? `${protocol}, in transport mode` : `${protocol}, in a tunnel`;
  return flows.map((flow) => ({
    topic: "traffic",
    text: `Protects (${how}) what goes between ${flowInWords(flow)}`,
    ...(flow.where === undefined ? {} : { where: flow.where }),
  }));
}
