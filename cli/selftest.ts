/**
 * `iked selftest`: whether the iked that is installed here computes as it should. Known answers of every algorithm, then
 * two engines in this process that negotiate every transform and send packets through ESP. Opens nothing but libcrypto.
 */
import { randomBytes } from "node:crypto";
import {
  type AlgorithmEntry,
  algorithmName,
  type CryptoProvider,
  everyAlgorithm,
  provides,
  type Random,
} from "../src/crypto/mod.ts";
import { createPortable } from "../src/crypto/portable/provider.ts";
import { type Checked, checkKnownAnswers } from "../src/crypto/known_answers/mod.ts";
import { createLibcrypto, openLibcrypto } from "../ffi/libcrypto/mod.ts";
import { findLibraries } from "./daemon/permissions.ts";
import { negotiate } from "./selftest/negotiation.ts";
import { entriesOf, suitesOf } from "./selftest/suites.ts";
import { VERSION } from "./version.ts";

/** One implementation of the algorithms, as the daemon would have it here. */
interface Implementation {
  readonly name: string;
  readonly make: (random: Random) => CryptoProvider;
}

/** Lines of one group; `wrong` are said on stderr, too. */
interface Report {
  readonly line: string;
  readonly wrong: readonly string[];
}

const KINDS = { encr: "encryption", integ: "integrity", prf: "prf", ke: "key exchange" } as const;

const random: Random = (length) => new Uint8Array(randomBytes(length));

function names(entries: readonly AlgorithmEntry[]): string {
  return entries.map(algorithmName).join(", ");
}

/** One kind of algorithm of one implementation. */
function answersOf(name: string, kind: keyof typeof KINDS, all: readonly Checked[]): Report {
  const checked = all.filter(({ entry }) => entry.kind === kind);
  const of = (...outcomes: Checked["outcome"][]) =>
    checked.filter(({ outcome }) => outcomes.includes(outcome)).map(({ entry }) => entry);
  const missing = of("missing"), bad = of("wrong", "unknown"), right = of("right");
  const lacks = missing.length === 0 ? "" : `; not there: ${names(missing)}`;
  const wrong = bad.map((entry) =>
    `${name}: ${KINDS[kind]} ${algorithmName(entry)} does not give its known answer`
  );
  const verdict = wrong.length === 0 ? "" : `, ${wrong.length} wrong`;
  return { line: `${name}: ${KINDS[kind]}: ${right.length} right${verdict}${lacks}`, wrong };
}

/** Negotiates all suites; of two implementations, one serves each end, taking turns. */
async function negotiations(all: readonly Implementation[]): Promise<Report> {
  const providers = all.map(({ make }) => make(random));
  const [first, second = first] = providers as [CryptoProvider, CryptoProvider?];
  const suites = suitesOf((entry) => provides(first, entry));
  const wrong: string[] = [];
  for (const [at, suite] of suites.entries()) {
    const both = entriesOf(suite).every((entry) => provides(second, entry));
    const ends = [first, both ? second : first] as const;
    const [left, right] = at % 2 === 0 ? ends : [ends[1], ends[0]];
    const fault = await negotiate(suite, left, right, random);
    if (fault !== undefined) wrong.push(`negotiation: ${fault}`);
  }
  const used = new Set(suites.flatMap(entriesOf));
  const skipped = everyAlgorithm.filter((entry) => provides(first, entry) && !used.has(entry));
  wrong.push(...skipped.map((entry) => `negotiation: ${algorithmName(entry)} is in no suite`));
  const verdict = wrong.length === 0 ? "all agree, carry packets and rekey" : `${wrong.length} wrong`;
  const who = all.map(({ name }) => name).join(" with ");
  return { line: `negotiation: ${who}: ${suites.length} suites, ${used.size} algorithms: ${verdict}`, wrong };
}

/** libcrypto as it is here, or the line that says that it is not. */
function libcrypto(path: string | undefined): Implementation | string {
  if (path === undefined) return "libcrypto: not found: iked works with the portable algorithms alone";
  const lib = openLibcrypto(path);
  return {
    name: `libcrypto ${lib.version}`,
    make: (source) => createLibcrypto(lib, source, createPortable(source)),
  };
}

/** Runs everything, one line for each group; the exit code. `path` is where libcrypto is, undefined where nowhere. */
export async function selftest(
  path: string | undefined,
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  const began = performance.now();
  print(`iked ${VERSION} (deno ${Deno.version.deno})`);
  const wrong: string[] = [];
  const tell = (report: Report) => {
    print(report.line);
    wrong.push(...report.wrong);
  };
  const portable: Implementation = { name: "portable", make: createPortable };
  const implementations = [portable];
  try {
    const other = libcrypto(path);
    if (typeof other === "string") print(other);
    else implementations.unshift(other);
  } catch (error) {
    wrong.push(`libcrypto: ${path} does not work: ${error instanceof Error ? error.message : String(error)}`);
  }
  for (const { name, make } of implementations) {
    const checked = checkKnownAnswers(make);
    for (const kind of ["encr", "integ", "prf", "ke"] as const) tell(answersOf(name, kind, checked));
  }
  tell(await negotiations(implementations));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  for (const line of wrong) complain(`selftest: ${line}`);
  if (wrong.length === 0) print(`selftest: ok (${seconds} s)`);
  else complain(`selftest: failed: ${wrong.length} wrong (${seconds} s)`);
  return wrong.length === 0 ? 0 : 1;
}

/** `iked selftest`, with the libcrypto of this host. */
export function runSelftest(): Promise<number> {
  return selftest(findLibraries().libcrypto, console.log, console.error);
}
