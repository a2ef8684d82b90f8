/** What leaves a namespace by its wire: tcpdump(8), which sees packets as they are once IPsec is done with them. */
import { must, Process } from "../interop/lab.ts";

/** See the head of the file. */
export class Sniffer implements AsyncDisposable {
  private constructor(readonly process: Process, readonly file: string) {}

  static async start(namespace: string): Promise<Sniffer> {
    const file = await Deno.makeTempFile({ prefix: "iked-sniffer-", suffix: ".pcap" });
    const words = ["-n", "-U", "-Z", "root", "-i", "wire", "-Q", "out", "-w", file];
    const sniffer = new Sniffer(new Process("ip", ["netns", "exec", namespace, "tcpdump", ...words]), file);
    await sniffer.process.line(/listening on wire/);
    return sniffer;
  }

  /** Ends; how many packets left as ESP, and which of our networks' left in clear. */
  async stop(): Promise<{ readonly esp: number; readonly clear: readonly string[] }> {
    await this.process.stop("SIGINT");
    const packets = async (filter: string) =>
      (await must("tcpdump", "-n", "-r", this.file, filter)).split("\n").filter((line) => line !== "");
    return { esp: (await packets("esp")).length, clear: await packets("net 10.1.0.0/16 or net 10.2.0.0/16") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop();
    await Deno.remove(this.file);
  }
}
