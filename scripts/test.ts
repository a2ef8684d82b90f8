/**
 * `deno task test [-- FILTER…]`: every test that can run here. Those that want root, a tool or the vectors say in
 * their name why they skip. `--lts` leaves out fuzzing (contracts.md).
 */
import { add, closingLine, NOTHING, runTests, type Tally } from "./run_tests.ts";

/** Folders whose tests make namespaces, processes or devices: one at a time. */
const ALONE = ["tests/cli", "tests/ffi", "tests/host"];
/** Run by `deno task interop` and `.ci/run` with their peers. */
const ELSEWHERE = [
  "tests/interop",
  "tests/kernel",
  "tests/data",
];

const lts = Deno.args.includes("--lts");
const named = Deno.args.filter((word) => !word.startsWith("--"));

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function folders(): Promise<{ together: string[]; alone: string[] }> {
  const left = lts ? [...ELSEWHERE, "tests/fuzz"] : ELSEWHERE;
  const together: string[] = [];
  for await (const entry of Deno.readDir("tests")) {
    const path = `tests/${entry.name}`;
    if (entry.isDirectory && !left.includes(path) && !ALONE.includes(path)) {
      together.push(path);
    }
  }
  const alone: string[] = [];
  for (const path of ALONE) if (await exists(path)) alone.push(path);
  return { together: together.sort(), alone };
}

const began = performance.now();
let tally: Tally = NOTHING;
if (named.length > 0) {
  tally = await runTests(named);
} else {
  const { together, alone } = await folders();
  tally = await runTests(together, { flags: ["--parallel"] });
  for (const path of alone) tally = add(tally, await runTests([path]));
}
console.log(
  `\n${((performance.now() - began) / 1000).toFixed(0)} s, deno ${Deno.version.deno}`,
);
console.log(closingLine(tally));
Deno.exit(tally.failed === 0 ? 0 : 1);
