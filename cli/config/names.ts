/** Addresses of interfaces and host names. */
import type { Resolver } from "node:dns/promises";
import { type IpAddress, parseAddress } from "../../src/ip/mod.ts";
import { type NameAnswer, usedAddresses } from "../../src/policy/name_watch.ts";
import { hosts } from "./databases.ts";
import { groupMembers, type HostFile } from "./groups.ts";
import { hostFile } from "./host_file.ts";

/** How long what this host says is good: its files and interfaces have no TTL. */
const OWN_TTL_MS = 60_000;
/** Names that are looked up at the same time. */
const AT_ONCE = 16;
const NOTHING: NameAnswer = { addresses: [], ttlMs: 0 };

function isLinkLocal({ family, value }: IpAddress): boolean {
  return family === 6 && value >> 118n === 0x3fan;
}

/** Addresses of each interface; link-local ones mean nothing without their interface and are left out. */
function interfaces(): Map<string, IpAddress[]> {
  const table = new Map<string, IpAddress[]>();
  for (const { name, address } of Deno.networkInterfaces()) {
    const parsed = parseAddress(address);
    if (parsed === undefined || isLinkLocal(parsed)) continue;
    const list = table.get(name);
    if (list === undefined) table.set(name, [parsed]);
    else list.push(parsed);
  }
  return table;
}

interface Record {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

/** A look-up in the DNS; the runtime's own `Deno.resolveDns` tells no TTL. */
async function resolver(): Promise<Resolver> {
  const { default: process } = await import("node:process");
  // Deno 2.5 writes a line to standard error about what it uses itself in there.
  Object.assign(process, { noDeprecation: true });
  const { Resolver } = await import("node:dns/promises");
  return new Resolver();
}

async function askDns(name: string, dns: Resolver): Promise<NameAnswer> {
  const nothing = (): Record[] => [];
  const records = (await Promise.all([
    dns.resolve4(name, { ttl: true }).catch(nothing),
    dns.resolve6(name, { ttl: true }).catch(nothing),
  ])).flat();
  const addresses = records.flatMap(({ address }) => parseAddress(address) ?? [])
    .filter((one) => !isLinkLocal(one));
  return { addresses: usedAddresses(addresses), ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1000 };
}

/** Longest name of a group of interfaces. */
const MAX_GROUP = 15;

/** Addresses of the interfaces of a group, looked up once for each name; undefined where there is no such group. */
function groups(table: ReadonlyMap<string, IpAddress[]>, read: HostFile) {
  const texts = new Map<string, string | undefined>();
  const readOnce: HostFile = (path) => {
    if (!texts.has(path)) texts.set(path, read(path));
    return texts.get(path);
  };
  return (name: string): IpAddress[] | undefined => {
    if (name.length > MAX_GROUP || name.includes(".")) return undefined;
    return groupMembers(name, table.keys(), readOnce)?.flatMap((member) => table.get(member) ?? []);
  };
}

/**
 * Addresses of names: of the interface of that name, else of the group of interfaces, else as /etc/hosts says, else as
 * DNS says. Those not found in time have none.
 */
export async function resolveNames(
  names: readonly string[],
  timeoutMs: number,
  dns: () => Promise<Resolver> = resolver,
  read: HostFile = hostFile,
): Promise<ReadonlyMap<string, NameAnswer>> {
  const found = new Map<string, NameAnswer>();
  if (names.length === 0) return found;
  const ofInterface = interfaces();
  const ofGroup = groups(ofInterface, read), ofHost = hosts();
  const asked: string[] = [];
  for (const name of names) {
    const own = ofInterface.get(name) ?? ofGroup(name) ?? ofHost(name.toLowerCase());
    found.set(name, own === undefined ? NOTHING : { addresses: usedAddresses(own), ttlMs: OWN_TTL_MS });
    if (own === undefined) asked.push(name);
  }
  if (asked.length === 0) return found;
  const server = await dns();
  const next = asked.values();
  const work = async () => {
    // Each takes the next name that nobody has taken.
    for (const name of next) found.set(name, await askDns(name, server));
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, timeoutMs));
  await Promise.race([late, Promise.all(Array.from({ length: AT_ONCE }, work))]);
  clearTimeout(timer);
  // What comes late changes nothing any more.
  return new Map(found);
}
