/** Addresses of interfaces and host names. */
import { type IpAddress, parseAddress } from "../../src/ip/mod.ts";
import { hosts } from "./databases.ts";

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

async function ask(name: string, type: "A" | "AAAA", signal: AbortSignal): Promise<IpAddress[]> {
  try {
    const found = await Deno.resolveDns(name, type, { signal });
    return found.map(parseAddress).filter((one) => one !== undefined);
  } catch {
    return [];
  }
}

async function askBoth(name: string, signal: AbortSignal): Promise<IpAddress[]> {
  const [v4, v6] = await Promise.all([ask(name, "A", signal), ask(name, "AAAA", signal)]);
  return [...v4, ...v6].filter((one) => !isLinkLocal(one));
}

/**
 * Addresses of names: of the interface of that name, else as /etc/hosts says, else as DNS says. Those not found in
 * time have none.
 */
export async function resolveNames(
  names: readonly string[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, readonly IpAddress[]>> {
  const resolved = new Map<string, readonly IpAddress[]>();
  if (names.length === 0) return resolved;
  const ofInterface = interfaces();
  const ofHost = hosts();
  const asked: string[] = [];
  for (const name of names) {
    const own = ofInterface.get(name) ?? ofHost(name.toLowerCase());
    if (own === undefined) asked.push(name);
    else resolved.set(name, own);
  }
  if (asked.length === 0) return resolved;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  await Promise.all(asked.map(async (name) => resolved.set(name, await askBoth(name, late.signal))));
  clearTimeout(timer);
  return resolved;
}
