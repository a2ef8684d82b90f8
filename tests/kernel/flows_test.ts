/** Flows of one family in a tunnel of the other, several in one Child SA, and of one port. Runs in the lab's VM. */
import assert from "node:assert/strict";
import { Iked } from "../interop/iked.ts";
import { ping, run, tcp, Wire } from "../interop/lab.ts";
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

/** A policy of one Child SA with strongSwan, and both begun by either side. */
async function eachRole(
  kind: Kind,
  path: Path,
  shown: (wire: Wire, iked: Iked) => Promise<void>,
): Promise<void> {
  for (const [ours, theirs] of [["left", "right"], ["right", "left"]] as const) {
    await using wire = await Wire.create("", path.mode);
    const start = () => Iked.start(wire[ours], policyOf(ours, kind, path), "-K", "xfrm");
    const peer = () => startKind("strongSwan", wire[theirs], theirs, kind, path);
    await using first = await (ours === "left" ? peer() : start());
    await using second = await (ours === "left" ? start() : peer());
    const iked = (ours === "left" ? second : first) as Iked;
    if (ours === "right") await peerInitiates("strongSwan", second as Awaited<ReturnType<typeof peer>>);
    await iked.process.line(/child-up/);
    await shown(wire, iked);
    await stopsClean(iked, wire[ours]);
  }
}

for (const protocol of ["ESP", "AH"] as const) {
  kernelTest("matrix", `flows: ${protocol} carries IPv6 in IPv4, in both roles`, async () => {
    await eachRole({ protocol, mode: "tunnel", flows: INNER6 }, IPV4, async (wire, iked) => {
      assert.equal(await ping(wire.left, "fd01::1", "fd02::1", 5, 0.2), 5, iked.process.log);
      assert.equal(await ping(wire.right, "fd02::1", "fd01::1", 5, 0.2), 5);
      assert.ok((await firstChild(iked)).packetsIn >= 10);
    });
  });
}

kernelTest("matrix", "flows: one Child SA carries two flows of two families, in both roles", async () => {
  await eachRole({ protocol: "ESP", mode: "tunnel", flows: BOTH }, IPV4, async (wire, iked) => {
    assert.equal(await ping(wire.left, "fd01::1", "fd02::1", 5, 0.2), 5, iked.process.log);
    assert.equal(await ping(wire.right, RIGHT.host, LEFT.host, 5, 0.2), 5);
    const [sa] = (await iked.ctl("show", "sa")).ikeSas;
    assert.equal(sa.children.length, 1);
    assert.ok(sa.children[0].packetsIn >= 10, JSON.stringify(sa.children));
  });
});

for (const mode of ["tunnel", "transport"] as const) {
  kernelTest(
    "matrix",
    `flows: proto tcp port 23 in ${mode} mode takes that traffic alone, in both roles`,
    async () => {
      const [left, right] = mode === "tunnel" ? [LEFT.net, RIGHT.net] : [IPV4.left, IPV4.right];
      const [from, to] = mode === "tunnel" ? [LEFT.host, RIGHT.host] : [IPV4.left, IPV4.right];
      const flows = {
        left: `proto tcp from ${left} to ${right} port 23`,
        right: `proto tcp from ${right} port 23 to ${left}`,
        swan: [`${left}[tcp]`, `${right}[tcp/23]`],
      } as const;
      await eachRole({ protocol: "ESP", mode, flows }, IPV4, async (wire, iked) => {
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
