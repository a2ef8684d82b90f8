/** The figures of a benchmark: what each is, its target, and medians of interleaved samples. */
import { MIXES, type Side, SIDES, SUITES } from "./measure.ts";

/** What a figure has to reach: of ours alone, or of ours divided by strongSwan's in the same sitting. */
interface Target {
  readonly of: "ratio" | "ours";
  readonly atLeast?: number;
  readonly atMost?: number;
}

interface Definition {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly target?: Target;
}

const ratio = (bound: Omit<Target, "of">): Target => ({ of: "ratio", ...bound });
const ours = (atMost: number): Target => ({ of: "ours", atMost });

const HANDSHAKE_MOST: Record<typeof MIXES[number], number> = {
  "psk-x25519": 1.2,
  "psk-ecp256": 1.2,
  "psk-modp2048": 0.6,
};
const THROUGHPUT_LEAST: Record<typeof SUITES[number], number> = {
  "aes256gcm16": 4,
  "chacha20poly1305": 4,
  "aes256-sha256": 2.5,
};

/** All figures, in the order of the table. */
const DEFINITIONS: readonly Definition[] = [
  ...MIXES.flatMap((mix): Definition[] => [
    {
      id: `${mix} cpu`,
      title: `handshake ${mix}, responder`,
      unit: "ms CPU",
      target: ratio({ atMost: HANDSHAKE_MOST[mix] }),
    },
    { id: `${mix} rate`, title: `handshake ${mix}, responder`, unit: "/s/core" },
  ]),
  ...SUITES.flatMap((suite): Definition[] => [
    {
      id: `${suite} tcp1`,
      title: `ESP ${suite}, 1 TCP stream`,
      unit: "Gbit/s",
      target: ratio({ atLeast: THROUGHPUT_LEAST[suite] }),
    },
    {
      id: `${suite} tcp1 cpu`,
      title: `ESP ${suite}, 1 TCP stream, both ends`,
      unit: "CPU s/GiB",
      target: ratio({ atMost: 0.25 }),
    },
    { id: `${suite} tcp4`, title: `ESP ${suite}, 4 TCP streams`, unit: "Gbit/s" },
    { id: `${suite} tcp4 cpu`, title: `ESP ${suite}, 4 TCP streams, both ends`, unit: "CPU s/GiB" },
  ]),
  { id: "udp most", title: "ESP aes256gcm16, UDP 1,400 octets, delivered of 3 Gbit/s", unit: "Gbit/s" },
  {
    id: "udp cpu",
    title: "ESP aes256gcm16, UDP 1,400 octets, both ends",
    unit: "us CPU/packet",
    target: ratio({ atMost: 0.5 }),
  },
  { id: "memory idle", title: "memory, idle", unit: "MB PSS", target: ours(120) },
  { id: "memory 1000", title: "memory, 1,000 IKE SAs with Child SAs", unit: "MB RSS" },
  { id: "memory 10000", title: "memory, 10,000 IKE SAs with Child SAs", unit: "MB RSS" },
  { id: "memory per sa", title: "memory per IKE SA with Child SA, of 10,000", unit: "kB", target: ours(16) },
  { id: "ready", title: "start to ready", unit: "ms", target: ours(250) },
  { id: "start cpu", title: "start, all threads", unit: "ms CPU" },
];

/** One figure, measured. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Medians. */
  readonly ours: number;
  readonly theirs: number;
  /** Ours divided by theirs. */
  readonly ratio: number;
  /** Such as `ratio <= 0.25`. */
  readonly target?: string;
  readonly met?: boolean;
  readonly samples: Readonly<Record<Side, readonly number[]>>;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Collects samples as they come. */
export class Samples {
  readonly #values = new Map<string, Record<Side, number[]>>();

  add(id: string, side: Side, value: number): void {
    const both = this.#values.get(id) ?? { ours: [], theirs: [] };
    both[side].push(value);
    this.#values.set(id, both);
  }

  /** Those figures of which both sides were measured. */
  figures(): Figure[] {
    return DEFINITIONS.flatMap((definition) => {
      const samples = this.#values.get(definition.id);
      if (samples === undefined || SIDES.some((side) => samples[side].length === 0)) return [];
      return [judge(definition, samples)];
    });
  }
}

function judge({ id, title, unit, target }: Definition, samples: Record<Side, number[]>): Figure {
  const ours = median(samples.ours), theirs = median(samples.theirs);
  const figure = { id, title, unit, ours, theirs, ratio: ours / theirs, samples };
  if (target === undefined) return figure;
  const value = figure[target.of];
  const { atLeast, atMost } = target;
  const bound = atLeast !== undefined ? `>= ${atLeast}` : `<= ${atMost}`;
  const met = atLeast !== undefined ? value >= atLeast : value <= atMost!;
  return { ...figure, target: target.of === "ratio" ? `ratio ${bound}` : `${bound} ${unit}`, met };
}

/** Three digits that count. */
function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** The table for people. */
export function formatFigures(figures: readonly Figure[]): string {
  const heading = ["figure", "unit", "iked", "strongSwan", "ratio", "target", ""];
  const rows = figures.map(({ title, unit, ours, theirs, ratio, target, met }) => [
    title,
    unit,
    short(ours),
    short(theirs),
    short(ratio),
    target ?? "",
    met === undefined ? "" : met ? "met" : "MISSED",
  ]);
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const numeric = new Set([2, 3, 4]);
  return all.map((row) =>
    row.map((cell, column) =>
      numeric.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)
    ).join("  ").trimEnd()
  ).join("\n");
}
