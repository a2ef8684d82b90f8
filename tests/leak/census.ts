/** What is on the heap, by kind and constructor: two snapshots are compared, and what there is more of is a leak. */
import { writeHeapSnapshot } from "node:v8";

/** How many of each there are, and how many octets all of one type have. */
export interface Census {
  /** By type and name, such as `object:Mailbox` or `closure:wipe`. */
  readonly counts: ReadonlyMap<string, number>;
  readonly octets: ReadonlyMap<string, number>;
}

/** Types whose nodes are named after what made them. The others have text or V8's own names, and count by octets. */
const NAMED = new Set(["object", "closure", "native", "regexp", "bigint", "symbol"]);

/** What a heap snapshot is, as far as it is read here. */
interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[]];
    };
  };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

/** Collects garbage and writes the heap to a new file. Only some versions of Deno can (2.9.6, not 2.5.7). */
export function writeSnapshot(): string {
  return writeHeapSnapshot(Deno.makeTempFileSync({ prefix: "iked-", suffix: ".heapsnapshot" }));
}

/** Reads what `writeSnapshot` wrote, and removes it. */
export function readCensus(file: string): Census {
  const { snapshot, nodes, strings } = JSON.parse(Deno.readTextFileSync(file)) as Snapshot;
  Deno.removeSync(file);
  const { node_fields: fields, node_types: [types] } = snapshot.meta;
  const [type, name, size] = ["type", "name", "self_size"].map((field) => fields.indexOf(field));
  const counts = new Map<string, number>(), octets = new Map<string, number>();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = types[nodes[at + type!]!]!;
    octets.set(kind, (octets.get(kind) ?? 0) + nodes[at + size!]!);
    const what = strings[nodes[at + name!]!]!;
    if (!NAMED.has(kind) || (kind === "native" && what.startsWith("system / "))) continue;
    // Scopes are numbered by where their function lies.
    const named = `${kind}:${what.replace(/ @\d+$/, "")}`;
    counts.set(named, (counts.get(named) ?? 0) + 1);
  }
  return { counts, octets };
}

/** What V8 keeps for itself may grow so much while code is compiled and thrown away; of what we make, nothing much. */
const NOISE = { things: 20, octets: 400_000 };

/** What there is more of than noise, a line each. */
export function growth(before: Census, after: Census): string[] {
  const more = (which: keyof Census, noise: number, unit: string) =>
    [...after[which]].flatMap(([name, now]) => {
      const then = before[which].get(name) ?? 0;
      return now - then > noise ? [`${name}: ${then} to ${now} ${unit}`] : [];
    });
  return [...more("counts", NOISE.things, "in number"), ...more("octets", NOISE.octets, "octets")].sort();
}
