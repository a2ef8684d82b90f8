/**
 * Golden transcripts: the simulated wire as text, with everything masked that differs from run to run, compared with
 * a file in `tests/data/golden`. `IKED_GOLDEN=write` writes the files anew.
 */
import assert from "node:assert/strict";
import { decodeMessage, describeInDetail } from "../../src/wire/mod.ts";
import { openMessage } from "./opened.ts";
import type { Pair } from "./pair.ts";

/** Octets in hex and SPIs become names in the order in which they first appear; equal ones get equal names. */
export function mask(text: string): string {
  const names = new Map<string, string>();
  return text.replaceAll(/\b[0-9a-f]{8,}\b/g, (octets) => {
    if (/^0+$/.test(octets)) return "0";
    const known = names.get(octets);
    if (known !== undefined) return known;
    const name = `<${octets.length / 2} octets, ${names.size + 1}>`;
    names.set(octets, name);
    return name;
  });
}

/** The wire of a pair so far: who sent what, in detail, masked. */
export function transcript(pair: Pair): string {
  const sas = pair.hosts.flatMap((host) => host.keys.recorded);
  const parts = pair.network.record.map(({ source, destination, data }) => {
    const { header, payloads } = openMessage(data, sas);
    const detail = describeInDetail({ ...decodeMessage(data), header, payloads });
    return `port ${source.port} to port ${destination.port}: ${detail}\n`;
  });
  return mask(parts.join("\n"));
}

/** Compares with the golden file of this name. */
export async function assertGolden(name: string, text: string): Promise<void> {
  const file = new URL(`../data/golden/${name}.txt`, import.meta.url);
  if (Deno.env.get("IKED_GOLDEN") === "write") await Deno.writeTextFile(file, text);
  assert.equal(text, await Deno.readTextFile(file));
}
