import assert from "node:assert/strict";
import { groupMembers } from "../../../cli/config/groups.ts";
import { resolveNames } from "../../../cli/config/names.ts";
import { formatAddress } from "../../../src/ip/mod.ts";

const FILES: Readonly<Record<string, string>> = {
  "/proc/net/route": `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth1\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
eth2\t00000000\t00000000\t0201\t0\t0\t100\t00000000\t0\t0\t0
eth3\t00000000\t00000000\t0001\t0\t0\t100\t00000080\t0\t0\t0
`,
  "/proc/net/ipv6_route":
    `00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003     wg0
20010db8000000000000000000000000 20 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001    eth1
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`,
  "/etc/iproute2/group": "# comment\n0\tdefault\n7 office\n",
  "/usr/share/iproute2/group": "8\toffice\n9 lab\n",
  "/sys/class/net/eth1/netdev_group": "7\n",
  "/sys/class/net/eth2/netdev_group": "9\n",
};
const INTERFACES = ["lo", "eth0", "eth1", "eth2", "eth3", "wg0"];
const membersOf = (name: string, files = FILES) => groupMembers(name, INTERFACES, (path) => files[path]);

Deno.test("egress: the interfaces that default routes of either family lead to, no others", () => {
  assert.deepEqual(membersOf("egress"), ["eth0", "wg0"]);
});

Deno.test("egress is empty where there are no routes, or they cannot be read", () => {
  assert.deepEqual(membersOf("egress", {}), []);
});

Deno.test("Linux' groups are found by their names, /etc before /usr/share", () => {
  assert.deepEqual(membersOf("office"), ["eth1"]);
  assert.deepEqual(membersOf("lab"), ["eth2"]);
  assert.equal(membersOf("nobody"), undefined);
});

Deno.test("resolveNames: a name that is no interface may be a group, whose members' addresses it has", async () => {
  const files: Readonly<Record<string, string>> = {
    "/proc/net/route": "lo\t00000000\t00000000\t0001\t0\t0\t0\t00000000\n",
    "/etc/iproute2/group": "7 office\n",
    "/sys/class/net/lo/netdev_group": "0\n",
  };
  const noDns = () => Promise.reject(new Error("The DNS is not asked"));
  const found = await resolveNames(["egress", "office", "lo"], 1000, noDns, (path) => files[path]);
  const addressesOf = (name: string) => found.get(name)!.addresses.map(formatAddress);
  assert.ok(addressesOf("egress").includes("127.0.0.1"));
  assert.deepEqual(addressesOf("egress"), addressesOf("lo"));
  assert.deepEqual(addressesOf("office"), []);
});
