/**
 * `deno task sim [--seed N] [--seeds N] [--peers N] [--loss P] [--duplicate P] [--reorder P] [--nat P] [--latency MS]
 * [--jitter MS] [--seconds N] [--out DIR]`: a gateway and its peers in simulated time over a bad network. Peers lose
 * their NAT's mappings, are cut off, crash, are reset and configured anew; then the network recovers, and all have to
 * come together and leave nothing behind. The same numbers repeat a run to the octet. With `--out` the wire of each
 * run goes to `sim-SEED.pcapng` and its keys to `sim-SEED.keys`, a table `ikev2_decryption_table` of Wireshark's.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SimulatedClock } from "../tests/support/clock.ts";
import { pcapngOf, wiresharkKeys } from "../tests/support/pcap.ts";
import type { Field } from "./sim/field.ts";
import { DEFAULTS, type SimOptions } from "./sim/plan.ts";
import { run, summary } from "./sim/run.ts";

/** Options that are numbers: the name on the command line, and the least and greatest value. */
const NUMBERS = {
  seed: ["seed", 0, Number.MAX_SAFE_INTEGER],
  peers: ["peers", 1, 60_000],
  loss: ["loss", 0, 0.9],
  duplicate: ["duplicate", 0, 1],
  reorder: ["reorder", 0, 1],
  nat: ["nat", 0, 1],
  latencyMs: ["latency", 0, 10_000],
  jitterMs: ["jitter", 0, 10_000],
  seconds: ["seconds", 0, 1_000_000],
} as const satisfies Record<keyof SimOptions, readonly [string, number, number]>;

const NAMES = Object.keys(NUMBERS) as (keyof SimOptions)[];
const USAGE = `usage: deno task sim ${
  NAMES.map((name) => `[--${NUMBERS[name][0]} N]`).join(" ")
} [--seeds N] [--out DIR]`;

function usage(complaint: string): never {
  console.error(`sim: ${complaint}\n${USAGE}`);
  Deno.exit(1);
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  const whole = most > 1 && name !== "loss";
  if (text !== "" && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  return usage(`--${name} takes a ${whole ? "whole " : ""}number from ${least} to ${most}, not "${text}"`);
}

function options(): { readonly first: SimOptions; readonly seeds: number; readonly out?: string } {
  const words = [...NAMES.map((name) => NUMBERS[name][0]), "seeds", "out"];
  const { values } = parseArgs({
    args: Deno.args,
    options: Object.fromEntries(words.map((word) => [word, { type: "string" as const }])),
  });
  const text = (word: string) => values[word] as string | undefined;
  const first = Object.fromEntries(NAMES.map((name) => {
    const [word, least, most] = NUMBERS[name];
    const given = text(word);
    return [name, given === undefined ? DEFAULTS[name] : numberOf(word, given, least, most)];
  })) as unknown as SimOptions;
  const out = text("out");
  return { first, seeds: numberOf("seeds", text("seeds") ?? "1", 1, 1e9), ...(out !== undefined && { out }) };
}

/** The command that repeats a run. */
function repeatOf(one: SimOptions): string {
  const changed = NAMES.filter((name) => name === "seed" || name === "peers" || one[name] !== DEFAULTS[name]);
  return `deno task sim ${changed.map((name) => `--${NUMBERS[name][0]} ${one[name]}`).join(" ")}`;
}

function writeWire(out: string, { options, network, recorded }: Field): void {
  Deno.mkdirSync(out, { recursive: true });
  const base = join(out, `sim-${options.seed}`);
  Deno.writeFileSync(`${base}.pcapng`, pcapngOf(network.record, SimulatedClock.EPOCH_MS));
  Deno.writeTextFileSync(`${base}.keys`, wiresharkKeys(recorded));
  console.log(`sim: ${base}.pcapng, ${base}.keys`);
}

const { first, seeds, out } = options();
for (let seed = first.seed; seed < first.seed + seeds; seed++) {
  const one = { ...first, seed };
  let field: Field | undefined;
  try {
    await run(one, (begun) => field = begun);
    console.log(`sim: ${summary(field!)}`);
  } catch (error) {
    console.error(`sim: seed ${seed} failed: ${error instanceof Error ? error.stack : error}`);
    if (field !== undefined) console.error(`sim: ${summary(field)}`);
    console.error(`sim: repeat: ${repeatOf(one)} --out DIR`);
    Deno.exitCode = 1;
  }
  if (out !== undefined && field !== undefined) writeWire(out, field);
  if (Deno.exitCode !== 0) break;
}
