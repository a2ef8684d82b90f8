/**
 * Two sites, as the README has them: a gateway and a host behind it on each side.
 *
 *     leftLan 10.1.0.2 -- 10.1.0.1 left 192.0.2.1 -------- 192.0.2.2 right 10.2.0.1 -- 10.2.0.2 rightLan
 *
 * With a NAT between, left is 198.51.100.2 and 192.0.2.1 is the NAT's. IPv6 likewise without NAT: 2001:db8::1 and
 * 2001:db8::2 outside, 2001:db8:1::/64 and 2001:db8:2::/64 inside. The gateways have routes to each other's network:
 * without iked everything passes, in clear.
 */
import { answered, pingWords } from "../support/ping.ts";
import type { Libc } from "../../ffi/libc/mod.ts";
import { Process } from "../support/process.ts";
import { transferTcp } from "../support/tcp.ts";
import { Gateway, runOn } from "./gateway.ts";
import { Host, wire } from "./namespaces.ts";

/** What is between the gateways. */
export type Between = "wire" | "nat";

/** The hosts of two sites. */
export class Sites implements AsyncDisposable {
  readonly left: Gateway;
  readonly right: Gateway;
  readonly leftLan: Host;
  readonly rightLan: Host;
  /** The NAT, where there is one: devices `inside` and `outside`. */
  readonly nat: Host | undefined;

  constructor(libc: Libc, between: Between = "wire") {
    const [left, right] = [new Host(libc), new Host(libc)];
    this.left = new Gateway(left);
    this.right = new Gateway(right);
    this.nat = between === "nat" ? new Host(libc) : undefined;
    if (this.nat === undefined) joinDirectly(left, right);
    else joinThrough(this.nat, left, right);
    this.leftLan = lanOf(left, 1);
    this.rightLan = lanOf(right, 2);
    for (const host of [left, right, ...(this.nat === undefined ? [] : [this.nat])]) host.forward();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.left[Symbol.asyncDispose]();
    await this.right[Symbol.asyncDispose]();
    for (const host of [this.leftLan, this.rightLan, this.left.host, this.right.host]) host.close();
    this.nat?.close();
  }
}

function joinDirectly(left: Host, right: Host): void {
  wire(left, "outer", right, "outer");
  for (const [host, own] of [[left, 1], [right, 2]] as const) {
    host.address("outer", `192.0.2.${own}/24`);
    host.address("outer", `2001:db8::${own}/64`);
  }
  for (const [host, other] of [[left, 2], [right, 1]] as const) {
    host.route(`10.${other}.0.0/16`, `192.0.2.${other}`);
    host.route(`2001:db8:${other}::/64`, `2001:db8::${other}`);
  }
}

function joinThrough(nat: Host, left: Host, right: Host): void {
  wire(left, "outer", nat, "inside");
  wire(right, "outer", nat, "outside");
  left.address("outer", "198.51.100.2/24");
  nat.address("inside", "198.51.100.1/24");
  nat.address("outside", "192.0.2.1/24");
  right.address("outer", "192.0.2.2/24");
  left.route("0.0.0.0/0", "198.51.100.1");
  nat.route("10.1.0.0/16", "198.51.100.2");
  nat.route("10.2.0.0/16", "192.0.2.2");
  right.route("10.1.0.0/16", "192.0.2.1");
}

function lanOf(gateway: Host, site: 1 | 2): Host {
  const lan = new Host(gateway.libc);
  wire(gateway, "lan", lan, "eth");
  gateway.address("lan", `10.${site}.0.1/16`);
  gateway.address("lan", `2001:db8:${site}::1/64`);
  lan.address("eth", `10.${site}.0.2/16`);
  lan.address("eth", `2001:db8:${site}::2/64`);
  lan.route("0.0.0.0/0", `10.${site}.0.1`);
  lan.route("::/0", `2001:db8:${site}::1`);
  return lan;
}

/** How many of `count` pings came back. `options` are those of ping(8). */
export async function ping(host: Host, to: string, count: number, ...options: string[]): Promise<number> {
  const { stdout, stderr } = await runOn(host, "ping", ...pingWords(count, 0.05, 20), ...options, to);
  if (!stdout.includes("packets transmitted")) throw new Error(`ping: ${stdout}${stderr}`);
  return answered(stdout, count);
}

/** Pings of which no answer is expected: just `count` of them. How many came back all the same. */
export async function pingInVain(
  host: Host,
  to: string,
  count: number,
  ...options: string[]
): Promise<number> {
  const words = ["-n", "-c", `${count}`, "-i", "0.05", "-W", "1", ...options, to];
  const { stdout, stderr } = await runOn(host, "ping", ...words);
  // A blackhole route refuses what is made on the host itself.
  if (stderr.endsWith("connect: Invalid argument\n")) return 0;
  if (!stdout.includes("packets transmitted")) throw new Error(`ping: ${stdout}${stderr}`);
  return answered(stdout, count);
}

/** Pings that go on until they are stopped; a line for each that comes back, and totals at the end. */
export function keepPinging(host: Host, to: string, intervalSeconds: number): Process {
  const args = ["-n", "-i", `${intervalSeconds}`, "-W", "1", to];
  return host.run(() => new Process("sh", ["-c", 'exec ping "$@" >&2', "sh", ...args]));
}

/** Ends `keepPinging`; how many came back, and how many before the last of them did not. */
export async function stopPinging(
  pings: Process,
): Promise<{ readonly received: number; readonly lost: number }> {
  await pings.stop("SIGINT");
  const numbers = new Set(pings.lines.flatMap((line) => {
    const found = / icmp_seq=(\d+) .* time=/.exec(line);
    return found === null ? [] : [Number(found[1])];
  }));
  return { received: numbers.size, lost: Math.max(0, ...numbers) - numbers.size };
}

/** Sends octets by TCP between two hosts; fails unless the very same arrive. */
export async function tcp(
  [from, source]: readonly [Host, string],
  [to, target]: readonly [Host, string],
  octets: number,
): Promise<void> {
  const place = (host: Host) => (command: string, args: readonly string[]) =>
    host.run(() =>
      new Deno.Command(command, { args: [...args], stdin: "null", stdout: "piped", stderr: "piped" }).spawn()
    );
  await transferTcp([place(from), source], [place(to), target], octets);
}

function missing(what: string, command: string, ...args: readonly string[]): string | undefined {
  try {
    const { success } = new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null" })
      .outputSync();
    return success ? undefined : `no ${what}`;
  } catch {
    return `no ${what}`;
  }
}

/** Why tests with ping cannot run; undefined where they can. */
export const noPing = missing("ping", "ping", "-V");
/** Why tests that look at rules and routes cannot run. */
export const noIproute = missing("ip(8)", "ip", "-V");
