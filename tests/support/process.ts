/** Processes of tests: run to their end, or awaited by what they say, never by time. */

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

/** A process whose standard error is read line by line. */
export class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly lines: string[] = [];
  readonly #waiting = new Set<{ pattern: RegExp; from: number; found: (line: string) => void }>();
  /** Resolves with what it ended with. */
  readonly ended: Promise<Deno.CommandStatus>;
  #over = false;

  constructor(command: string, args: readonly string[]) {
    this.#child = new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.ended = this.#read();
  }

  async #read(): Promise<Deno.CommandStatus> {
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
    const status = await this.#child.status;
    this.#over = true;
    return status;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get log(): string {
    return this.lines.join("\n");
  }

  /** The first line, from line number `from` on, that matches; fails when the process ends or two minutes pass before. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    const there = this.lines.slice(from).find((line) => pattern.test(line));
    if (there !== undefined) return there;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const waiter = { pattern, from, found: resolve };
    this.#waiting.add(waiter);
    const deadline = setTimeout(
      () => reject(new Error(`No line like ${pattern} in two minutes:\n${this.log}`)),
      120_000,
    );
    void this.ended.then(() => reject(new Error(`Ended without a line like ${pattern}:\n${this.log}`)));
    try {
      return await promise;
    } finally {
      clearTimeout(deadline);
      this.#waiting.delete(waiter);
    }
  }

  /** Sends a signal unless it is over; what it ended with. */
  stop(signal: Deno.Signal = "SIGTERM"): Promise<Deno.CommandStatus> {
    if (!this.#over) {
      try {
        this.#child.kill(signal);
      } catch {
        return this.ended; // It has just ended.
      }
    }
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
