import assert from "node:assert/strict";
import { dumpRules, parseRule } from "../../src/datapath/rtnetlink/mod.ts";
import { formatAddress, formatEndpoint } from "../../src/ip/mod.ts";
import { endpoint, filler, GCM, selector } from "../datapath/support.ts";
import { Capture } from "./capture.ts";
import { Host, hostTest } from "./namespaces.ts";
import { Gateways, NetRole, netStart, noPing, transferTcp } from "./userland_gateway.ts";

hostTest("userland: without SA a flow's packets stay here, and the engine is asked for one", async (libc) => {
  const gateways = new Gateways(libc);
  try {
    await gateways.start();
    const tap = new Capture(gateways.here);
    const role = gateways.roles[0];
    for (const to of ["10.2.0.1", "2001:db8:2::1"]) {
      assert.equal((await gateways.ping("-c", "2", "-W", "1", to)).received, 0);
    }
    await role.until(() => role.events.length >= 2);
    const asked = role.events.map((event) =>
      event.kind === "acquire"
        ? `${formatAddress(event.source!)} ${formatAddress(event.destination!)}`
        : event.kind
    );
    assert.deepEqual([...new Set(asked)], ["10.1.0.1 10.2.0.1", "2001:db8:1::1 2001:db8:2::1"]);
    assert.deepEqual([...tap.kinds()], []);
    tap.close();
    assert.deepEqual(await role.main.drops(), { heldBack: 4 });
  } finally {
    await gateways.close();
  }
}, noPing);

hostTest(
  "userland: a path of 1,300 octets behind a router is learnt, TCP and ping live with it",
  async (libc) => {
    const gateways = new Gateways(libc, "router");
    try {
      await gateways.start();
      for (const outer of [4, 6] as const) {
        const id = await gateways.install({ suite: GCM, outer, udpEncap: outer === 4 });
        for (const to of ["10.2.0.1", "2001:db8:2::1"]) {
          await transferTcp(gateways, to, 400_000);
          const tooLong = await gateways.ping("-c", "3", "-W", "1", "-M", "do", "-s", "1330", to);
          assert.equal(tooLong.received, 0);
          assert.match(tooLong.text, /mtu[=: ]+12[0-9]{2}/, tooLong.text);
          const fits = await gateways.ping("-c", "2", "-w", "20", "-M", "do", "-s", "1160", to);
          assert.equal(fits.received, 2, fits.text);
        }
        await gateways.remove(id);
      }
    } finally {
      await gateways.close();
    }
  },
  noPing,
);

for (const datapath of ["userland", "none"] as const) {
  hostTest(
    `net role (${datapath}): IKE datagrams up to 65,507 octets reach the engine with their ends, empty ones end here`,
    async (libc) => {
      const gateways = new Gateways(libc);
      try {
        await gateways.start({ datapaths: [{ datapath, reason: "the test" }] });
        const [here, there] = gateways.roles;
        const lengths = [0, 1, 28, 3000, 65_503];
        for (const six of [false, true]) {
          for (const natt of [false, true]) {
            const port = natt ? 4500 : 500;
            const local = endpoint(six ? "2001:db8::1" : "192.0.2.1", port);
            const remote = endpoint(six ? "2001:db8::2" : "192.0.2.2", port);
            // With the marker, less than an IKE header is taken for no IKE at all (RFC 3948 §2.2).
            const sent = lengths.filter((length) => !natt || length >= 4).map((length) => ({
              local,
              remote,
              data: filler(length, port),
              natt,
            }));
            there.datagrams.length = 0;
            here.engine.send(sent);
            await there.until(() =>
              there.datagrams.length === sent.filter(({ data }) => data.length > 0).length
            );
            const expected = sent.filter(({ data }) => data.length > 0)
              .map((datagram) => ({ ...datagram, local: remote, remote: local }));
            assert.deepEqual(there.datagrams, expected);
          }
        }
        const source = await here.engine.sourceFor(endpoint("192.0.2.2", 500));
        assert.equal(source && formatEndpoint(source), "192.0.2.1:500");
        assert.equal(await here.engine.sourceFor(endpoint("203.0.113.9", 500)), undefined);
      } finally {
        await gateways.close();
      }
    },
  );
}

hostTest(
  "net role: a second one on the same host says that the port is in use, and what to do",
  async (libc) => {
    const host = new Host(libc);
    const first = await NetRole.start(host, netStart());
    assert.ok(typeof first !== "string", String(first));
    const second = await NetRole.start(host, netStart());
    assert.equal(
      second,
      "Cannot bind UDP 0.0.0.0:500: address already in use (EADDRINUSE): another IKE daemon is running; stop it",
    );
    await first.close();
    host.close();
  },
);

hostTest("net role: close takes device, rules and ports away, and another one can start", async (libc) => {
  const host = new Host(libc);
  const ours = () =>
    host.netlink.require(dumpRules(4), "read the rules").filter((message) =>
      parseRule(message)?.protocol === 72
    );
  for (let round = 0; round < 2; round++) {
    const role = await NetRole.start(host, netStart());
    assert.ok(typeof role !== "string", String(role));
    const flow = { policy: "example", local: selector("10.1.0.0/16"), remote: selector("10.2.0.0/16") };
    assert.ok((await role.engine.setFlows([flow])).ok);
    assert.ok(ours().length > 0);
    assert.equal(host.index("iked0") > 0, true);
    await role.close();
    assert.equal(ours().length, 0);
    assert.throws(() => host.index("iked0"));
  }
  host.close();
});

hostTest(
  "net role: a pair whose outer family or encapsulation has no socket is refused with a reason",
  async (libc) => {
    const gateways = new Gateways(libc);
    try {
      const { nattPort: _, ...withoutNatt } = netStart();
      await gateways.start(withoutNatt, "exactly");
      await assert.rejects(
        gateways.install({ suite: GCM, outer: 4, udpEncap: true }),
        /No socket for ESP in UDP over IPv4/,
      );
      await gateways.install({ suite: GCM, outer: 4, udpEncap: false });
    } finally {
      await gateways.close();
    }
  },
);
