/** What the compiler asks of the host: names and numbers, looked up beforehand. */
import type { IpAddress } from "../ip/mod.ts";
import type { ConfigurationNode, HostNode } from "./ast.ts";

export interface Environment {
  /** Name of this machine: the identity of a policy without `srcid`. */
  readonly hostname: string;
  /** IP protocol of /etc/protocols. */
  readonly protocol: (name: string) => number | undefined;
  /** Port of /etc/services for an IP protocol. */
  readonly service: (name: string, protocol: number) => number | undefined;
  /** Addresses of an interface or a host name, now; undefined or none: it has none. */
  readonly addressesOf: (name: string) => readonly IpAddress[] | undefined;
}

/** Names that `addressesOf` will be asked for, each once. */
export function hostNamesIn({ policies }: ConfigurationNode): string[] {
  const names = new Set<string>();
  const add = (host: HostNode | undefined) => {
    if (host?.kind === "name") names.add(host.name);
  };
  for (const { local, peer, flows, config } of policies) {
    add(local);
    add(peer);
    for (const { from, to } of flows) {
      add(from.host);
      add(from.sourceNat);
      add(to.host);
    }
    for (const { host } of config) add(host);
  }
  return [...names];
}
