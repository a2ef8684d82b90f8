/**
 * `deno task fuzz [--target NAME]… [--seed N] [--count N] [--length N] [--input HEX[,HEX…]]`: feeds damaged inputs to
 * all that takes input from outside. A run of seed S consists of the episodes S, S + 1, …, of `--length` inputs each;
 * the same numbers repeat it, and `--input` repeats one episode. Ends at the first throw, hang or growth, with the
 * inputs that led there.
 */
import { parseArgs } from "node:util";
import { fromHex, toHex } from "../src/bytes/mod.ts";
import type { Notice, Order } from "../tests/fuzz/fuzz_worker.ts";
import { Progress } from "../tests/fuzz/progress.ts";
import { type Extent, type Failure, repeat } from "../tests/fuzz/run.ts";
import { loadTarget, TARGETS } from "../tests/fuzz/targets/mod.ts";

const DEFAULT_COUNT = 20_000;

/** An input that takes longer is a hang: a thousand times what the slowest should take. */
const HANG_MS = 10_000;
const LOOK_MS = 500;
/** More inputs than this are no use on a terminal: the seed repeats them. */
const MOST_SHOWN = 20;
/** Repeating what failed, to make it small, may take as long. */
const MINIMISING_MS = 600_000;

const USAGE = `usage: deno task fuzz [--target NAME]… [--seed N] [--count N] [--length N] [--input HEX[,HEX…]]
targets: ${TARGETS.join(" ")}`;

interface Options {
  readonly targets: readonly string[];
  readonly extent: Extent;
  readonly inputs?: readonly Uint8Array[];
}

function usage(complaint: string): never {
  console.error(`fuzz: ${complaint}\n${USAGE}`);
  Deno.exit(1);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  return usage(`--${name} takes a whole number, not "${text}"`);
}

function octetsOf(text: string): Uint8Array {
  const octets = fromHex(text);
  return octets.ok ? octets.value : usage(`--input: ${octets.error}`);
}

function options(): Options {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      target: { type: "string", multiple: true },
      seed: { type: "string" },
      count: { type: "string" },
      length: { type: "string" },
      input: { type: "string" },
    },
  });
  const targets = values.target ?? TARGETS;
  for (const name of targets) if (!TARGETS.includes(name)) usage(`There is no target "${name}"`);
  const number = (name: "seed" | "count" | "length", otherwise: number) =>
    values[name] === undefined ? otherwise : wholeNumber(name, values[name]);
  const length = number("length", 0);
  const extent = {
    seed: number("seed", Math.floor(Math.random() * 2 ** 30)),
    count: number("count", DEFAULT_COUNT),
    ...(length > 0 && { length }),
  };
  if (values.input === undefined) return { targets, extent };
  if (targets.length !== 1) usage("--input needs one --target");
  return { targets, extent, inputs: values.input.split(",").map(octetsOf) };
}

/** Runs one target in a worker and watches it; true where nothing was found. */
async function run(target: string, extent: Extent): Promise<boolean> {
  const shared = Progress.memory();
  const watch = new Watch(new Progress(shared));
  const worker = new Worker(import.meta.resolve("../tests/fuzz/fuzz_worker.ts"), { type: "module" });
  const done = Promise.withResolvers<Exclude<Notice, { failed: true }> | "hang">();
  worker.addEventListener("message", ({ data }: MessageEvent<Notice>) => {
    if ("failed" in data) watch.patienceMs = MINIMISING_MS;
    else done.resolve(data);
  });
  worker.addEventListener("error", (event) => done.reject(new Error(event.message)));
  worker.postMessage({ target, extent, shared } satisfies Order);
  const timer = setInterval(() => watch.hangs() && done.resolve("hang"), LOOK_MS);
  const result = await done.promise;
  clearInterval(timer);
  worker.terminate();
  if (result === "hang") return tellHang(target, extent, watch.progress);
  const { report, seconds, heap } = result;
  const { inputs, episodes, failure } = report;
  const outcomes = [...report.outcomes]
    .map(([word, times]) => `${word} ${Math.round((100 * times) / inputs)} %`).join(", ");
  const memory = heap === undefined ? "" : `; heap ${heap.map(megabytes).join(" to ")} MB`;
  console.log(
    `${target}: seed ${extent.seed}, ${inputs} inputs in ${episodes} episodes, ${seconds.toFixed(1)} s, ` +
      `${Math.round(inputs / seconds)}/s; ${outcomes}${memory}`,
  );
  if (failure !== undefined) tellFailure(target, extent, failure);
  return failure === undefined;
}

/** Looks whether inputs still come back. */
class Watch {
  readonly progress: Progress;
  patienceMs = HANG_MS;
  #seen = 0;
  #since = performance.now();

  constructor(progress: Progress) {
    this.progress = progress;
  }

  hangs(): boolean {
    const { count } = this.progress.last();
    const now = performance.now();
    // Nothing has begun yet while modules and corpora are loaded.
    if (count === 0 || count !== this.#seen) [this.#seen, this.#since] = [count, now];
    return now - this.#since > this.patienceMs;
  }
}

function megabytes(octets: number): string {
  return (octets / 1e6).toFixed(1);
}

function tellHang(target: string, extent: Extent, progress: Progress): boolean {
  const { count, seed, input } = progress.last();
  const length = extent.length === undefined ? "" : ` --length ${extent.length}`;
  console.error(`fuzz: ${target}: hang: input ${count}, in episode ${seed}, does not come back`);
  console.error(`  input: ${toHex(input)}`);
  console.error(`  repeat: deno task fuzz --target ${target} --seed ${seed} --count 1${length}`);
  return false;
}

function tellFailure(target: string, extent: Extent, { seed, inputs, fed, error }: Failure): void {
  console.error(
    `fuzz: ${target}: episode ${seed} failed at its input ${fed}: ${error.stack ?? error.message}`,
  );
  const command = `deno task fuzz --target ${target} --seed`;
  if (inputs.length > 0 && inputs.length <= MOST_SHOWN) {
    for (const input of inputs) console.error(`  input: ${toHex(input)}`);
    return console.error(`  repeat: ${command} ${seed} --input ${inputs.map(toHex).join()}`);
  }
  const length = extent.length === undefined ? "" : ` --length ${extent.length}`;
  const [first, count] = inputs.length > 0 ? [seed, fed] : [extent.seed, extent.count];
  console.error(`  repeat: ${command} ${first} --count ${count}${length}`);
}

const { targets, extent, inputs } = options();
if (inputs !== undefined) {
  const error = await repeat(await loadTarget(targets[0]!), extent.seed, inputs);
  if (error !== undefined) console.error(`fuzz: ${error.stack ?? error.message}`);
  else console.log("fuzz: nothing found");
  Deno.exit(error === undefined ? 0 : 1);
}
console.log(`fuzz: seed ${extent.seed}, ${extent.count} inputs for each of ${targets.join(", ")}`);
for (const target of targets) if (!await run(target, extent)) Deno.exit(1);
console.log("fuzz: nothing found");
