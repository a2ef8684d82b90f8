/** Our executable as a peer of the laboratory. */
import { IKED, must, Process } from "./lab.ts";

/** Our daemon in a namespace. */
export class Iked implements AsyncDisposable {
  private constructor(readonly process: Process, readonly socket: string, readonly folder: string) {}

  static async start(namespace: string, conf: string, ...options: readonly string[]): Promise<Iked> {
    return await Iked.startUnder([], namespace, conf, ...options);
  }

  /** The same, started by the words `under`. */
  static async startUnder(
    under: readonly string[],
    namespace: string,
    conf: string,
    ...options: readonly string[]
  ): Promise<Iked> {
    const folder = await Deno.makeTempDir({ prefix: "iked-interop-" });
    await Deno.writeTextFile(`${folder}/iked.conf`, conf, { mode: 0o600 });
    const socket = `${folder}/iked.sock`;
    const words = ["-d", "-v", "-f", `${folder}/iked.conf`, "--socket", socket, ...options];
    const args = ["netns", "exec", namespace, ...under, IKED, ...words];
    const iked = new Iked(new Process("ip", args), socket, folder);
    await iked.process.line(/^iked: ready$/);
    return iked;
  }

  /** `iked ctl --json …`, parsed. */
  // deno-lint-ignore no-explicit-any
  async ctl(...words: readonly string[]): Promise<any> {
    return JSON.parse(await must(IKED, "ctl", "-s", this.socket, "--json", ...words));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}
