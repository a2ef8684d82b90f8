/** What leaves a namespace of the lab in clear, and what its routing tables have. */
import { must, Process, run } from "../interop/lab.ts";
import { answered, pingWords } from "../support/ping.ts";

/** Neither ESP or AH, nor IKE, nor neighbour discovery. */
const CLEAR = "not esp and not ah and not udp port 500 and not udp port 4500 and not arp and " +
  "not (icmp6 and ip6[40] >= 133)";

/** A capture on the outer device of a namespace: packets that it sends in clear. */
export class ClearPackets implements AsyncDisposable {
  private constructor(readonly process: Process, readonly folder: string) {}

  static async watch(namespace: string): Promise<ClearPackets> {
    const folder = await Deno.makeTempDir({ prefix: "iked-clear-" });
    const words = ["-Z", "root", "-i", "wire", "-Q", "out", "--immediate-mode", "-U", "-w"];
    const args = ["netns", "exec", namespace, "tcpdump", ...words, `${folder}/clear.pcap`, CLEAR];
    const process = new Process("ip", args);
    await process.line(/listening on/);
    return new ClearPackets(process, folder);
  }

  /** One line for each; ends the capture. */
  async end(): Promise<string> {
    await this.process.stop("SIGINT");
    return await must("tcpdump", "-n", "-r", `${this.folder}/clear.pcap`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop("SIGINT");
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** All routes and rules of a namespace but those of the local tables, as ip(8) shows them. */
export async function routing(namespace: string): Promise<string> {
  const parts = [];
  for (const family of ["-4", "-6"]) {
    parts.push(await must("ip", family, "-n", namespace, "rule"));
    for (const table of ["main", "7296"]) {
      parts.push((await run("ip", family, "-n", namespace, "route", "show", "table", table)).stdout);
    }
  }
  // The kernel writes down how long IPv6 routes of neighbours live.
  return parts.join("").replaceAll(/ expires \S+/g, "");
}

/** `ping` of `count` requests that names no source; how many came back. */
export async function pingUnbound(namespace: string, to: string, count: number): Promise<number> {
  const { stdout } = await run(
    "ip",
    ...["netns", "exec", namespace, "ping", ...pingWords(count, 0.2, count + 20), to],
  );
  return answered(stdout, count);
}

/** The same where no answer is expected: it does not wait for one. */
export async function pingInVain(namespace: string, to: string, ...words: string[]): Promise<number> {
  const args = ["netns", "exec", namespace, "ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", ...words, to];
  return answered((await run("ip", ...args)).stdout, 2);
}
