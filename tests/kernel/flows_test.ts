/** Flows of one family in a tunnel of the other, several in one Child SA, and of one port. Runs in the lab's VM. */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { must, ping, run, tcp, Wire } from "../interop/lab.ts";
import { LEFT, type Path, PATHS, RIGHT } from "../interop/suites.ts";
import { stopsClean } from "./carries.ts";
import { type Kind, policyOf, startKind } from "./modes.ts";
import { kernelTest, peerInitiates } from "./peers.ts";
import { pingInVain } from "./wire.ts";

const IPV4 = PATHS[0]!;

const INNER6 = {
  left: "from fd01::/64 to fd02::/64",
  right: "from fd02::/64 to fd01::/64",
  swan: ["fd01::/64", "fd02::/64"],
} as const;
const BOTH = {
  left: `from ${LEFT.net} to ${RIGHT.net} ${INNER6.left}`,
  right: `from ${RIGHT.net} to ${LEFT.net} ${INNER6.right}`,
  swan: [`${LEFT.net},fd01::/64`, `${RIGHT.net},fd02::/64`],
} as const;

/** The first Child SA that there is. */
async function firstChild(iked: Iked) {
  return (await iked.ctl("show", "sa")).ikeSas[0].children[0];
}

/** A policy of one Child SA with a peer, begun by either side. */
async function eachRole(
  peerName: string,
  kind: Kind,
  path: Path,
  shown: (wire: Wire, iked: Iked) => Promise<void>,
): Promise<void> {
  for (const [ours, theirs] of [["left", "right"], ["right", "left"]] as const) {
    await using wire = await Wire.create("", path.mode);
    const start = () => Iked.start(wire[ours], policyOf(ours, kind, path), "-K", "xfrm");
    const peer = () => startKind(peerName, wire[theirs], theirs, kind, path);
    await using first = await (ours === "left" ? peer() : start());
    await using second = await (ours === "left" ? start() : peer());
    const iked = (ours === "left" ? second : first) as Iked;
    if (ours === "right") await peerInitiates(peerName, second as Awaited<ReturnType<typeof peer>>);
    await iked.process.line(/child-up/);
    await shown(wire, iked);
    await stopsClean(iked, wire[ours]);
  }
}

for (const protocol of ["ESP", "AH"] as const) {
  kernelTest("matrix", `flows: ${protocol} carries IPv6 in IPv4, with strongSwan in both roles`, async () => {
    await eachRole("strongSwan", { protocol, mode: "tunnel", flows: INNER6 }, IPV4, async (wire, iked) => {
      assert.equal(await ping(wire.left, "fd01::1", "fd02::1", 5, 0.2), 5, iked.process.log);
      assert.equal(await ping(wire.right, "fd02::1", "fd01::1", 5, 0.2), 5);
      assert.ok((await firstChild(iked)).packetsIn >= 10);
    });
  });
}

kernelTest(
  "matrix",
  "flows: one Child SA carries two flows of two families, with strongSwan in both roles",
  async () => {
    await eachRole(
      "strongSwan",
      { protocol: "ESP", mode: "tunnel", flows: BOTH },
      IPV4,
      async (wire, iked) => {
        assert.equal(await ping(wire.left, "fd01::1", "fd02::1", 5, 0.2), 5, iked.process.log);
        assert.equal(await ping(wire.right, RIGHT.host, LEFT.host, 5, 0.2), 5);
        const [sa] = (await iked.ctl("show", "sa")).ikeSas;
        assert.equal(sa.children.length, 1);
        assert.ok(sa.children[0].packetsIn >= 10, JSON.stringify(sa.children));
      },
    );
  },
);

// libreswan has one pair of selectors for a Child SA, OpenIKED on Linux one IP version for an SA.
kernelTest("matrix", "flows: one Child SA carries two flows, with OpenIKED in both roles", async () => {
  const flows = {
    left: `from ${LEFT.net} to ${RIGHT.net} from 10.3.0.0/16 to 10.4.0.0/16`,
    right: `from ${RIGHT.net} to ${LEFT.net} from 10.4.0.0/16 to 10.3.0.0/16`,
    swan: [`${LEFT.net},10.3.0.0/16`, `${RIGHT.net},10.4.0.0/16`],
  } as const;
  await eachRole("OpenIKED", { protocol: "ESP", mode: "tunnel", flows }, IPV4, async (wire, iked) => {
    for (const [side, own, other] of [["left", 3, 4], ["right", 4, 3]] as const) {
      await must("ip", "-n", wire[side], "addr", "add", `10.${own}.0.1/16`, "dev", "lan");
      // As the lab's: to a next hop that is not there.
      await must("ip", "-n", wire[side], "route", "add", `10.${other}.0.0/16`, "via", "192.0.2.254");
    }
    assert.equal(await ping(wire.left, LEFT.host, RIGHT.host, 5, 0.2), 5, iked.process.log);
    assert.equal(await ping(wire.right, "10.4.0.1", "10.3.0.1", 5, 0.2), 5);
    const [sa] = (await iked.ctl("show", "sa")).ikeSas;
    assert.equal(sa.children.length, 1);
    assert.ok(sa.children[0].packetsIn >= 10, JSON.stringify(sa.children));
  });
});

const PORT_23 = ["strongSwan", "libreswan", "OpenIKED"].flatMap((peer) =>
  (["tunnel", "transport"] as const).map((mode) => [peer, mode] as const)
);

for (const [peer, mode] of PORT_23) {
  kernelTest(
    "matrix",
    `flows: proto tcp port 23 in ${mode} mode takes that traffic alone, with ${peer} in both roles`,
    async () => {
      const [left, right] = mode === "tunnel" ? [LEFT.net, RIGHT.net] : [IPV4.left, IPV4.right];
      const [from, to] = mode === "tunnel" ? [LEFT.host, RIGHT.host] : [IPV4.left, IPV4.right];
      const flows = {
        left: `proto tcp from ${left} to ${right} port 23`,
        right: `proto tcp from ${right} port 23 to ${left}`,
        swan: [`${left}[tcp]`, `${right}[tcp/23]`],
        libreswan: "\n  leftprotoport=tcp\n  rightprotoport=tcp/23",
      } as const;
      await eachRole(peer, { protocol: "ESP", mode, flows }, IPV4, async (wire, iked) => {
        await tcp(wire.left, wire.right, from, to, 100_000, { target: 23 });
        const before = await firstChild(iked);
        assert.ok(before.bytesIn + before.bytesOut >= 100_000, JSON.stringify(before));
        // Without a tunnel there is no way from LAN to LAN; between the hosts other traffic goes in clear.
        const passes = mode === "transport";
        assert.equal(await pingInVain(wire.left, to, "-I", from) > 0, passes);
        // Nobody listens there: who is heard says so, else there is silence.
        const connect = ["timeout", "3", "bash", "-c", `exec 3<>/dev/tcp/${to}/80`];
        assert.equal((await run("ip", "netns", "exec", wire.left, ...connect)).code, passes ? 1 : 124);
        const { packetsIn, packetsOut } = await firstChild(iked);
        assert.deepEqual([packetsIn, packetsOut], [before.packetsIn, before.packetsOut]);
      });
    },
  );
}
