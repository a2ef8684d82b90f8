/** What takes its time: keepalives, rekeys by time, peers that died. All of it at once, each with hosts of its own. */
import assert from "node:assert/strict";
import type { Libc } from "../../ffi/libc/mod.ts";
import { Capture } from "./capture.ts";
import { hostTest } from "./namespaces.ts";
import { noNat, translate } from "./nat.ts";
import { bringUp, configure } from "./policies.ts";
import { keepPinging, noPing, ping, pingInVain, Sites, stopPinging, tcp } from "./sites.ts";

/** RFC 3948 §2.3 and §4: one octet 0xff, from the end behind the NAT alone. */
async function keepsTheMapping(libc: Libc): Promise<void> {
  await using sites = new Sites(libc, "nat");
  await translate(sites.nat!, "20000-29999");
  configure(sites, { local: "198.51.100.2" }, { peer: "any" });
  await bringUp(sites);
  using wire = new Capture(sites.left.host);
  const { kind, payload } = await wire.until(({ natt }) => natt === "keepalive");
  assert.equal(kind, "udp 4500>4500");
  assert.deepEqual([...payload.subarray(8)], [0xff]);
  const { malformedEsp, unknownSpi } = await sites.right.drops();
  assert.deepEqual([malformedEsp, unknownSpi], [undefined, undefined]);
}

/**
 * RFC 7296 §2.8: the one end replaces the Child SA, the other the IKE SA. (Where both replace the IKE SA at once they
 * put each other off, and one of a few seconds can end before the next try.)
 */
async function rekeysByTime(libc: Libc): Promise<void> {
  await using sites = new Sites(libc);
  const { left, right } = sites;
  const allow = "W019";
  configure(sites, { more: "lifetime 24", allow }, { more: "ikelifetime 36", allow });
  await bringUp(sites);
  const pings = [keepPinging(sites.leftLan, "10.2.0.2", 0.05), keepPinging(sites.rightLan, "10.1.0.2", 0.05)];
  const count = (event: string) => left.daemon.log.split(` ${event} `).length - 1;
  while (count("ike-rekeyed") < 2 || count("child-rekeyed") < 3) {
    await tcp([sites.leftLan, "10.1.0.2"], [sites.rightLan, "10.2.0.2"], 500_000);
  }
  for (const running of pings) {
    const { received, lost } = await stopPinging(running);
    assert.ok(received > 200, `${received} pings`);
    assert.equal(lost, 0, `${running.log}\n${left.daemon.log}\n${right.daemon.log}`);
  }
  for (const { daemon } of [left, right]) {
    assert.equal(daemon.log.match(/ (ike|child)-up /g)!.length, 2, daemon.log);
    assert.doesNotMatch(daemon.log, /: (warning|error): /);
  }
}

/**
 * RFC 4301 §4.4.2.1: a lifetime in octets. Once a new pair is near, the octets come in small parts: on a busy machine
 * the exchange and the parts take longer alike, so the old pair is not spent before the new one is there. Both ends
 * count the same octets, and often begin at once (RFC 7296 §2.8.1).
 */
async function rekeysByOctets(libc: Libc): Promise<void> {
  await using sites = new Sites(libc);
  const { left, right } = sites;
  const more = "lifetime 3h bytes 4M";
  configure(sites, { more }, { more });
  await bringUp(sites);
  const send = (octets: number) => tcp([sites.leftLan, "10.1.0.2"], [sites.rightLan, "10.2.0.2"], octets);
  const rekeys = () => left.daemon.log.split(" child-rekeyed ").length - 1;
  const assertUp = () =>
    assert.doesNotMatch(left.daemon.log + right.daemon.log, / (failed negotiation|ike-down|child-down) /);
  for (let round = 1; round <= 3; round++) {
    await send(2_600_000);
    for (; rekeys() < round; assertUp()) await send(50_000);
  }
  assertUp();
}

/** The same on a fast one: the pair ends before the exchange does, and packets wait for the next. */
async function outrunsItsLifetime(libc: Libc): Promise<void> {
  await using sites = new Sites(libc);
  const { left, right } = sites;
  const more = "lifetime 3h bytes 2M";
  configure(sites, { more }, { more });
  await bringUp(sites);
  await tcp([sites.leftLan, "10.1.0.2"], [sites.rightLan, "10.2.0.2"], 10_000_000);
  assert.doesNotMatch(left.daemon.log + right.daemon.log, / (failed negotiation|ike-down) /);
  const pings = keepPinging(sites.leftLan, "10.2.0.2", 0.1);
  await pings.line(/ bytes from /);
  await stopPinging(pings);
}

const PROBING = "set dpd_check_interval 3\n";

/** RFC 7296 §2.4: silence in spite of all retransmissions is death. */
async function findsThePeerDead(libc: Libc): Promise<void> {
  await using sites = new Sites(libc);
  const { left, right } = sites;
  configure(sites, { before: PROBING });
  await bringUp(sites);
  await right.kill();
  await left.daemon.line(/ failed negotiation reason=timeout .*peer=192\.0\.2\.2 .*fix="/);
  await left.daemon.line(/ child-down .*reason=timeout/);
  await left.daemon.line(/ ike-down .*reason=timeout/);
  assert.equal(await pingInVain(sites.leftLan, "10.2.0.2", 2), 0);
  const { length } = left.daemon.lines;
  await right.start();
  await left.daemon.line(/ child-up /, length);
  assert.equal(await ping(sites.leftLan, "10.2.0.2", 3), 3);
}

/** The peer comes back without its SAs and has nothing to say: the probe finds out. */
async function findsThePeerForgetful(libc: Libc): Promise<void> {
  await using sites = new Sites(libc);
  configure(sites, { before: PROBING });
  await bringUp(sites);
  const pings = keepPinging(sites.leftLan, "10.2.0.2", 0.2);
  await pings.line(/ bytes from /);
  await sites.right.kill();
  const { length } = pings.lines;
  await sites.right.start();
  await pings.line(/ bytes from /, length);
  await stopPinging(pings);
}

type Scenario = readonly [name: string, run: (libc: Libc) => Promise<void>];

/** Side by side; those of one course one after the other. */
const COURSES: readonly (readonly Scenario[])[] = [
  [["behind a NAT an idle end keeps the mapping by 0xff", keepsTheMapping]],
  [
    ["SAs of 24 and 36 s are replaced without a lost ping, and TCP goes on", rekeysByTime],
    ["Child SAs of 4 MB are replaced before they are spent, again and again, under TCP", rekeysByOctets],
    [
      "where 2 MB are gone before there is a new Child SA, TCP takes longer and loses nothing",
      outrunsItsLifetime,
    ],
  ],
  [["a peer that was killed is found dead, and the policy comes back with it", findsThePeerDead]],
  [["a peer that was killed and is back at once is found out, and pings come back", findsThePeerForgetful]],
];

hostTest("iked, given time (two minutes)", async (libc, context) => {
  const unsanitized = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };
  const passed = await Promise.all(COURSES.map(async (course) => {
    for (const [name, run] of course) {
      if (!await context.step({ name, fn: () => run(libc), ...unsanitized })) return false;
    }
    return true;
  }));
  assert.deepEqual(passed, COURSES.map(() => true));
}, noPing ?? noNat);
