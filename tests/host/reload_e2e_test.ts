import assert from "node:assert/strict";
import { ask } from "../../cli/ctl/client.ts";
import type { IkeSnapshot } from "../../src/engine/types.ts";
import { IKED } from "../cli/iked_process.ts";
import { type Gateway } from "./gateway.ts";
import { hostTest } from "./namespaces.ts";
import { bringUp, policy } from "./policies.ts";
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
      const answered = pings.map(({ lines }) => lines.length);
      for (const done of await Promise.all([reload(left), reload(right)])) taken[done ? "yes" : "no"]++;
      // However quick the machine is, pings of both sides come and go in each round.
      await Promise.all(pings.map((each, at) => each.line(/ bytes from /, answered[at]!)));
    }
    assert.deepEqual(taken, { yes: ROUNDS, no: ROUNDS });
    for (const each of pings) {
      const { received, lost } = await stopPinging(each);
      assert.ok(received >= ROUNDS, `only ${received} pings`);
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

hostTest(
  "iked: a reload with other lifetimes and proposals for Child SAs replaces them under traffic: not a packet is lost",
  async (libc) => {
    await using sites = new Sites(libc);
    const { left, right } = sites;
    left.configure(policy("left"));
    right.configure(policy("right"));
    await bringUp(sites);
    const [before] = await left.sas();
    const pings = [
      keepPinging(sites.leftLan, "10.2.0.2", 0.005),
      keepPinging(sites.rightLan, "10.1.0.2", 0.005),
    ];
    for (const each of pings) await each.line(/ bytes from /);
    for (const more of ["lifetime 2h", "childsa enc aes-256-gcm lifetime 2h", ""]) {
      const { length } = left.daemon.lines;
      left.configure(policy("left", { more }));
      assert.ok(await reload(left));
      await left.daemon.line(/ child-rekeyed /, length);
    }
    for (const each of pings) {
      await each.line(/ bytes from /, each.lines.length);
      assert.equal((await stopPinging(each)).lost, 0);
    }
    const [after] = await left.sas();
    assert.equal(after!.spiI, before!.spiI);
    assert.notEqual(after!.children.at(-1)!.spiIn, before!.children[0]!.spiIn);
  },
  noPing,
);

/** Why there can be no hosts(5) of a daemon's own. */
const noMounts = (() => {
  try {
    const args = ["-m", "true"];
    const { success } = new Deno.Command("unshare", { args, stdout: "null", stderr: "null" }).outputSync();
    return success ? noPing : "unshare -m fails";
  } catch {
    return "no unshare(1)";
  }
})();

hostTest(
  "iked: a policy waits for a name of its peer, starts when it has an address, and moves with it",
  async (libc) => {
    await using sites = new Sites(libc);
    const { left, right } = sites;
    left.configure(policy("left", { peer: "right.example.com" }));
    right.configure(policy("right", { local: "any", peer: "any" }));
    const hosts = `${left.folder}/hosts`;
    Deno.writeTextFileSync(hosts, "127.0.0.1 localhost\n");
    right.host.address("outer", "192.0.2.22/24");
    await right.start();
    const words = ["-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts, ...IKED];
    await left.start(["unshare", ...words]);
    assert.match(left.daemon.log, /"right\.example\.com" has no address now/);
    assert.deepEqual(await left.sas(), []);
    Deno.writeTextFileSync(hosts, "192.0.2.2 right.example.com\n");
    await left.daemon.line(/ names moved, policies: 1 changed; .* starts: 1$/);
    await left.daemon.line(/ child-up /);
    assert.deepEqual((await left.sas()).map(({ peer }) => peer.address), ["192.0.2.2"]);
    const pings = keepPinging(sites.leftLan, "10.2.0.2", 0.01);
    await pings.line(/ bytes from /);
    const { length } = left.daemon.lines;
    Deno.writeTextFileSync(hosts, "192.0.2.22 right.example.com\n");
    // The name is good for a minute more; whoever cannot wait reloads.
    assert.ok(await reload(left));
    await left.daemon.line(/ ike-up .*peer=192\.0\.2\.22/, length);
    // The peer took the new one for a first contact (RFC 7296 §2.4): the old one is gone there.
    await right.daemon.line(/ ike-down .*reason="initial contact"/);
    await pings.line(/ bytes from /, pings.lines.length);
    await stopPinging(pings);
    const up = (await left.sas()).filter(({ state }) => state === "established");
    assert.deepEqual(up.map(({ peer }) => peer.address), ["192.0.2.22"]);
    assert.doesNotMatch(left.daemon.log, /failed negotiation/);
  },
  noMounts,
);
