/**
 * `deno task bench configuration [--json]`: what a file of 10 MB with 100,000 policies costs: read, parsed, compiled
 * and checked as `iked -n` does it, in this process.
 */
import { loadConfiguration } from "../../cli/config/mod.ts";

const POLICIES = 100_000;
/** Octets of a line; 100,000 of them and their newlines are 10 MB. */
const LINE = 104;
/** What the whole may take at most. */
export const MOST = { seconds: 10, peakMiB: 1024 } as const;

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A key of 16 letters, of which nothing is to be said. */
function key(at: number): string {
  let state = at + 1;
  return Array.from({ length: 16 }, () => {
    state = Math.imul(state, 1103515245) + 12345 >>> 0;
    return LETTERS[state >>> 26];
  }).join("");
}

/** One policy of a peer with its network, filled up with a comment. */
function line(at: number): string {
  const third = at >> 8 & 255, fourth = at & 255, first = 10 + (at >> 16);
  const peer = `${first}.${third}.${fourth}`;
  return `ikev2 "p${at}" from 172.16.0.0/12 to ${peer}.0/24 peer ${peer}.1 psk "-${key(at)}"`.padEnd(
    LINE - 1,
  ) + "#";
}

export interface Reading {
  readonly policies: number;
  readonly octets: number;
  readonly warnings: number;
  /** From the file to what the daemon works from. */
  readonly seconds: number;
  /** CPU of all threads, the garbage collector's too. */
  readonly cpuSeconds: number;
  /** Highest resident memory of this process. */
  readonly peakMiB: number;
}

function peakMiB(): number {
  const [, kibibytes] = /^VmHWM:\s+([0-9]+)/m.exec(Deno.readTextFileSync("/proc/self/status")) ?? [];
  return Math.round(Number(kibibytes) / 1024);
}

/** Writes such a file and reads it. */
export async function benchConfiguration(cpuSeconds: () => number): Promise<Reading> {
  const file = await Deno.makeTempFile({ suffix: ".conf" });
  try {
    await Deno.writeTextFile(file, `${Array.from({ length: POLICIES }, (_, at) => line(at)).join("\n")}\n`);
    await Deno.chmod(file, 0o600);
    const cpu = cpuSeconds(), begin = performance.now();
    const loaded = await loadConfiguration({ file });
    const seconds = (performance.now() - begin) / 1000;
    if (!loaded.ok) throw new Error(`The file has errors: ${JSON.stringify(loaded.diagnostics[0])}`);
    return {
      policies: loaded.configuration.policies.length,
      octets: (await Deno.stat(file)).size,
      warnings: loaded.diagnostics.length,
      seconds: Number(seconds.toFixed(2)),
      cpuSeconds: Number((cpuSeconds() - cpu).toFixed(2)),
      peakMiB: peakMiB(),
    };
  } finally {
    await Deno.remove(file);
  }
}

/** The reading as a line. */
export function formatReading({ policies, octets, warnings, seconds, cpuSeconds, peakMiB }: Reading): string {
  return `${policies} policies in ${(octets / 1e6).toFixed(1)} MB, ${warnings} warnings: ${seconds} s ` +
    `(at most ${MOST.seconds}), ${cpuSeconds} s of CPU, ${peakMiB} MiB at the peak (at most ${MOST.peakMiB})`;
}
