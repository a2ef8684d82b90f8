/**
 * Where datagrams of one direction are lost between two gateways: all the counters on their way, of the kernel and of
 * the daemons. What a receiver misses has to be the sum of what they counted, or something loses without telling.
 *
 *     sender -> device's queue -> daemon -> socket -> wire -> socket -> daemon -> device -> receiver's socket
 *
 * For ESP without UDP over IPv4, where no other traffic is in the tunnel.
 */
import { must } from "../support/process.ts";
import type { Iked } from "../interop/iked.ts";

/** Packets lost at one place. */
export type Losses = Readonly<Record<string, number>>;

/** Packets lost so far, by who lost them. */
export interface Ledger {
  /** The network between the gateways. */
  readonly network: Losses;
  /** Ours: what waits for us, and what we threw away. */
  readonly ours: Losses;
  /** The hosts' own stacks, and the sockets of sender and receiver. */
  readonly hosts: Losses;
}

/** One gateway: its daemon and its network namespace. */
export interface Gateway {
  readonly namespace: string;
  readonly iked: Iked;
}

/** Causes of a daemon that are none of the measured flow's: its packets have a policy. */
const OTHERS = ["noPolicy"];

/** A file of /proc/net as the gateway's namespace has it. */
function netFile({ iked }: Gateway, name: string): Promise<string> {
  return Deno.readTextFile(`/proc/${iked.process.pid}/net/${name}`);
}

/** Counters of the namespace: table and field → value. */
async function snmp(gateway: Gateway): Promise<(table: string, field: string) => number> {
  const text = await netFile(gateway, "snmp");
  const rows = text.split("\n").map((line) => line.split(/:? +/));
  return (table, field) => {
    const [names, values] = rows.filter(([name]) => name === table);
    const value = Number(values?.[names!.indexOf(field)]);
    if (!Number.isFinite(value)) throw new Error(`No ${field} of ${table} in /proc/net/snmp`);
    return value;
  };
}

/** What the sockets of one kind lost on their way in, because nobody read them in time: the last column. */
async function socketDrops(gateway: Gateway, ...kinds: readonly string[]): Promise<number> {
  let drops = 0;
  for (const kind of kinds) {
    for (const line of (await netFile(gateway, kind)).split("\n")) {
      if (/^ *\d+:/.test(line)) drops += Number(line.trimEnd().split(" ").at(-1));
    }
  }
  return drops;
}

/** What a device would not send: behind its name eight columns of receiving, then octets, packets, errors, dropped. */
async function sendDrops(gateway: Gateway, device: string): Promise<number> {
  const line = (await netFile(gateway, "dev")).split("\n").find((one) =>
    one.trim().startsWith(`${device}:`)
  )!;
  const columns = line.trim().split(/[: ]+/).slice(1).map(Number);
  return columns[10]! + columns[11]!;
}

/** What the queueing discipline in front of a device threw away. */
async function queueDrops(namespace: string, device: string): Promise<number> {
  const all = JSON.parse(await must("tc", "-n", namespace, "-s", "-j", "qdisc", "show", "dev", device));
  return all.reduce((sum: number, { drops }: { drops: number }) => sum + drops, 0);
}

async function daemonDrops(name: string, iked: Iked): Promise<Losses> {
  const { drops } = await iked.ctl("show", "datapath");
  const mine = Object.entries(drops as Losses).filter(([cause]) => !OTHERS.includes(cause));
  return Object.fromEntries(mine.map(([cause, packets]) => [`${name} ${cause}`, packets]));
}

/** Reads everything, for datagrams that go from one gateway's host to the other's. */
export async function readLedger(from: Gateway, to: Gateway): Promise<Ledger> {
  const sender = await snmp(from), receiver = await snmp(to);
  // IKE's sockets are in the same table as the receiver's.
  const ownUdp = await socketDrops(to, "udp", "udp6");
  const sum = (of: typeof sender, ...fields: readonly string[]) =>
    fields.reduce((total, field) => total + of("Ip", field), 0);
  return {
    network: {
      "wire": await sendDrops(from, "wire") + await queueDrops(from.namespace, "wire"),
    },
    ours: {
      "sender's device queue": await sendDrops(from, "iked0"),
      "receiver's ESP socket": await socketDrops(to, "raw", "raw6"),
      ...await daemonDrops("sender's daemon", from.iked),
      ...await daemonDrops("receiver's daemon", to.iked),
    },
    hosts: {
      "sender's IP": sum(sender, "OutDiscards", "OutNoRoutes", "FragFails"),
      "sender's queueing discipline": await queueDrops(from.namespace, "iked0"),
      "receiver's IP": sum(receiver, "InDiscards", "InHdrErrors", "InAddrErrors", "ReasmFails"),
      "receiver's UDP": receiver("Udp", "InErrors") - ownUdp,
    },
  };
}

function since(before: Losses, after: Losses): Losses {
  const places = Object.entries(after).map(([place, packets]) => [place, packets - (before[place] ?? 0)]);
  return Object.fromEntries(places.filter(([, packets]) => packets !== 0));
}

/** What queues of the kernel lost so far: quick to read, so that it can be seen when they do. */
export async function queueLosses(from: Gateway, to: Gateway): Promise<number> {
  return await sendDrops(from, "iked0") + await socketDrops(to, "raw", "raw6") +
    (await snmp(to))("Udp", "RcvbufErrors");
}

/** What was lost between two readings; places without losses are left out. */
export function lostBetween(before: Ledger, after: Ledger): Ledger {
  return {
    network: since(before.network, after.network),
    ours: since(before.ours, after.ours),
    hosts: since(before.hosts, after.hosts),
  };
}

export function totalOf(losses: Losses): number {
  return Object.values(losses).reduce((sum, packets) => sum + packets, 0);
}

/** Segments that TCP had to send again so far: iperf3's control connection goes through the tunnel with the rest. */
export async function retransmissions(...gateways: readonly Gateway[]): Promise<number> {
  let segments = 0;
  for (const gateway of gateways) segments += (await snmp(gateway))("Tcp", "RetransSegs");
  return segments;
}

/** What sender and receiver say. */
export interface Missed {
  readonly sent: number;
  /** The highest number that came. */
  readonly highest: number;
  /** Numbers below it that did not come. */
  readonly lost: number;
  /** Segments that TCP sent again meanwhile. */
  readonly retransmitted: number;
}

/**
 * Why the counters do not add up to what the receiver misses; undefined where they do. Two things are in the counters
 * alone: what was lost after the last datagram that came, and segments of TCP.
 */
export function imbalance({ network, ours, hosts }: Ledger, missed: Missed): string | undefined {
  const counted = totalOf(network) + totalOf(ours) + totalOf(hosts);
  const { lost } = missed, open = missed.sent - missed.highest + missed.retransmitted;
  if (lost <= counted && counted <= lost + open) return undefined;
  return `${lost} lost${open > 0 ? ` and up to ${open} unseen` : ""}, ${counted} counted`;
}
