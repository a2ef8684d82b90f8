/** One `iked` of the demo: its configuration, its lines, its control socket. */

const ROOT = new URL("../..", import.meta.url);
const MAIN = new URL("cli/main.ts", ROOT).pathname;
/** The flags of the task `iked`. */
const FLAGS = ["run", "--no-prompt", "--cached-only", "--frozen", "--quiet"]
  .concat(
    ["read", "write", "net", "ffi", "sys", "env"].map((kind) => `--allow-${kind}`),
  );

export interface DaemonOptions {
  /** `left` or `right`. */
  readonly name: string;
  readonly conf: string;
  readonly folder: string;
}

export class Daemon {
  readonly #child: Deno.ChildProcess;
  readonly #options: DaemonOptions;
  #log = "";
  #news: () => void = () => {};
  #ended = false;

  /** Starts it in the network namespace that the calling thread is in. */
  constructor(options: DaemonOptions) {
    this.#options = options;
    const { name, folder } = options;
    Deno.writeTextFileSync(`${folder}/${name}.conf`, options.conf, {
      mode: 0o600,
    });
    const args = [
      ...FLAGS,
      MAIN,
      "-d",
      "-K",
      "userland",
      "-K",
      "userland",
      "-f",
      `${folder}/${name}.conf`,
      "--socket",
      this.#socket,
    ];
    this.#child = new Deno.Command(Deno.execPath(), {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#follow();
  }

  get #socket(): string {
    return `${this.#options.folder}/${this.#options.name}.sock`;
  }

  /** Waits for a line of the log; throws when the daemon ends before. */
  async line(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#log)) {
      if (this.#ended) {
        throw new Error(`The daemon "${this.#options.name}" ended early`);
      }
      await new Promise<void>((resolve) => this.#news = resolve);
    }
  }

  /** `iked ctl …`: what it prints. */
  async ctl(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...FLAGS, MAIN, "ctl", "-s", this.#socket, ...words],
    }).output();
    if (code !== 0) {
      throw new Error(
        `iked ctl ${words.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`,
      );
    }
    return new TextDecoder().decode(stdout);
  }

  /** Ends it in order; throws when that is not what it does. */
  async stop(): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGTERM");
    const { code } = await this.#child.status;
    if (code !== 0) {
      throw new Error(`The daemon "${this.#options.name}" ended with ${code}`);
    }
  }

  async #follow(): Promise<void> {
    let rest = "";
    for await (
      const part of this.#child.stderr.pipeThrough(new TextDecoderStream())
    ) {
      const lines = (rest + part).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        console.log(`${this.#options.name.padEnd(5)} | ${line}`);
      }
      this.#log += lines.map((line) => line + "\n").join("");
      this.#news();
    }
    await this.#child.status;
    this.#ended = true;
    this.#news();
  }
}
