/**
 * The laboratory of the interop tests: two network namespaces, a peer in one and our executable in the other, driven
 * by the scripts of `../shared/lab`. Processes are awaited by their own output, never by time.
 */
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TCP_END = fileURLToPath(new URL("tcp_end.ts", import.meta.url));
export const LAB = `${ROOT}../shared/lab`;
/** The executable under test: the compiled one unless the environment names another. */
export const IKED = Deno.env.get("IKED_BIN") ?? `${ROOT}dist/iked`;

function present(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Why the interop tests cannot run here; undefined where they can. CI requires them (`IKED_REQUIRE_PEERS`). */
export function whyNot(): string | undefined {
  if (Deno.env.get("IKED_REQUIRE_PEERS") !== undefined) return undefined;
  if (Deno.uid() !== 0) return "not root";
  if (!present(`${LAB}/peer`)) return "no ../shared/lab";
  if (
    !present(
      `${Deno.env.get("IKED_LAB_CACHE") ?? `${Deno.env.get("HOME")}/.cache/iked-lab`}/peers/strongswan`,
    )
  ) {
    return "lab not set up";
  }
  if (!present(IKED)) return "no dist/iked: run deno task compile";
  if (!present("/dev/net/tun")) return "no /dev/net/tun";
  return undefined;
}

/** What a finished command said. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function run(command: string, ...args: readonly string[]): Promise<Finished> {
  const output = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  })
    .output();
  const text = new TextDecoder();
  return { code: output.code, stdout: text.decode(output.stdout), stderr: text.decode(output.stderr) };
}

/** Runs a command that has to succeed; its standard output. */
export async function must(command: string, ...args: readonly string[]): Promise<string> {
  const done = await run(command, ...args);
  if (done.code !== 0) {
    throw new Error(`${command} ${args.join(" ")}: exit ${done.code}\n${done.stdout}${done.stderr}`);
  }
  return done.stdout;
}

/** Two namespaces and the wire between them, perhaps with a NAT (lab README). The left side is the initiator's. */
export class Wire implements AsyncDisposable {
  private constructor(readonly prefix: string, readonly mode: "direct" | "nat") {}

  static async create(prefix: string, mode: "direct" | "nat"): Promise<Wire> {
    await must(`${LAB}/netns-pair`, "-p", prefix, mode);
    return new Wire(prefix, mode);
  }

  get left(): string {
    return `${this.prefix}left`;
  }
  get right(): string {
    return `${this.prefix}right`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await must(`${LAB}/netns-pair`, "-p", this.prefix, "down");
  }
}

/** A process whose standard error is read line by line. */
export class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly lines: string[] = [];
  readonly #waiting = new Set<{ pattern: RegExp; from: number; found: (line: string) => void }>();
  readonly #ended: Promise<void>;
  #status: Deno.CommandStatus | undefined;

  constructor(command: string, args: readonly string[]) {
    this.#child = new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#ended = this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const octets of this.#child.stderr) {
      const pieces = (rest + decoder.decode(octets, { stream: true })).split("\n");
      rest = pieces.pop()!;
      for (const line of pieces) {
        this.lines.push(line);
        for (const waiter of this.#waiting) {
          if (!waiter.pattern.test(line)) continue;
          this.#waiting.delete(waiter);
          waiter.found(line);
        }
      }
    }
    this.#status = await this.#child.status;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get log(): string {
    return this.lines.join("\n");
  }

  /** The first line, from line number `from` on, that matches; fails when the process ends or 30 s pass before. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    const there = this.lines.slice(from).find((line) => pattern.test(line));
    if (there !== undefined) return there;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const waiter = { pattern, from, found: resolve };
    this.#waiting.add(waiter);
    const deadline = setTimeout(
      () => reject(new Error(`No line like ${pattern} in 30 s:\n${this.log}`)),
      30_000,
    );
    void this.#ended.then(() => reject(new Error(`Ended without a line like ${pattern}:\n${this.log}`)));
    try {
      return await promise;
    } finally {
      clearTimeout(deadline);
      this.#waiting.delete(waiter);
    }
  }

  /** SIGTERM, and what it ended with. */
  async stop(): Promise<Deno.CommandStatus> {
    if (this.#status === undefined) {
      try {
        this.#child.kill("SIGTERM");
      } catch { /* it has just ended */ }
    }
    await this.#ended;
    return this.#status!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Pings from LAN to LAN; how many of `count` came back. */
export async function ping(
  namespace: string,
  from: string,
  to: string,
  count: number,
  interval = 0.1,
): Promise<number> {
  const args = [
    "netns",
    "exec",
    namespace,
    "ping",
    "-n",
    "-c",
    `${count}`,
    "-i",
    `${interval}`,
    "-W",
    "3",
    "-I",
    from,
    to,
  ];
  const done = await run("ip", ...args);
  const received = /(\d+) received/.exec(done.stdout);
  if (received === null) throw new Error(`ping: ${done.stdout}${done.stderr}`);
  return Number(received[1]);
}

/** What one end of a transfer counted (tcp_end.ts). */
interface Transfer {
  readonly octets: number;
  readonly sha256: string;
}

/** Sends octets by TCP from one namespace to the other; fails unless the very same arrive. */
export async function tcp(
  from: string,
  to: string,
  source: string,
  target: string,
  octets: number,
): Promise<void> {
  const end = (namespace: string, ...args: string[]) =>
    new Deno.Command("ip", {
      args: [
        "netns",
        "exec",
        namespace,
        Deno.execPath(),
        "run",
        "-A",
        "--no-check",
        "--no-lock",
        TCP_END,
        ...args,
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  const receiver = end(to, "receive", target, "5201");
  await receiver.stderr.pipeThrough(new TextDecoderStream()).getReader().read();
  const sent = await end(from, "send", source, target, "5201", `${octets}`).output();
  const text = new TextDecoder();
  if (!sent.success) {
    receiver.kill("SIGTERM");
    await receiver.status;
    throw new Error(`TCP: ${text.decode(sent.stderr)}`);
  }
  const arrived: Transfer = JSON.parse(await new Response(receiver.stdout).text());
  const { sha256 }: Transfer = JSON.parse(text.decode(sent.stdout));
  if (!(await receiver.status).success || arrived.octets !== octets || arrived.sha256 !== sha256) {
    throw new Error(`TCP: sent ${octets} octets (${sha256}), arrived ${arrived.octets} (${arrived.sha256})`);
  }
}
