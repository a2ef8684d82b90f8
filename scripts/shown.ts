/**
 * docs/shown.jsonl: what was shown with whom, a JSON line for each algorithm of a tunnel that carried packets, written
 * by the runs against other implementations (`IKED_SHOWN`, tests/interop/shown.ts). Sorted, each line once.
 *
 *     {"kind":"encr","name":"ENCR_AES_CBC-128","sa":"ike","peer":"strongSwan 5.9.8","role":"initiator",
 *      "datapath":"userland"}
 */
import { type AlgorithmEntry, everyAlgorithm } from "../src/crypto/mod.ts";

/** One line. `name` is IANA's, with the key length where it has one; `role` is ours, `datapath` carried our end. */
export interface Shown {
  readonly kind: AlgorithmEntry["kind"];
  readonly name: string;
  readonly sa: "ike" | "esp" | "ah";
  /** Name and version. */
  readonly peer: string;
  readonly role: "initiator" | "responder";
  readonly datapath: string;
}

/** The name of an entry in such lines. */
export function shownName(entry: AlgorithmEntry): string {
  const keyBits = entry.kind === "encr" ? entry.keyBits : undefined;
  return keyBits === undefined ? entry.ianaName : `${entry.ianaName}-${keyBits}`;
}

/** Place of an algorithm in the registry; -1 where it is not there. */
function placeOf({ kind, name }: Shown): number {
  return everyAlgorithm.findIndex((entry) => entry.kind === kind && shownName(entry) === name);
}

/** Whether a line has the shape of one and an algorithm of the registry, which may have changed since. */
function isShown(value: Shown): boolean {
  const words = [value.peer, value.datapath].every((word) => typeof word === "string" && word !== "");
  return words && ["ike", "esp", "ah"].includes(value.sa) &&
    ["initiator", "responder"].includes(value.role) &&
    placeOf(value) >= 0;
}

/** The lines of a file; throws for one that is none. */
export function parseShown(text: string): readonly Shown[] {
  return text.split("\n").filter((line) => line !== "").map((line, at) => {
    const shown = JSON.parse(line) as Shown;
    if (!isShown(shown)) throw new Error(`Line ${at + 1} states nothing that the registry has: ${line}`);
    return shown;
  });
}

/** The file as text: in the registry's order, each line once. */
export function formatShown(lines: readonly Shown[]): string {
  const texts = new Map<string, number>();
  for (const shown of lines) {
    const { kind, name, sa, peer, role, datapath } = shown;
    texts.set(`${JSON.stringify({ kind, name, sa, peer, role, datapath })}\n`, placeOf(shown));
  }
  return [...texts].sort(([a, i], [b, j]) => i - j || (a < b ? -1 : 1)).map(([text]) => text).join("");
}
