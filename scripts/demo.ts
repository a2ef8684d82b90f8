/**
 * `deno task demo`: two daemons, two network namespaces, one tunnel, seen from outside.
 *
 * This process only starts `demo/namespaces.ts` in namespaces of its own: network, processes, files and, without
 * root, users. It is tied to its parent at each step, and the process namespace ends with its first process: not
 * even kill -9 leaves anything behind. Where the machine forbids that, `demo/in_memory.ts` shows the same in one
 * process.
 */
import { CANNOT, LIMIT_MS } from "./demo/limits.ts";

const ROOT = new URL("..", import.meta.url);
const here = (path: string): string => new URL(path, ROOT).pathname;

const NAMESPACES = ["--net", "--pid", "--mount", "--fork", "--kill-child=KILL"];
const AS_USER = ["--user", "--map-root-user"];
const TIE = ["--pdeathsig", "KILL"];

type Outcome =
  | { readonly kind: "done"; readonly code: number }
  | { readonly kind: "cannot"; readonly reason: string };

/** Fetches what the daemons import: inside there is no network. */
async function fetchModules(): Promise<void> {
  const modules = [
    "main.ts",
    "daemon/main.ts",
    "daemon/engine_worker.ts",
    "daemon/keys_worker.ts",
    "daemon/net_worker.ts",
  ];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "cache",
      "--quiet",
      ...modules.map((name) => here(`cli/${name}`)),
      here("cli/ctl/main.ts"),
    ],
    stdout: "null",
    stderr: "null",
  }).output();
  if (!success) console.log("(some modules could not be fetched)");
}

async function relay(
  stream: ReadableStream<Uint8Array>,
  show: boolean,
): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (show) await Deno.stderr.write(new TextEncoder().encode(part));
  }
  return text;
}

/** Runs the demo in fresh namespaces. */
async function inNamespaces(user: readonly string[]): Promise<Outcome> {
  const permissions = ["read", "write", "net", "ffi", "sys", "env", "run"].map((
    kind,
  ) => `--allow-${kind}`);
  const inside = [
    "run",
    "--no-prompt",
    "--cached-only",
    "--frozen",
    ...permissions,
    here("scripts/demo/namespaces.ts"),
  ];
  const args = [
    ...TIE,
    "unshare",
    ...user,
    ...NAMESPACES,
    "setpriv",
    ...TIE,
    Deno.execPath(),
    ...inside,
  ];
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("setpriv", {
      args,
      stdin: "null",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return { kind: "cannot", reason: "no setpriv(1) of util-linux" };
    }
    throw error;
  }
  const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const [complaint, { code }] = await Promise.all([
    relay(child.stderr, false),
    child.status,
  ]);
  clearTimeout(limit);
  const line = complaint.trim().split("\n").at(-1) ?? "";
  if (code === CANNOT || /^(unshare|setpriv):/.test(line)) {
    return { kind: "cannot", reason: line };
  }
  if (complaint !== "") console.error(complaint.trimEnd());
  return { kind: "done", code };
}

async function run(): Promise<number> {
  if (Deno.build.os !== "linux") {
    return await inMemory("network namespaces need Linux");
  }
  await fetchModules();
  let reason = "";
  for (const user of Deno.uid() === 0 ? [[], AS_USER] : [AS_USER]) {
    const outcome = await inNamespaces(user);
    if (outcome.kind === "done") {
      if (outcome.code === 0 || outcome.code === 1) return outcome.code;
      console.log(
        `demo: failed: it ended with ${outcome.code} before it was over`,
      );
      return 1;
    }
    reason ||= outcome.reason;
  }
  return await inMemory(reason);
}

async function inMemory(reason: string): Promise<number> {
  setTimeout(() => {
    console.log(`\ndemo: failed: not over after ${LIMIT_MS / 1000} s`);
    Deno.exit(1);
  }, LIMIT_MS);
  console.log(`This machine cannot run the demo in namespaces (${reason}).\n`);
  return (await import("./demo/in_memory.ts")).demoInMemory(reason);
}

Deno.exit(await run());
