/**
 * `deno task compile`: dist/iked, one executable with every worker in it and the least flags (design.md, Roles).
 * `DENORT_BIN` names the runtime to append to; without it Deno fetches its own.
 */
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
 * The young generation of each role's heap is held to 4 MB instead of V8's 16: 10,000 IKE SAs then take 14.7 kB each
 * instead of 27.9. What it does to CPU per handshake was lost in the noise of the measurements.
 */
const V8_FLAGS = "--v8-flags=--max-semi-space-size=4";

const workers: string[] = [];
for await (const entry of Deno.readDir("cli/daemon")) {
  if (entry.name.endsWith("_worker.ts")) {
    workers.push(`cli/daemon/${entry.name}`);
  }
}
await Deno.mkdir("dist", { recursive: true });
const includes = workers.sort().flatMap((worker) => ["--include", worker]);
// Types are checked by `deno task ok`; workers have other libraries than main and cannot be checked with it.
const args = [
  "compile",
  "--frozen",
  "--no-check",
  ...FLAGS,
  V8_FLAGS,
  ...includes,
  "--output",
  "dist/iked",
  "cli/main.ts",
];
const command = new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "piped" });
const { success, stderr } = await command.output();
if (!success) {
  // Otherwise its long list of embedded files is of no interest.
  Deno.stderr.writeSync(stderr);
  Deno.exit(1);
}
const size = (await Deno.stat("dist/iked")).size;
console.log(
  `dist/iked: ${(size / 1e6).toFixed(0)} MB, ${workers.length} workers, deno ${Deno.version.deno}`,
);
