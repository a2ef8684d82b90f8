/**
 * `deno task prove NAME [--resume]`: the full length of a claim that CI runs a slice of. Prints its seed and appends a
 * result line, with the commit, to proofs/NAME.jsonl.
 */
import { add, closingLine, NOTHING, runTests, type Tally } from "./run_tests.ts";
import { TARGETS } from "../tests/fuzz/targets/mod.ts";
import { runBench } from "./bench/bench.ts";
import { formatReading, MOST, type Reading } from "./bench/configuration.ts";
import { type Figure, formatFigures } from "./bench/figures.ts";
import { benchLookup, formatLookup, isQuick, type LookupRow, MOST_NANOSECONDS } from "./bench/lookup.ts";

/** What a part came to; a benchmark's figures are kept with it. */
type Outcome = Tally & {
  readonly figures?: readonly Figure[];
  readonly reading?: Reading;
  readonly rows?: readonly LookupRow[];
};

interface Claim {
  readonly says: string;
  /** Runs one part, from a first seed on; parts count from 0. */
  readonly run: (seed: number, part: number) => Promise<Outcome>;
  /** Parts of a whole proof; each has its own seed and its own result line, so that `--resume` can go on. */
  readonly parts: number;
  /** How far the seeds of two parts are apart. */
  readonly stride: number;
}

const SEEDS_A_PART = 5_000;

/** Each target takes a million inputs, in so many parts; in the last one without ever beginning anew. */
const FUZZ_PARTS = 4;
const FUZZ_INPUTS = 1_000_000 / FUZZ_PARTS;

async function fuzzPart(seed: number, part: number): Promise<Tally> {
  const target = TARGETS[Math.floor(part / FUZZ_PARTS)]!;
  const length = part % FUZZ_PARTS === FUZZ_PARTS - 1 ? ["--length", `${FUZZ_INPUTS}`] : [];
  const extent = ["--seed", `${seed}`, "--count", `${FUZZ_INPUTS}`, ...length];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--frozen",
      "--v8-flags=--expose-gc",
      "scripts/fuzz.ts",
      "--target",
      target,
      ...extent,
    ],
    stdout: "inherit",
    stderr: "inherit",
  }).spawn().status;
  return success ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1 };
}

/** The targets of the benchmark, each passed or failed. */
async function bench(): Promise<Outcome> {
  const figures = await runBench(false, (line) => console.error(line));
  console.log(formatFigures(figures));
  const passed = figures.filter(({ met }) => met === true).length;
  const failed = figures.filter(({ met }) => met === false).length;
  return { ...NOTHING, passed, failed, figures };
}

/** A file of 100,000 policies, in a process of its own, within the limits of time and memory. */
async function configuration(): Promise<Outcome> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", "scripts/bench.ts", "configuration", "--json"],
    stderr: "inherit",
  }).output();
  if (!success) return { ...NOTHING, failed: 1 };
  const reading: Reading = JSON.parse(new TextDecoder().decode(stdout));
  console.log(formatReading(reading));
  const met = reading.seconds <= MOST.seconds && reading.peakMiB <= MOST.peakMiB;
  return { ...NOTHING, ...(met ? { passed: 1 } : { failed: 1 }), reading };
}

/** The policy of a peer among 10,000, each way in which they differ; with the growth to 100,000. */
function lookup(): Promise<Outcome> {
  const rows = benchLookup();
  console.log(formatLookup(rows));
  const passed = rows.filter(isQuick).length;
  return Promise.resolve({ ...NOTHING, passed, failed: rows.length - passed, rows });
}

/**
 * All of tests/kernel in the lab's VM; CI takes a slice of it. A VM keeps one core busy, so there are two. XFRM interfaces
 * are in QEMU's kernel alone.
 */
async function kernel(): Promise<Outcome> {
  // By the first letter of their names: tests of xfrm and flows, and all others.
  const halves = ["/^[xf]/", "/^[^xf]/"];
  const ran = await Promise.all(halves.map((half) => inVm(["--uml"], ["--filter", half])));
  ran.push(await inVm([], ["--filter", "/XFRM interface/"]));
  const sum = (of: "passed" | "failed") => ran.reduce((all, one) => all + one[of], 0);
  return { ...NOTHING, passed: sum("passed"), failed: sum("failed") };
}

