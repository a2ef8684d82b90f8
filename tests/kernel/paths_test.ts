/** ESP through NAT, and of one IP version in the other, with each peer in both roles. Runs in the lab's VM. */
import { PATHS } from "../interop/suites.ts";
import { peerBegins, weInitiate } from "./carries.ts";
import type { Kind } from "./modes.ts";
import { kernelTest } from "./peers.ts";

const [IPV4, IPV6, NAT] = PATHS as [typeof PATHS[0], typeof PATHS[0], typeof PATHS[0]];

const TUNNEL: Kind = { protocol: "ESP", mode: "tunnel", auth: "hmac-sha2-512" };

const NAT_T = ["IPv4 through NAT", TUNNEL, NAT] as const;
const MIXED = [
  ["IPv6 in IPv4", { ...TUNNEL, nets: ["fd01::/64", "fd02::/64"] } as const, IPV4],
  ["IPv4 in IPv6", TUNNEL, IPV6],
] as const;

// OpenIKED on Linux has PF_KEY alone, which has no word for an SA that carries the other version.
const COURSES = [
  ["strongSwan", [NAT_T, ...MIXED]],
  ["libreswan", [NAT_T, ...MIXED]],
  ["OpenIKED", [NAT_T]],
] as const;

for (const [peer, paths] of COURSES) {
  for (const [name, kind, path] of paths) {
    for (const [role, test] of [["we initiate", weInitiate], ["which initiates", peerBegins]] as const) {
      kernelTest("matrix", `paths: ${name} with ${peer}, ${role}`, async () => {
        await test("xfrm", peer, kind, path);
      });
    }
  }
}
