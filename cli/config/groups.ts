/**
 * Groups of interfaces: `egress`, those that a default route leads to (ifconfig(8) of OpenBSD), and Linux' own, which
 * `ip link set dev IF group NAME` makes.
 */

/** Reads a file of /proc, /sys or /etc; undefined where it cannot be read. Deno's own calls cannot read the first two. */
export type HostFile = (path: string) => string | undefined;

const RTF_UP = 0x1, RTF_REJECT = 0x200;
const NO_ADDRESS_6 = "0".repeat(32);

function rows(text: string | undefined): string[][] {
  return (text ?? "").split("\n").map((line) => line.trim().split(/\s+/));
}

function isUsable(flags: string): boolean {
  return (parseInt(flags, 16) & (RTF_UP | RTF_REJECT)) === RTF_UP;
}

/** Names of the interfaces that default routes of either family lead to. */
export function egressInterfaces(read: HostFile): ReadonlySet<string> {
  const names = new Set<string>();
  // Iface Destination Gateway Flags RefCnt Use Metric Mask …
  for (const [name, destination, , flags = "", , , , mask] of rows(read("/proc/net/route"))) {
    if (destination === "00000000" && mask === "00000000" && isUsable(flags)) names.add(name!);
  }
  // destination length source length next-hop metric refcnt use flags device
  for (const row of rows(read("/proc/net/ipv6_route"))) {
    const [destination, length, , , , , , , flags = "", name] = row;
    if (destination === NO_ADDRESS_6 && length === "00" && name !== "lo" && isUsable(flags)) {
      names.add(name!);
    }
  }
  return names;
}

/** Where the names of Linux' groups stand, the first one that has it counting. */
const GROUP_FILES = ["/etc/iproute2/group", "/usr/share/iproute2/group"];

function groupNumber(name: string, read: HostFile): string | undefined {
  for (const file of GROUP_FILES) {
    for (const [number, one] of rows(read(file))) {
      if (one === name && /^[0-9]+$/.test(number ?? "")) return number;
    }
  }
  return undefined;
}

/** Those of the interfaces that are in the group of this name; undefined where there is no such group. */
export function groupMembers(
  name: string,
  interfaces: Iterable<string>,
  read: HostFile,
): readonly string[] | undefined {
  if (name === "egress") {
    const egress = egressInterfaces(read);
    return [...interfaces].filter((one) => egress.has(one));
  }
  const number = groupNumber(name, read);
  if (number === undefined) return undefined;
  return [...interfaces].filter((one) => read(`/sys/class/net/${one}/netdev_group`)?.trim() === number);
}
