/** `deno task interop [-- FILE…]`: our executable (dist/iked) against the peers of the laboratory, on this host. */
import { closingLine, runTests } from "./run_tests.ts";

const named = Deno.args.filter((word) => !word.startsWith("--"));
const tally = await runTests(named.length > 0 ? named : ["tests/interop"]);
console.log(closingLine(tally));
Deno.exit(tally.failed === 0 ? 0 : 1);
