/** The harness of ../shared/bench: its scripts make their own namespaces, and print tables with tabs. */
import { resolve } from "node:path";

const FOLDER = "../shared/bench";

/** One line of a script's table, by the names of its columns. */
export type Row = ReadonlyMap<string, string>;

/** A script of the harness failed, or what it needs is not there. */
export class BenchError extends Error {
  override name = "BenchError";
}

async function output(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    env,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (success) return text;
  const said = new TextDecoder().decode(stderr).trim().split("\n").slice(-5).join("\n");
  throw new BenchError(`${command} ${args.join(" ")} failed:\n${said}`);
}

/** Runs a script of the harness; what it prints. */
export function script(
  name: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  return output(`${FOLDER}/${name}`, args, env);
}

/** The lines of a table that a script printed, named by its heading. */
export function table(text: string): Row[] {
  const [heading, ...lines] = text.trim().split("\n").map((line) => line.split("\t"));
  return lines.map((cells) => new Map(cells.map((cell, column) => [heading![column] ?? `${column}`, cell])));
}

/** A figure of a row; throws where the script could not measure it. */
export function figure(row: Row | undefined, column: string): number {
  const value = Number(row?.get(column) ?? NaN);
  if (!Number.isFinite(value)) throw new BenchError(`no figure "${column}" in the harness's output`);
  return value;
}

/** Absolute path of a hook of ours. */
export function hook(name: string): string {
  return resolve(`scripts/bench/${name}`);
}

/** Builds strongSwan where it is not built yet, and our executable unless IKED_BIN names one; the executable's path. */
export async function prepare(): Promise<string> {
  if (Deno.uid() !== 0) throw new BenchError("the harness makes network namespaces: run it as root");
  try {
    await Deno.stat(FOLDER);
  } catch {
    throw new BenchError(`${FOLDER} is not there: it has the harness and the peer`);
  }
  await script("build-strongswan.sh", []);
  const named = Deno.env.get("IKED_BIN");
  if (named === undefined) await output(Deno.execPath(), ["run", "-A", "scripts/compile.ts"], {});
  const iked = resolve(named ?? "dist/iked");
  // One that was appended to the runtime of another version is found to be none before anything waits for it.
  await output(iked, ["-V"], {});
  return iked;
}
