/**
 * `deno task compile`: dist/iked, one executable with every worker in it and the least flags (design.md, Roles).
 * `DENORT_BIN` names the runtime to append to; without it Deno fetches its own.
 *
 * Main and each worker are bundled first: to load one file instead of 90 to 200 saves a third of the CPU of a start,
 * and 16 MB. Names are kept, so that the place in a fault's line is found in the sources.
 */
import { basename, resolve } from "node:path";

const FLAGS = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-ffi",
  "--allow-sys",
  "--allow-env",
];

/**
 * Deno would read V8's machine code for main from a file of a fixed name in the directory for temporary files, without
 * a look at whose it is: whoever made it first would run as root.
 */
const NO_CODE_CACHE = "--no-code-cache";

/**
 * The young generation of each role's heap is held to 4 MB instead of V8's 16: 10,000 IKE SAs then take 14.7 kB each
 * instead of 27.9. What it does to CPU per handshake was lost in the noise of the measurements.
 */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=4";

const OUTPUT = "dist/iked";

/** Runs this Deno; ends with its words where it fails. Otherwise its long lists of files are of no interest. */
async function deno(args: readonly string[], cwd = "."): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  Deno.stderr.writeSync(stdout);
  Deno.stderr.writeSync(stderr);
  Deno.exit(1);
}

/** The modules that are started by themselves: main, then the workers. */
async function entryPoints(): Promise<string[]> {
  const workers: string[] = [];
  for await (const entry of Deno.readDir("cli/daemon")) {
    if (entry.name.endsWith("_worker.ts")) workers.push(`cli/daemon/${entry.name}`);
  }
  return ["cli/main.ts", ...workers.sort()];
}

const entries = await entryPoints();
const folder = await Deno.makeTempDir({ prefix: "iked-compile-" });
try {
  // One by one: bundled together they would share pieces, and each worker load a dozen of them. Types are checked by
  // `deno task ok`.
  for (const entry of entries) {
    await deno(["bundle", "--quiet", "--frozen", "--code-splitting", "--outdir", folder, entry]);
  }
  const [main, ...workers] = entries.map((entry) => basename(entry).replace(/ts$/, "js"));
  await Deno.copyFile("deno.json", `${folder}/deno.json`);
  await deno([
    "compile",
    "--no-lock",
    "--no-check",
    NO_CODE_CACHE,
    ...FLAGS,
    V8_FLAGS,
    ...workers.flatMap((worker) => ["--include", worker]),
    "--output",
    resolve(OUTPUT),
    main!,
  ], folder);
} finally {
  await Deno.remove(folder, { recursive: true });
}
const size = (await Deno.stat(OUTPUT)).size;
console.log(
  `${OUTPUT}: ${(size / 1e6).toFixed(0)} MB, ${entries.length - 1} workers, deno ${Deno.version.deno}`,
);
