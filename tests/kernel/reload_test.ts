/** Reloads under traffic on the kernel's IPsec. Runs in the VM of `../shared/lab` (`tests/kernel/run`). */
import assert from "node:assert/strict";
import { Capture } from "../host/capture.ts";
import type { Gateway } from "../host/gateway.ts";
import { bringUp, configure, policy } from "../host/policies.ts";
import { keepPinging, stopPinging } from "../host/sites.ts";
import { kernelTables, sitesTest } from "./sites.ts";

const ROUNDS = 20;
const OTHER =
  'ikev2 passive esp from 10.8.0.0/16 to 10.9.0.0/16 peer 192.0.2.77 psk "visibly another example"\n';

/** Files that say the same of the tunnel in other places; every fourth is broken. */
function fileOf(own: string, round: number): string {
  return [own.replace("esp", "epsilon"), `# a line more\n${own}`, OTHER + own, `${own}${OTHER}`][round % 4]!;
}

async function reload(gateway: Gateway): Promise<boolean> {
  return (await gateway.iked("ctl", "-s", gateway.socket, "reload")).code === 0;
}

/** The policies of the tunnel, without those of `OTHER`. */
function ofTunnel(policies: string): string {
  return policies.split(/^(?=src )/m).filter((one) => !/10\.[89]\.0\.0/.test(one)).sort().join("");
}

sitesTest(
  "matrix",
  `xfrm: ${ROUNDS} reloads on each side under traffic lose no packet; SAs and policies of the kernel are not touched`,
  async (sites) => {
    const { left, right } = sites;
    configure(sites);
    await bringUp(sites);
    const own = [policy("left"), policy("right")] as const;
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
    for (const each of pings) assert.equal((await stopPinging(each)).lost, 0);
    const after = await Promise.all([left, right].map(({ host }) => kernelTables(host)));
    for (const side of [0, 1]) {
      assert.equal(after[side]!.states, before[side]!.states);
      assert.equal(ofTunnel(after[side]!.policies), ofTunnel(before[side]!.policies));
    }
    assert.doesNotMatch(left.daemon.log + right.daemon.log, / child-down | ike-down | child-rekeyed /);
  },
);

sitesTest(
  "matrix",
  "xfrm: a reload with other flows: not a packet of the old or the new ones goes in clear in between",
  async (sites) => {
    const { left, right } = sites;
    configure(sites);
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
      right.configure(policy("right", { flows: theirs }));
      assert.ok(await reload(right));
      left.configure(policy("left", { flows: mine }));
      assert.ok(await reload(left));
      await left.daemon.line(/ child-up /, length);
      await pings.line(/ bytes from /, answers);
    }
    await stopPinging(pings);
    assert.deepEqual([...wire.kinds()].filter((kind) => !/^(ip 50|udp 500>500)$/.test(kind)), []);
  },
);
