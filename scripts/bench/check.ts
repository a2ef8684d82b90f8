/**
 * `deno task bench check [--json]`: how long it takes to read and check a file of 100,000 policies, 10 MB, as
 * `iked -n` does it, and the most memory that the process had meanwhile (VmHWM of proc(5)). Load on the machine shows.
 */
import process from "node:process";
import { createHash } from "node:crypto";
import { loadConfiguration } from "../../cli/config/mod.ts";

const POLICIES = 100_000;

/** What was measured. */
export interface CheckFigures {
  readonly policies: number;
  readonly octets: number;
  readonly seconds: number;
  /** CPU time of all threads. */
  readonly cpuSeconds: number;
  readonly peakMebibytes: number;
  readonly warnings: number;
}

function line(at: number): string {
  const key = createHash("sha256").update(String(at)).digest("hex").slice(0, 24);
  const [a, b, c] = [at >> 16, (at >> 8) & 255, at & 255];
  return `ikev2 "p${at}" esp from 10.${at >> 14}.${(at >> 6) & 255}.${(at & 63) * 4}/30 to 172.${
    16 + a
  }.${b}.${c} ` +
    `peer 11.${a}.${b}.${c} psk ${key}\n`;
}

async function peakMebibytes(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status");
  return Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024);
}

/** Reads and checks such a file once. */
export async function benchCheck(): Promise<CheckFigures> {
  const file = await Deno.makeTempFile({ prefix: "iked-bench-", suffix: ".conf" });
  try {
    const lines = Array.from({ length: POLICIES }, (_, at) => line(at));
    await Deno.writeTextFile(file, lines.join(""), { mode: 0o600 });
    const { size } = await Deno.stat(file);
    const begin = performance.now(), before = process.cpuUsage();
    const loaded = await loadConfiguration({ file });
    const { user, system } = process.cpuUsage(before);
    if (!loaded.ok) throw new Error("The file has an error");
    return {
      policies: loaded.configuration.policies.length,
      octets: size,
      seconds: Number(((performance.now() - begin) / 1000).toFixed(2)),
      cpuSeconds: Number(((user + system) / 1e6).toFixed(2)),
      peakMebibytes: await peakMebibytes(),
      warnings: loaded.diagnostics.length,
    };
  } finally {
    await Deno.remove(file);
  }
}
