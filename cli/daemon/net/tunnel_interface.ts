/** XFRM interfaces of route-based tunnels: the number that the kernel knows each by. */
import { fail, ok, type Result } from "../../../src/bytes/mod.ts";
import type { TunnelInterface } from "../../../src/datapath/types.ts";
import { linkByName, parseLink } from "../../../src/datapath/rtnetlink/mod.ts";
import type { DatapathError } from "../../../src/exchange/ports.ts";
import type { Routing } from "./steering.ts";

/** The same with the numbers of their interfaces; fails where one is missing, or is another kind of interface. */
export function withInterfaces<T extends TunnelInterface>(
  netlink: Routing,
  wanted: readonly T[],
): Result<readonly T[], DatapathError> {
  const known = new Map<string, number>();
  const found: T[] = [];
  for (const one of wanted) {
    const { iface } = one;
    if (iface === undefined) {
      found.push(one);
      continue;
    }
    const interfaceId = known.get(iface) ?? numberOf(netlink, iface);
    if (typeof interfaceId === "string") return fail({ code: "unsupported", message: interfaceId });
    known.set(iface, interfaceId);
    found.push({ ...one, interfaceId });
  }
  return ok(found);
}

/** The number of an interface, or why it has none. */
function numberOf(netlink: Routing, name: string): number | string {
  const answer = netlink.request(linkByName(name), `find the interface ${name}`);
  const help = `make it before, as by: ip link add ${name} type xfrm if_id 1`;
  if (!answer.ok) return `iface ${name}: ${answer.error.message}: ${help}`;
  const link = answer.value.map(parseLink).find((one) => one !== undefined);
  return link?.interfaceId ?? `iface ${name}: this is no XFRM interface with a number: ${help}`;
}
