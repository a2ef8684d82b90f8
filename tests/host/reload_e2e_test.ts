import assert from "node:assert/strict";
import { ask } from "../../cli/ctl/client.ts";
import type { IkeSnapshot } from "../../src/engine/types.ts";
import { type Gateway } from "./gateway.ts";
import { hostTest } from "./namespaces.ts";
import { bringUp } from "./policies.ts";
import { keepPinging, noPing, Sites, stopPinging } from "./sites.ts";

const ROUNDS = 200;
/** The policy without a name is numbered: one more in front of it gives it another one. */
const PSK = "0x5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e";
const LEFT =
  `ikev2 active esp from 10.1.0.0/16 to 10.2.0.0/16 peer 192.0.2.2 srcid left.example.com psk ${PSK}\n`;
const RIGHT =
  `ikev2 passive esp from 10.2.0.0/16 to 10.1.0.0/16 peer 192.0.2.1 srcid right.example.com psk ${PSK}\n`;
const OTHER = `ikev2 passive esp from 10.8.0.0/16 to 10.9.0.0/16 peer 192.0.2.77 psk ${PSK}\n`;

/** Files of which every second one is broken; the others say the same of the tunnel in different places. */
function fileOf(own: string, round: number): string {
  switch (round % 8) {
    case 1:
      return own.replace("esp", "epsilon");
    case 2:
      return `# a line more\n${own}`;
    case 3:
      return `${own}include "/nonexistent/iked.conf"\n`;
    case 4:
      return OTHER + own;
    case 5:
      return own + own.replace("ikev2", 'ikev2 "policy1"');
    case 6:
      return `${own}${OTHER}set dpd_check_interval 30\n`;
    case 7:
      return own.slice(0, -10);
    default:
      return own;
  }
}

/** `iked ctl reload`, without a process of its own; whether it was taken. */
async function reload(gateway: Gateway): Promise<boolean> {
  let taken = false;
  const asked = await ask(gateway.socket, { method: "reload", params: { plan: false } }, (reply) => {
    taken = reply.kind === "result";
    return "done";
  });
  assert.ok(asked.ok, `${gateway.daemon.log}`);
  return taken;
}

/** What a reload must not change: all but the name of the policy and the counters. */
function lasting(sas: readonly IkeSnapshot[]) {
  return sas.map(({ policy: _name, children, ...ike }) => ({
    ...ike,
    children: children.map(({ bytesIn: _b, bytesOut: _o, packetsIn: _p, packetsOut: _q, ...child }) => child),
  }));
}

hostTest(
  `iked: ${ROUNDS} reloads on each side under traffic, half of them of broken files: not a packet is lost, and all SAs stay`,
  async (libc) => {
    await using sites = new Sites(libc);
    const { left, right } = sites;
    left.configure(LEFT);
    right.configure(RIGHT);
    await bringUp(sites);
    const before = [lasting(await left.sas()), lasting(await right.sas())];
    assert.equal(before[0]![0]!.children.length, 1);
    const pings = [
      keepPinging(sites.leftLan, "10.2.0.2", 0.005),
      keepPinging(sites.rightLan, "10.1.0.2", 0.005),
    ];
    for (const each of pings) await each.line(/ bytes from /);
    const taken = { yes: 0, no: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      left.configure(fileOf(LEFT, round));
      right.configure(fileOf(RIGHT, round + 3));
      for (const done of await Promise.all([reload(left), reload(right)])) taken[done ? "yes" : "no"]++;
    }
    assert.deepEqual(taken, { yes: ROUNDS, no: ROUNDS });
    for (const each of pings) {
      await each.line(/ bytes from /, each.lines.length);
      const { received, lost } = await stopPinging(each);
      assert.ok(received > ROUNDS, `only ${received} pings`);
      assert.equal(lost, 0);
    }
    assert.deepEqual([lasting(await left.sas()), lasting(await right.sas())], before);
    // What the kernel of its own accord sends into the device is no packet of a policy.
    for (const { noPolicy: _kernel, ...lost } of [await left.drops(), await right.drops()]) {
      assert.deepEqual(lost, {});
    }
    assert.match(left.daemon.log, /reload refused, nothing changed/);
    assert.doesNotMatch(left.daemon.log + right.daemon.log, / child-down | ike-down | child-rekeyed /);
  },
  noPing,
);
