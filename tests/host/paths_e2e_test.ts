import assert from "node:assert/strict";
import { Capture } from "./capture.ts";
import { hostTest } from "./namespaces.ts";
import { moveNat, noNat, translate } from "./nat.ts";
import { bringUp, configure, type Says } from "./policies.ts";
import { keepPinging, noIproute, noPing, ping, Sites, stopPinging, tcp } from "./sites.ts";

/** Ping both ways and TCP both ways between the hosts behind the gateways. */
async function carries({ leftLan, rightLan }: Sites): Promise<void> {
  assert.equal(await ping(leftLan, "10.2.0.2", 3), 3);
  assert.equal(await ping(rightLan, "10.1.0.2", 3), 3);
  assert.equal(await ping(leftLan, "10.2.0.2", 2, "-s", "4000"), 2);
  await tcp([leftLan, "10.1.0.2"], [rightLan, "10.2.0.2"], 1_000_000);
  await tcp([rightLan, "10.2.0.2"], [leftLan, "10.1.0.2"], 1_000_000);
}

const OUTSIDE: readonly (readonly [string, Says, Says])[] = [
  ["IPv4", {}, {}],
  ["IPv6", { local: "2001:db8::1", peer: "2001:db8::2" }, { local: "2001:db8::2", peer: "2001:db8::1" }],
];

for (const [family, left, right] of OUTSIDE) {
  hostTest(
    `iked: without NAT, ${family} outside, ESP is IP protocol 50 and carries ping and TCP`,
    async (libc) => {
      await using sites = new Sites(libc);
      configure(sites, left, right);
      await bringUp(sites);
      using wire = new Capture(sites.left.host);
      await carries(sites);
      assert.deepEqual(wire.kinds(), new Set(["ip 50"]));
      const [sa] = await sites.left.sas();
      assert.deepEqual([sa!.nat, sa!.children[0]!.encap], ["none", "none"]);
    },
    noPing,
  );
}

const BEHIND_NAT: Says = { local: "198.51.100.2" };

hostTest(
  "iked: the end behind a NAT begins: ESP goes in UDP, and the far end follows a new mapping",
  async (libc) => {
    await using sites = new Sites(libc, "nat");
    const { left, right } = sites, nat = sites.nat!;
    await translate(nat, "20000-29999");
    configure(sites, BEHIND_NAT, { peer: "any" });
    await bringUp(sites);
    const [ours] = await left.sas(), [theirs] = await right.sas();
    assert.deepEqual([ours!.nat, theirs!.nat], ["local", "remote"]);
    assert.deepEqual([ours!.children[0]!.encap, theirs!.children[0]!.encap], ["udp", "udp"]);
    assert.equal(theirs!.peer.address, "192.0.2.1");
    assert.ok(theirs!.peer.port >= 20_000 && theirs!.peer.port < 30_000, `${theirs!.peer.port}`);
    using wire = new Capture(right.host);
    await carries(sites);
    assert.deepEqual(
      wire.kinds(),
      new Set([`udp ${theirs!.peer.port}>4500`, `udp 4500>${theirs!.peer.port}`]),
    );

    for (const [ports, from, to] of [["30000-39999", 1, 1], ["40000-49999", 1, 9]] as const) {
      const pings = keepPinging(sites.leftLan, "10.2.0.2", 0.1);
      await pings.line(/ bytes from /);
      await translate(nat, ports);
      await moveNat(nat, `192.0.2.${from}`, `192.0.2.${to}`);
      const low = Number(ports.slice(0, 5));
      await wire.until(({ kind }) => Number(/^udp 4500>(\d+)$/.exec(kind)?.[1]) >= low);
      const { length } = pings.lines;
      await pings.line(/ bytes from /, length);
      await stopPinging(pings);
      const [moved] = await right.sas();
      assert.equal(moved!.id, theirs!.id, "the same IKE SA goes on");
      assert.deepEqual([moved!.spiI, moved!.peer.address], [theirs!.spiI, `192.0.2.${to}`]);
      assert.ok(moved!.peer.port >= low && moved!.peer.port < low + 10_000, `${moved!.peer.port}`);
      await carries(sites);
    }
    assert.equal((await right.daemon.stop()).code, 0);
    await left.daemon.line(/ ike-down /);
  },
  noPing ?? noIproute ?? noNat,
);

hostTest("iked: the end before the NAT begins, where the NAT forwards 500 and 4500", async (libc) => {
  await using sites = new Sites(libc, "nat");
  await translate(sites.nat!, "20000-29999", "198.51.100.2");
  configure(sites, { ...BEHIND_NAT, mode: "passive" }, { mode: "active" });
  await sites.left.start();
  await sites.right.start();
  await Promise.all([sites.left, sites.right].map(({ daemon }) => daemon.line(/ child-up /)));
  const [ours] = await sites.left.sas(), [theirs] = await sites.right.sas();
  assert.deepEqual([ours!.role, ours!.nat, theirs!.nat], ["responder", "local", "remote"]);
  using wire = new Capture(sites.right.host);
  await carries(sites);
  assert.deepEqual(wire.kinds(), new Set(["udp 4500>4500"]));
}, noPing ?? noNat);
