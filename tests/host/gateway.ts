/** A gateway of a test: a host with our daemon as a process on it. */
import { ask } from "../../cli/ctl/client.ts";
import type { ControlRequest, DatapathState, SaList } from "../../src/control/mod.ts";
import type { IkeSnapshot } from "../../src/engine/types.ts";
import { IKED } from "../cli/iked_process.ts";
import { type Finished, Process } from "../support/process.ts";
import type { Host } from "./namespaces.ts";

/** Runs a command on a host to its end. */
export async function runOn(host: Host, command: string, ...args: readonly string[]): Promise<Finished> {
  const child = host.run(() =>
    new Deno.Command(command, { args: [...args], stdin: "null", stdout: "piped", stderr: "piped" }).spawn()
  );
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** A host, a folder for the daemon's files, and the daemon while it runs. */
export class Gateway implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "iked-test-" });
  readonly socket = `${this.folder}/iked.sock`;
  readonly file = `${this.folder}/iked.conf`;
  /** `-K`; undefined leaves it to the daemon. */
  datapath: string | undefined = "userland";
  #daemon: Process | undefined;

  constructor(readonly host: Host) {}

  /** The daemon that runs, or ran last. */
  get daemon(): Process {
    if (this.#daemon === undefined) throw new Error("No daemon was started here");
    return this.#daemon;
  }

  /** Writes `iked.conf` with the mode that it has to have. */
  configure(text: string): void {
    Deno.writeTextFileSync(this.file, text, { mode: 0o600 });
    Deno.chmodSync(this.file, 0o600);
  }

  /** The arguments that every start has. */
  get args(): string[] {
    const datapath = this.datapath === undefined ? [] : ["-K", this.datapath];
    return ["-d", "-v", ...datapath, "-f", this.file, "--socket", this.socket];
  }

  /** Starts the daemon; it is ready when this returns. `program` is another than the daemon under test. */
  async start(program: readonly string[] = IKED): Promise<Process> {
    const [command, ...rest] = program;
    this.#daemon = this.host.run(() => new Process(command!, [...rest, ...this.args]));
    await this.#daemon.line(/^iked: ready$/);
    return this.#daemon;
  }

  /** Kills the daemon where it stands. */
  async kill(): Promise<void> {
    await this.daemon.stop("SIGKILL");
  }

  /** `iked WORDS` on this host, to its end. */
  iked(...words: readonly string[]): Promise<Finished> {
    const [command, ...rest] = IKED;
    return runOn(this.host, command!, ...rest, ...words);
  }

  async #show<T>(request: ControlRequest): Promise<T> {
    let answer: unknown;
    const asked = await ask(this.socket, request, (reply) => {
      if (reply.kind !== "result") throw new Error(`${request.method}: ${JSON.stringify(reply)}`);
      answer = reply.result;
      return "done";
    });
    if (!asked.ok) throw new Error(asked.error.message);
    return answer as T;
  }

  /** The IKE SAs as `show sa` has them. */
  async sas(): Promise<readonly IkeSnapshot[]> {
    return (await this.#show<SaList>({ method: "show.sa" })).ikeSas;
  }

  /** What was dropped, by cause. */
  async drops(): Promise<DatapathState["drops"]> {
    return (await this.#show<DatapathState>({ method: "show.datapath" })).drops;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.stop();
    Deno.removeSync(this.folder, { recursive: true });
  }
}
