import assert from "node:assert/strict";
import { AddressMonitor, ERRNO, inNetns, Poller } from "../../ffi/libc/mod.ts";
import {
  dumpAddresses,
  dumpRoutes,
  linkByName,
  newAddress,
  newRule,
  newVeth,
  parseAddress,
  setLink,
} from "../../src/datapath/rtnetlink/mod.ts";
import { parsePrefix } from "../../src/ip/mod.ts";
import { Host, hostTest } from "./namespaces.ts";

hostTest("A refusal carries errno and the kernel's own words", (libc) => {
  const host = new Host(libc);
  const bad = {
    family: 4,
    priority: 100,
    protocol: 72,
    action: { kind: "table", table: 7296 },
    ipProtocol: 6,
    destinationPorts: { start: 9, end: 5 },
  } as const;
  const answer = host.netlink.request(newRule(bad), "add a rule");
  assert.deepEqual(answer, {
    ok: false,
    error: {
      errno: ERRNO.EINVAL,
      message: "Cannot add a rule: invalid argument (EINVAL): Invalid dport range",
    },
  });
  assert.throws(() => host.netlink.require(linkByName("none0"), "find none0"), {
    message: "Cannot find none0: no such device (ENODEV)",
  });
  const table = host.netlink.request(dumpRoutes(4, 7296), "read a table that is not there");
  assert.ok(!table.ok && table.error.errno === ERRNO.ENOENT);
  host.close();
});

hostTest("A dump of many datagrams comes whole, and the next request gets its own answer", (libc) => {
  const host = new Host(libc);
  const index = host.index("lo");
  const count = 600;
  for (let i = 0; i < count; i++) {
    const prefix = parsePrefix(`10.9.${i >> 8}.${i & 255}/32`)!;
    host.netlink.require(newAddress(index, prefix), "add an address");
  }
  const all = host.netlink.require(dumpAddresses(), "read the addresses").map(parseAddress);
  assert.equal(all.filter((one) => one !== undefined && one.address.value >> 16n === 0x0a09n).length, count);
  assert.equal(host.netlink.require(linkByName("lo"), "find lo").length, 1);
  host.close();
});

hostTest(
  "A change of addresses wakes the monitor, once for all that came before it is drained",
  async (libc) => {
    const host = new Host(libc);
    const monitor = inNetns(libc, host.netns, () => new AddressMonitor(libc));
    assert.equal(monitor.drain(), false);
    host.address("lo", "10.1.0.1/32");
    host.address("lo", "10.1.0.2/32");
    const poller = new Poller(libc);
    poller.watch(monitor.fd);
    assert.equal(await poller.wait(5000), 1);
    assert.equal(monitor.drain(), true);
    assert.equal(monitor.drain(), false);
    poller.close();
    monitor.close();
    host.close();
  },
);

hostTest("A pair of devices goes into two namespaces, by descriptor and at once", (libc) => {
  const here = new Host(libc), there = new Host(libc);
  here.netlink.require(newVeth("a0", "b0", { fd: there.netns }), "make a pair");
  assert.ok(here.index("a0") > 0 && there.index("b0") > 0);
  assert.throws(() => here.index("b0"), /ENODEV/);
  here.netlink.require(setLink(here.index("a0"), { namespace: { fd: there.netns }, name: "c0" }), "move it");
  assert.ok(there.index("c0") > 0);
  for (const host of [here, there]) host.close();
});
