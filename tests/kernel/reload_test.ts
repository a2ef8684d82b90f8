/** Reloads under traffic on the kernel's IPsec. Runs in the VM of `../shared/lab` (`tests/kernel/run`). */
import assert from "node:assert/strict";
import { Capture } from "../host/capture.ts";
import type { Gateway } from "../host/gateway.ts";
import { bringUp, configure, policy } from "../host/policies.ts";
import { keepPinging, stopPinging } from "../host/sites.ts";
import { kernelTables, sitesTest } from "./sites.ts";

const ROUNDS = 12;
const GCM = { more: "childsa enc aes-256-gcm" };
const OTHER =
  'ikev2 passive esp from 10.8.0.0/16 to 10.9.0.0/16 peer 192.0.2.77 psk "visibly another example"\n';

/** Files that say the same of the tunnel in other places; every fourth is broken. */
function fileOf(own: string, round: number): string {
  const forms = [
    own.replace("esp", "epsilon"),
    `# a line more\n${own}`,
    `${own}set dpd_check_interval 30\n`,
    own + OTHER,
  ];
  return forms[round % forms.length]!;
}

async function reload(gateway: Gateway): Promise<boolean> {
  return (await gateway.iked("ctl", "-s", gateway.socket, "reload")).code === 0;
}

/** The policies of the tunnel, without those of `OTHER` and of sockets. */
function ofTunnel(policies: string): string {
  return policies.split(/^(?=src )/m).filter((one) => /10\.1\.0\.0/.test(one)).sort().join("");
}

sitesTest(
  "matrix",
  `xfrm: ${ROUNDS} reloads on each side under traffic lose no packet; SAs and policies of the kernel are not touched`,
  async (sites) => {
    const { left, right } = sites;
    configure(sites, GCM, GCM);
    await bringUp(sites);
    const own = [policy("left", GCM), policy("right", GCM)] as const;
    const before = await Promise.all([left, right].map(({ host }) => kernelTables(host)));
    assert.match(before[0]!.states, /spi 0x/);
    assert.match(before[0]!.policies, /dir out/);
    const pings = [
      keepPinging(sites.leftLan, "10.2.0.2", 0.05),
      keepPinging(sites.rightLan, "10.1.0.2", 0.05),
    ];
    for (const each of pings) await each.line(/ bytes from /);
    let taken = 0;
    for (let round = 0; round < ROUNDS; round++) {
      left.configure(fileOf(own[0], round));
      right.configure(fileOf(own[1], round + 2));
      const answered = pings.map(({ lines }) => lines.length);
      for (const done of await Promise.all([reload(left), reload(right)])) taken += done ? 1 : 0;
      await Promise.all(pings.map((each, at) => each.line(/ bytes from /, answered[at]!)));
    }
    assert.equal(taken, 2 * ROUNDS * 3 / 4);
    const after = await Promise.all([left, right].map(({ host }) => kernelTables(host)));
    for (const side of [0, 1]) {
      assert.equal(after[side]!.states, before[side]!.states);
      assert.equal(ofTunnel(after[side]!.policies), ofTunnel(before[side]!.policies));
    }
    // Another precedence puts other policies in their place, and loses nothing.
    left.configure(OTHER + own[0]);
    assert.ok(await reload(left));
    await Promise.all(pings.map((each) => each.line(/ bytes from /, each.lines.length)));
    for (const each of pings) assert.equal((await stopPinging(each)).lost, 0);
    assert.equal((await kernelTables(left.host)).states, before[0]!.states);
    assert.doesNotMatch(left.daemon.log + right.daemon.log, / child-down | ike-down | child-rekeyed /);
  },
);

sitesTest(
  "matrix",
  "xfrm: a reload with other flows: not a packet of the old or the new ones goes in clear in between",
  async (sites) => {
    const { left, right } = sites;
    configure(sites, GCM, GCM);
    await bringUp(sites);
    using wire = new Capture(left.host);
    const pings = keepPinging(sites.leftLan, "10.2.0.2", 0.01);
    await pings.line(/ bytes from /);
    const flows = [
      ["from 10.1.0.0/17 to 10.2.0.0/17", "from 10.2.0.0/17 to 10.1.0.0/17"],
      ["from 10.1.0.0/24 to 10.2.0.0/16", "from 10.2.0.0/16 to 10.1.0.0/24"],
      ["from 10.1.0.0/16 to 10.2.0.0/16", "from 10.2.0.0/16 to 10.1.0.0/16"],
    ] as const;
    for (const [mine, theirs] of flows) {
      const { length } = left.daemon.lines, answers = pings.lines.length;
      right.configure(policy("right", { ...GCM, flows: theirs }));
      assert.ok(await reload(right));
      left.configure(policy("left", { ...GCM, flows: mine }));
      assert.ok(await reload(left));
      await left.daemon.line(/ child-up /, length);
      await pings.line(/ bytes from /, answers);
    }
    await stopPinging(pings);
    // What came by ESP is seen on the device a second time, in clear: answers, never what we sent.
    assert.ok(!wire.kinds().has("icmp 8"), "a packet went in clear");
  },
);
