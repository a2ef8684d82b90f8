/** The host's lists: protocols(5), services(5), hosts(5), group(5). Each is read when it is first asked. */
import { type IpAddress, parseAddress } from "../../src/ip/mod.ts";

function lines(path: string): string[][] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    return [];
  }
  return text.split("\n").map((line) => line.replace(/#.*/, "").trim().split(/\s+/));
}

function lazy<K, V>(read: () => ReadonlyMap<K, V>): (key: K) => V | undefined {
  let table: ReadonlyMap<K, V> | undefined;
  return (key) => (table ??= read()).get(key);
}

/** Numbers of IP protocols by name or alias; names are compared in lower case. */
export function protocols(path = "/etc/protocols"): (name: string) => number | undefined {
  return lazy(() => {
    const table = new Map<string, number>();
    for (const [name, number, ...aliases] of lines(path)) {
      if (name === undefined || !/^[0-9]{1,3}$/.test(number ?? "")) continue;
      for (const one of [name, ...aliases]) {
        if (!table.has(one.toLowerCase())) table.set(one.toLowerCase(), Number(number));
      }
    }
    return table;
  });
}

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [6, "tcp"],
  [17, "udp"],
  [33, "dccp"],
  [132, "sctp"],
  [136, "udplite"],
]);

/** Ports by name or alias of a service and IP protocol. */
export function services(path = "/etc/services"): (name: string, protocol: number) => number | undefined {
  const find = lazy(() => {
    const table = new Map<string, number>();
    for (const [name, entry, ...aliases] of lines(path)) {
      const [, port, protocol] = /^([0-9]{1,5})\/([a-z]+)$/.exec(entry ?? "") ?? [];
      if (name === undefined || port === undefined) continue;
      for (const one of [name, ...aliases]) {
        if (!table.has(`${one}/${protocol}`)) table.set(`${one}/${protocol}`, Number(port));
      }
    }
    return table;
  });
  return (name, protocol) => find(`${name}/${PROTOCOL_NAMES.get(protocol)}`);
}

/** Addresses of hosts by name or alias, in lower case. */
export function hosts(path = "/etc/hosts"): (name: string) => readonly IpAddress[] | undefined {
  return lazy(() => {
    const table = new Map<string, IpAddress[]>();
    for (const [address, ...names] of lines(path)) {
      const parsed = parseAddress(address ?? "");
      if (parsed === undefined) continue;
      for (const name of names) {
        const list = table.get(name.toLowerCase());
        if (list === undefined) table.set(name.toLowerCase(), [parsed]);
        else list.push(parsed);
      }
    }
    return table;
  });
}

/** Id of a group; undefined where there is none of that name. */
export function groupId(name: string, path = "/etc/group"): number | undefined {
  for (const [entry] of lines(path)) {
    const [group, , id] = (entry ?? "").split(":");
    if (group === name && /^[0-9]+$/.test(id ?? "")) return Number(id);
  }
  return undefined;
}