async function inVm(
  how: readonly string[],
  options: readonly string[],
): Promise<Pick<Tally, "passed" | "failed">> {
  const environment = ["IKED_MATRIX", "IKED_BIN"].flatMap((name) => ["-e", name]);
  const kept = await Deno.makeTempDir({ prefix: "iked-kernel-" });
  const vm = new Deno.Command("../shared/lab/vm", {
    args: [...how, "-t", "5400", ...environment, "tests/kernel/run", Deno.execPath(), ...options],
    env: { IKED_MATRIX: "1", OUT: kept },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let text = "";
  for await (const said of vm.stdout.pipeThrough(new TextDecoderStream())) {
    await Deno.stdout.write(new TextEncoder().encode(said));
    text += said;
  }
  await vm.status;
  // What it has shown is for `deno task docs`.
  const shown = await Deno.readTextFile(`${kept}/shown.jsonl`).catch(() => "");
  await Deno.writeTextFile("docs/shown.jsonl", shown, { append: true });
  await Deno.remove(kept, { recursive: true });
  const [, passed, failed] = /(\d+) passed.* \| (\d+) failed/.exec(text) ?? [];
  return passed === undefined ? { passed: 0, failed: 1 } : { passed: Number(passed), failed: Number(failed) };
}

const CLAIMS: Readonly<Record<string, Claim>> = {
  seeds: {
    says: "two engines over a network that loses 20 %, duplicates and reorders converge or say why",
    parts: 10,
    stride: SEEDS_A_PART,
    run: (seed) =>
      runTests(["tests/ladder/seeds_test.ts"], {
        env: { IKED_SEED: `${seed}`, IKED_SEEDS: `${SEEDS_A_PART}` },
      }),
  },
  fuzz: {
    says: `a million inputs for each of ${TARGETS.join(", ")}: no throw, no hang, no growth`,
    parts: FUZZ_PARTS * TARGETS.length,
    // No two parts share an episode: each of them has at least one input.
    stride: FUZZ_INPUTS,
    run: fuzzPart,
  },
  soak: {
    says: "half an hour of iperf3 with rekeying every 10 s: no datagram lost, memory flat",
    parts: 1,
    stride: 1,
    run: () => runTests(["tests/soak"], { env: { IKED_REQUIRE_PEERS: "1", IKED_SOAK_S: "1800" } }),
  },
  leak: {
    says: "100,000 handshakes and deletes: no SA, key or buffer left, on the heap or in libcrypto",
    parts: 1,
    stride: 1,
    run: (seed) => runTests(["tests/leak"], { env: { IKED_SEED: `${seed}`, IKED_LEAK: "100000" } }),
  },
  bench: {
    says: "speed and memory beside strongSwan's, by targets",
    parts: 1,
    stride: 1,
    run: bench,
  },
  configuration: {
    says: `a file of 100,000 policies, read and checked in ${MOST.seconds} s and ${MOST.peakMiB} MiB`,
    parts: 1,
    stride: 1,
    run: configuration,
  },
  lookup: {
    says: `the policy of a peer among 10,000 is found in ${
      MOST_NANOSECONDS / 1000
    } µs of CPU, and among 100,000`,
    parts: 1,
    stride: 1,
    run: lookup,
  },
  interop: {
    says: "every suite, path and role against strongSwan on this host",
    parts: 1,
    stride: 1,
    run: () => runTests(["tests/interop"], { env: { IKED_REQUIRE_PEERS: "1" } }),
  },
  kernel: {
    says: "ESP of other kernels and of our own against strongSwan, OpenIKED and libreswan, in the VM",
    parts: 1,
    stride: 1,
    run: kernel,
  },
};

interface Line {
  readonly commit: string;
  readonly part: number;
  readonly seed: number;
  readonly passed: number;
  readonly failed: number;
  readonly figures?: readonly Figure[];
  readonly reading?: Reading;
  readonly rows?: readonly LookupRow[];
}

async function commit(): Promise<string> {
  const git = async (...args: string[]) =>
    new TextDecoder().decode(
      (await new Deno.Command("git", { args }).output()).stdout,
    ).trim();
  return await git("rev-parse", "--short=12", "HEAD") +
    // What proofs leave behind is no change of what they prove.
    (await git("status", "--porcelain", "--", ".", ":!proofs") === "" ? "" : "+changes");
}

async function recorded(file: string): Promise<Line[]> {
  const text = await Deno.readTextFile(file).catch(() => "");
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

const [name, ...flags] = Deno.args;
const claim = name === undefined ? undefined : CLAIMS[name];
if (claim === undefined) {
  console.error("usage: deno task prove NAME [--resume]");
  for (const [known, { says }] of Object.entries(CLAIMS)) {
    console.error(`  ${known.padEnd(13)} ${says}`);
  }
  Deno.exit(1);
}
await Deno.mkdir("proofs", { recursive: true });
const file = `proofs/${name}.jsonl`;
const at = await commit();
const done = flags.includes("--resume") ? (await recorded(file)).filter((line) => line.commit === at) : [];
const first = done.at(-1)?.part ?? 0;
const base = done.at(-1) === undefined
  ? Math.floor(Math.random() * 2 ** 31)
  : done.at(-1)!.seed + claim.stride;
console.log(`prove ${name}: ${claim.says}; seed ${base}`);
let tally: Tally = NOTHING;
for (let part = first; part < claim.parts; part++) {
  const seed = base + (part - first) * claim.stride;
  const result = await claim.run(seed, part);
  tally = add(tally, result);
  const line: Line = {
    commit: at,
    part: part + 1,
    seed,
    passed: result.passed,
    failed: result.failed,
    ...(result.figures === undefined ? {} : { figures: result.figures }),
    ...(result.reading === undefined ? {} : { reading: result.reading }),
    ...(result.rows === undefined ? {} : { rows: result.rows }),
  };
  await Deno.writeTextFile(file, JSON.stringify(line) + "\n", { append: true });
  console.log(JSON.stringify({ ...line, figures: undefined }));
  if (result.failed > 0) break;
}
console.log(closingLine(tally));
Deno.exit(tally.failed === 0 ? 0 : 1);
