/** What is measured, ours and strongSwan's alternately: one call is one round, and gives one sample of each figure. */
import { BenchError, figure, hook, type Row, script, table } from "./harness.ts";

/** Who is measured. */
export type Side = "ours" | "theirs";
export const SIDES: readonly Side[] = ["ours", "theirs"];

/** Takes one sample of the figure of this id. */
export type Sample = (id: string, side: Side, value: number) => void;

/** How much is measured. */
export interface Extent {
  readonly rounds: number;
  readonly handshakes: number;
  /** Duration of a TCP transfer, s. */
  readonly seconds: number;
  readonly mixes: readonly string[];
  readonly suites: readonly string[];
  /** SAs that are set up for the measurement of memory: 10,000 or none. */
  readonly manySas: boolean;
}

/** IKE key exchanges, as the harness names them. */
export const MIXES = ["psk-x25519", "psk-ecp256", "psk-modp2048"] as const;
/** ESP suites, as the harness names them. */
export const SUITES = ["aes256gcm16", "chacha20poly1305", "aes256-sha256"] as const;

/** So long the harness waits until our daemon has its tunnel. */
const READY = { READY_S: "3" };

async function handshakeRows(side: Side, mix: string, env: Record<string, string>): Promise<Row[]> {
  const responder: Record<string, string> = side === "ours"
    ? { RESPONDER: hook("handshake_hook.sh"), ...READY }
    : {};
  return table(await script("handshake.sh", [mix], { RUNS: "1", ...responder, ...env }));
}

/** Responder's CPU per handshake. */
export async function handshake(side: Side, mix: string, extent: Extent, sample: Sample): Promise<void> {
  const [row] = await handshakeRows(side, mix, { N: `${extent.handshakes}` });
  const done = figure(row, "ok");
  if (done < extent.handshakes) {
    throw new BenchError(`${side}, ${mix}: ${done} of ${extent.handshakes} handshakes were completed`);
  }
  const cpu = figure(row, "resp_ms_per_hs");
  sample(`${mix} cpu`, side, cpu);
  sample(`${mix} rate`, side, 1000 / cpu);
}

/** Resident memory with 1,000 and 10,000 IKE SAs, each with a Child SA. */
export async function memory(side: Side, sample: Sample): Promise<void> {
  const [first, second] = await handshakeRows(side, MIXES[0], { N: "1000", RSS10K: "1" });
  // The second line has no heading of its own: mix, name, kB before, kB after, octets per SA.
  const [, , , after, perSa] = [...(second?.values() ?? [])].map(Number);
  if (after === undefined || perSa === undefined) throw new BenchError(`${side}: no figures with 10,000 SAs`);
  sample("memory 1000", side, figure(first, "rss1_kb") / 1024);
  sample("memory 10000", side, after / 1024);
  sample("memory per sa", side, perSa / 1000);
}

/** Throughput and CPU of the userland data path; UDP too where `udp`. */
export async function dataplane(
  side: Side,
  suite: string,
  udp: boolean,
  extent: Extent,
  sample: Sample,
): Promise<void> {
  // The last run of two: V8 compiles the hot loops in the first, which is a second of CPU for three of traffic.
  const env: Record<string, string> = { RUNS: "2", SECS: `${extent.seconds}`, UDP_STEPS: "50" };
  if (!udp) env.SKIP_UDP = "1";
  if (side === "ours") Object.assign(env, READY, { HOOK: hook("dataplane_hook.sh") });
  const text = await script("dataplane.sh", [side === "ours" ? "hook" : "libipsec", suite], env);
  // Several columns have one name: they are told apart by their place.
  const cells = text.trim().split("\n").at(-1)!.split("\t").slice(2).map(Number);
  const [tcp1, tcp1A, tcp1B, tcp4, tcp4A, tcp4B, udpMost, , udpA, udpB] = cells;
  sample(`${suite} tcp1`, side, tcp1!);
  sample(`${suite} tcp1 cpu`, side, tcp1A! + tcp1B!);
  sample(`${suite} tcp4`, side, tcp4!);
  sample(`${suite} tcp4 cpu`, side, tcp4A! + tcp4B!);
  if (!udp) return;
  sample("udp most", side, udpMost!);
  sample("udp cpu", side, udpA! + udpB!);
}

/** Time from start to ready (UDP 500 bound), memory and CPU a second later. `iked` is our executable. */
export async function startup(side: Side, iked: string, sample: Sample): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "iked-bench-" });
  try {
    const command = side === "ours" ? await ourStart(iked, folder) : await charonStart(folder);
    const text = await script("startup.sh", [side, "--", ...command], { RUNS: "3" });
    const found = /ready_ms=([\d.]+)\tpss_kb=(\d+)\tcpu_ms=(\d+)/.exec(text);
    if (found === null) throw new BenchError(`${side}: start-up was not measured`);
    sample("ready", side, Number(found[1]));
    sample("memory idle", side, Number(found[2]) / 1024);
    sample("start cpu", side, Number(found[3]));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function ourStart(iked: string, folder: string): Promise<string[]> {
  const file = `${folder}/iked.conf`;
  const policy =
    'ikev2 "bench" passive esp from 10.98.2.0/24 to 10.98.1.0/24 local 10.99.0.2 peer 10.99.0.1 ' +
    'psk "benchmark-secret-0123456789"\n';
  await Deno.writeTextFile(file, policy, { mode: 0o600 });
  return [iked, "-d", "-K", "userland", "-f", file, "--socket", `${folder}/iked.sock`];
}

async function charonStart(folder: string): Promise<string[]> {
  const cache = `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/iked-bench`;
  const charon = `${Deno.env.get("SS_PREFIX") ?? `${cache}/ss598`}/libexec/ipsec/charon`;
  const plugins =
    "random nonce openssl aes sha1 sha2 hmac kdf gcm curve25519 x509 pem pkcs1 pubkey chapoly " +
    "kernel-libipsec kernel-netlink socket-default vici";
  const file = `${folder}/strongswan.conf`;
  await Deno.writeTextFile(
    file,
    `charon { load = ${plugins}\n  plugins { vici { socket = unix://${folder}/vici } } }\n`,
  );
  const inOwnRun = "mount --make-rprivate /; mount -t tmpfs tmpfs /run; ";
  return ["unshare", "-m", "bash", "-c", `${inOwnRun}exec env STRONGSWAN_CONF='${file}' '${charon}'`];
}
