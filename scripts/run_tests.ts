/** Runs `deno test` over groups of folders and adds up what they say. */

/** Figures of one or several runs. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0 };

/** The sum of two. */
export function add(a: Tally, b: Tally): Tally {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** The closing line of contracts.md. */
export function closingLine(tally: Tally): string {
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
  return `${tally.passed} passed, ${tally.failed} failed${skipped}`;
}

/** Reads the summary that `deno test` ends with; undefined where there is none (it did not get so far). */
export function readSummary(output: string): Tally | undefined {
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const found = [
    ...plain.matchAll(
      /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(.*)$/gm,
    ),
  ].at(-1);
  if (found === undefined) return undefined;
  const skipped = /\| (\d+) ignored/.exec(found[3]!)?.[1] ?? "0";
  return {
    passed: Number(found[1]),
    failed: Number(found[2]),
    skipped: Number(skipped),
  };
}

/** Copies a stream to ours and returns it as text. */
async function tee(
  stream: ReadableStream<Uint8Array>,
  to: (octets: Uint8Array) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const octets of stream) {
    to(octets);
    text += decoder.decode(octets, { stream: true });
  }
  return text;
}

/**
 * One run of `deno test`. A run that ends without a summary, that fails beside its tests, or that ran no test at all
 * counts as one failure.
 */
export async function runTests(
  paths: readonly string[],
  options: {
    readonly flags?: readonly string[];
    readonly env?: Record<string, string>;
  } = {},
): Promise<Tally> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--no-prompt",
      "-A",
      "--frozen",
      ...(options.flags ?? []),
      ...paths,
    ],
    env: { DENO_NO_UPDATE_CHECK: "1", ...options.env },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = await tee(
    child.stdout,
    (octets) => Deno.stdout.writeSync(octets),
  );
  const status = await child.status;
  const tally = readSummary(output);
  if (tally === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const silent = tally.passed + tally.failed + tally.skipped === 0 ||
    (!status.success && tally.failed === 0);
  return silent ? add(tally, { passed: 0, failed: 1, skipped: 0 }) : tally;
}
