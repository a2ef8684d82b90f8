import assert from "node:assert/strict";
import { Capture } from "./capture.ts";
import { runOn } from "./gateway.ts";
import { type Host, hostTest } from "./namespaces.ts";
import { bringUp, configure } from "./policies.ts";
import { keepPinging, noIproute, noPing, ping, pingInVain, Sites, stopPinging } from "./sites.ts";

const BOTH_FAMILIES = "from 10.1.0.0/16 to 10.2.0.0/16 from 2001:db8:1::/64 to 2001:db8:2::/64";
const MIRRORED = "from 10.2.0.0/16 to 10.1.0.0/16 from 2001:db8:2::/64 to 2001:db8:1::/64";

/** What of the flows reaches the peer's network: from the gateway without and with source, and forwarded. */
async function arrivals({ left, leftLan }: Sites): Promise<number> {
  const counts = await Promise.all(["10.2.0.2", "2001:db8:2::2"].flatMap((to) => [
    pingInVain(left.host, to, 2),
    pingInVain(left.host, to, 2, "-I", to.includes(":") ? "2001:db8:1::1" : "10.1.0.1"),
    pingInVain(leftLan, to, 2),
  ]));
  return counts.reduce((sum, count) => sum + count);
}
const ALL = 12;

/** What the kernel has of rules, routes and devices. */
async function kernelState(host: Host): Promise<string> {
  // Duplicate address detection adds routes when it is done, a second after the address.
  for (let asked = 0; asked < 1000; asked++) {
    const { stdout } = await runOn(host, "ip", "-6", "address", "show", "tentative");
    if (stdout === "") break;
  }
  const parts = ["-4 rule", "-6 rule", "-4 route show table all", "-6 route show table all", "-brief link"];
  const shown = await Promise.all(parts.map((words) => runOn(host, "ip", ...words.split(" "))));
  return shown.map(({ stdout }) => stdout).join("\n");
}

hostTest(
  "iked: from ready on nothing of a flow goes in clear, not after kill -9 either, until it is stopped",
  async (libc) => {
    await using sites = new Sites(libc);
    const { left, right } = sites;
    configure(sites, { flows: BOTH_FAMILIES }, { flows: MIRRORED });
    assert.equal(await arrivals(sites), ALL, "without iked all of it passes in clear");
    const before = await kernelState(left.host);

    using wire = new Capture(left.host);
    await left.start();
    assert.equal(await arrivals(sites), 0);
    const { heldBack } = await left.drops();
    assert.equal(heldBack, ALL);
    // The peer's host says that nothing listens there (ICMP type 3).
    assert.deepEqual(wire.kinds(), new Set(["udp 500>500", "icmp 3"]));

    await left.kill();
    assert.equal(await arrivals(sites), 0);
    assert.deepEqual(wire.kinds(), new Set());

    // From the moment of the new start on, too: the pings go on while it takes over.
    await right.start();
    wire.take();
    const pings = ["10.2.0.2", "2001:db8:2::2"].map((to) => keepPinging(sites.leftLan, to, 0.02));
    await left.start();
    await Promise.all(pings.map((running) => running.line(/ bytes from /)));
    await Promise.all(pings.map(stopPinging));
    assert.deepEqual(wire.kinds(), new Set(["udp 500>500", "ip 50"]));
    assert.equal(await arrivals(sites), ALL);
    assert.deepEqual(wire.kinds(), new Set(["ip 50"]));

    assert.equal((await left.daemon.stop()).code, 0);
    await right.daemon.line(/ ike-down /);
    assert.equal(await kernelState(left.host), before);
    assert.equal((await right.daemon.stop()).code, 0);
    wire.take();
    assert.equal(await arrivals(sites), ALL);
    assert.deepEqual(wire.kinds(), new Set(["icmp 8", "icmp 0", "icmp 128", "icmp 129"]));
  },
  noPing ?? noIproute,
);

hostTest(
  "iked: a tunnel that is up and killed at both ends lets nothing through in clear, nor ESP of old keys",
  async (libc) => {
    await using sites = new Sites(libc);
    configure(sites);
    await bringUp(sites);
    assert.equal(await ping(sites.leftLan, "10.2.0.2", 2), 2);
    using wire = new Capture(sites.left.host);
    await sites.left.kill();
    await sites.right.kill();
    wire.take();
    assert.equal(await pingInVain(sites.leftLan, "10.2.0.2", 3), 0);
    assert.equal(await pingInVain(sites.rightLan, "10.1.0.2", 3), 0);
    assert.deepEqual(wire.kinds(), new Set());
    await sites.right.start();
    await sites.left.start();
    await sites.left.daemon.line(/ child-up /);
    assert.equal(await ping(sites.rightLan, "10.1.0.2", 3), 3);
    assert.deepEqual(wire.kinds(), new Set(["udp 500>500", "ip 50"]));
  },
  noPing,
);
