/**
 * The laboratory of the interop tests: two network namespaces, a peer in one and our executable in the other, driven
 * by the scripts of `../shared/lab`. Processes are awaited by their own output, never by time.
 */
import { fileURLToPath } from "node:url";
import { answered, pingWords } from "../support/ping.ts";
import { must, run } from "../support/process.ts";
import { type Place, type Ports, transferTcp } from "../support/tcp.ts";

export { type Finished, must, Process, run } from "../support/process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
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

/** Pings from LAN to LAN, with so many octets each; how many of `count` came back. */
export async function ping(
  namespace: string,
  from: string,
  to: string,
  count: number,
  interval = 0.1,
  octets = 56,
): Promise<number> {
  const words = [...pingWords(count, interval, count * interval + 20), "-s", `${octets}`, "-I", from, to];
  const done = await run("ip", "netns", "exec", namespace, "ping", ...words);
  if (!done.stdout.includes("packets transmitted")) throw new Error(`ping: ${done.stdout}${done.stderr}`);
  return answered(done.stdout, count);
}

/** Starts commands in a namespace. */
function placeIn(namespace: string): Place {
  return (command, args) =>
    new Deno.Command("ip", {
      args: ["netns", "exec", namespace, command, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
}

/** Sends octets by TCP from one namespace to the other; fails unless the very same arrive. */
export async function tcp(
  from: string,
  to: string,
  source: string,
  target: string,
  octets: number,
  ports?: Ports,
): Promise<void> {
  await transferTcp([placeIn(from), source], [placeIn(to), target], octets, ports);
}
