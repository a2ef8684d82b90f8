/**
 * iked as a process of its own, in a network namespace of its own: run from its source under the flags of the README,
 * or the executable that IKED_BIN names.
 */
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const FAULTY = fileURLToPath(new URL("./faulty_daemon.ts", import.meta.url));

/** What the README tells users to grant. */
const FLAGS = [
  "--quiet",
  "--no-lock",
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-ffi",
  "--allow-sys",
  "--allow-env",
];

const executable = Deno.env.get("IKED_BIN");

/** The words that start iked. */
export const IKED: readonly string[] = executable === undefined
  ? [Deno.execPath(), "run", ...FLAGS, MAIN]
  : [executable];

/** Heaps that are full in no time, and large enough for each role. */
const SMALL_HEAPS = "--v8-flags=--max-heap-size=64";

/** What `faulty_daemon.ts` and its workers were compiled into, with small heaps. */
const faultyExecutable = Deno.env.get("IKED_FAULTY_BIN");

const FAULTY_IKED: readonly string[] = faultyExecutable === undefined
  ? [Deno.execPath(), "run", ...FLAGS, SMALL_HEAPS, FAULTY]
  : [faultyExecutable];

function unshares(...flags: readonly string[]): boolean {
  try {
    return new Deno.Command("unshare", { args: [...flags, "true"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

/** How a network namespace is to be had here: as root, as root of a user namespace, or not at all. */
const NAMESPACE = [["-n"], ["-rn"]].find((flags) => unshares(...flags));

/** Registers a test that needs a network namespace. */
export function daemonTest(name: string, body: () => Promise<void>): void {
  if (NAMESPACE !== undefined) Deno.test(name, body);
  else {Deno.test({
      name: `${name} [skipped: no network namespaces: unshare -n fails]`,
      ignore: true,
      fn: body,
    });}
}

/** A folder that is gone afterwards. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "iked-test-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A configuration that is sound and calls nobody. */
export const CONFIGURATION =
  'ikev2 "example" passive esp from 10.1.0.0/16 to 10.2.0.0/16 peer 192.0.2.2 psk "visibly an example"\n';

/** Writes an `iked.conf` of mode 0600. */
export async function configure(folder: string, text = CONFIGURATION): Promise<string> {
  await Deno.writeTextFile(`${folder}/iked.conf`, text, { mode: 0o600 });
  return `${folder}/iked.conf`;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What comes before the program: nothing, or how to get into a namespace. */
type Prefix = readonly string[];

async function outcomeOf(prefix: Prefix, args: readonly string[], words = IKED): Promise<Outcome> {
  const [program, ...rest] = [...prefix, ...words, ...args];
  const output = await new Deno.Command(program!, { args: rest, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return { code: output.code, stdout: decoder.decode(output.stdout), stderr: decoder.decode(output.stderr) };
}

/** Runs `iked ARGS` to its end, in this namespace. */
export function iked(...args: readonly string[]): Promise<Outcome> {
  return outcomeOf([], args);
}

/** Runs `iked ARGS` to its end, in a fresh network namespace; `prefix` may take privileges away. */
export function ikedApart(prefix: Prefix, ...args: readonly string[]): Promise<Outcome> {
  return outcomeOf(["unshare", ...NAMESPACE!, ...prefix], args);
}

/**
 * Runs `iked ARGS` in a session of its own beside a shell that, once the socket is there, sends SIGTERM to the whole
 * process group; its end.
 */
export function groupSignalled(socket: string, args: readonly string[]): Promise<Outcome> {
  const script =
    'trap : TERM; "$@" & until [ -S "$SOCKET" ] || ! kill -0 $!; do sleep 0.05; done; kill -TERM 0; wait $!';
  const prefix = [
    "env",
    `SOCKET=${socket}`,
    "setsid",
    "--wait",
    "unshare",
    ...NAMESPACE!,
    "sh",
    "-c",
    script,
    "sh",
  ];
  return outcomeOf(prefix, args);
}

/** Runs `iked ARGS`, then `iked THEN`, in namespaces that take a daemon in the background with them when they end. */
export function inBackground(args: readonly string[], then: readonly string[]): Promise<Outcome> {
  const script = '"$@"; echo "start $?"; $THEN; echo "then $?"';
  const next = [...IKED, ...then].join(" ");
  const isolated = ["unshare", ...NAMESPACE!, "--pid", "--fork", "--kill-child"];
  return outcomeOf(["env", `THEN=${next}`, ...isolated, "sh", "-c", script, "sh"], args);
}

/** Runs `faulty_daemon.ts` in the background, with a /dev/log that leads to `log`, lets it fail and waits for its end. */
export function failInBackground(
  args: readonly string[],
  fault: string,
  log: string,
): Promise<Outcome> {
  // The shell is the first process of its namespace: -1 is all others, and that is the daemon.
  const script = `set -e
    mount -t tmpfs none /mnt
    for device in null zero full random urandom; do
      touch /mnt/$device
      mount --bind /dev/$device /mnt/$device
    done
    ln -s "$LOG" /mnt/log
    mount --rbind /mnt /dev
    "$@"
    kill -USR2 -1
    while kill -0 -1 2>/dev/null; do sleep 0.05; done`;
  const isolated = ["unshare", ...NAMESPACE!, "--mount", "--pid", "--fork", "--kill-child"];
  return outcomeOf(["env", `LOG=${log}`, ...isolated, "sh", "-c", script, "sh"], args, [
    ...FAULTY_IKED,
    fault,
  ]);
}

/** A daemon that runs in the foreground. */
export class IkedProcess {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  /** All that stderr said so far. */
  readonly said: string[] = [];

  private constructor(process: Deno.ChildProcess, readonly args: readonly string[]) {
    this.#process = process;
    this.#lines = lines(process.stderr);
  }

  /** Starts `iked ARGS` in a fresh network namespace. */
  static start(args: readonly string[]): IkedProcess {
    return IkedProcess.#spawn(["unshare", ...NAMESPACE!, ...IKED], args);
  }

  /** The same with a fault: `faulty_daemon.ts` says what there is. */
  static startFaulty(args: readonly string[], fault: string, prefix: Prefix = []): IkedProcess {
    return IkedProcess.#spawn(["unshare", ...NAMESPACE!, ...prefix, ...FAULTY_IKED, fault], args);
  }

  /** Starts `iked ARGS` in the network namespace that this path names. */
  static startIn(netns: string, args: readonly string[]): IkedProcess {
    return IkedProcess.#spawn(["nsenter", `--net=${netns}`, ...IKED], args);
  }

  static #spawn([program, ...words]: readonly string[], args: readonly string[]): IkedProcess {
    const command = new Deno.Command(program!, {
      args: [...words, ...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    });
    return new IkedProcess(command.spawn(), args);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The next line of stderr that matches; throws with all of them where stderr ends before. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error(`No line matches ${pattern} in:\n${this.said.join("\n")}`);
      this.said.push(value);
      if (pattern.test(value)) return value;
    }
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Runs `iked ARGS` to its end, in this daemon's network namespace. */
  beside(...args: readonly string[]): Promise<Outcome> {
    return outcomeOf(["nsenter", `--net=/proc/${this.pid}/ns/net`], args);
  }

  /** Waits for the end; the exit code (128 and the signal's number where one ended it). */
  async ended(): Promise<number> {
    for (let next = await this.#lines.next(); next.done !== true; next = await this.#lines.next()) {
      this.said.push(next.value);
    }
    return (await this.#process.status).code;
  }

  /** Ends it if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.ended();
  }
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest !== "") yield rest;
}
