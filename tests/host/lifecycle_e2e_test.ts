import assert from "node:assert/strict";
import { hostTest } from "./namespaces.ts";
import { bringUp, configure } from "./policies.ts";
import { keepPinging, noPing, ping, Sites, stopPinging } from "./sites.ts";

hostTest("iked: a peer that stops cleanly says DELETE, and both sides are clean", async (libc) => {
  await using sites = new Sites(libc);
  const { left, right } = sites;
  configure(sites);
  await bringUp(sites);
  assert.equal((await left.daemon.stop()).code, 0);
  await right.daemon.line(/ child-down .*reason="deleted by the peer"/);
  await right.daemon.line(/ ike-down .*reason="deleted by the peer"/);
  assert.deepEqual(await right.sas(), []);
  assert.doesNotMatch(left.daemon.log + right.daemon.log, /: (error|warning): /);
}, noPing);

/** Who is restarted, how it ends before, and who has traffic that wants an answer meanwhile. */
const RESTARTS = [
  ["the active end stops", "left", "SIGTERM", "leftLan"],
  ["the active end stops", "left", "SIGTERM", "rightLan"],
  ["the active end is killed", "left", "SIGKILL", "leftLan"],
  ["the active end is killed", "left", "SIGKILL", "rightLan"],
  ["the passive end stops", "right", "SIGTERM", "leftLan"],
  ["the passive end stops", "right", "SIGTERM", "rightLan"],
  ["the passive end is killed", "right", "SIGKILL", "rightLan"],
] as const;

for (const [what, side, signal, from] of RESTARTS) {
  const name =
    `iked: ${what} and starts again: pings from ${from === "leftLan" ? "the active" : "the passive"} ` +
    "end's network come back by themselves";
  hostTest(name, async (libc) => {
    await using sites = new Sites(libc);
    configure(sites);
    await bringUp(sites);
    const pings = keepPinging(sites[from], from === "leftLan" ? "10.2.0.2" : "10.1.0.2", 0.1);
    await pings.line(/ bytes from /);
    await sites[side].daemon.stop(signal);
    const { length } = pings.lines;
    await sites[side].start();
    await pings.line(/ bytes from /, length);
    await stopPinging(pings);
    assert.equal(await ping(sites.leftLan, "10.2.0.2", 3), 3);
    assert.equal(await ping(sites.rightLan, "10.1.0.2", 3), 3);
  }, noPing);
}

hostTest("iked: a passive policy is negotiated when traffic asks for it", async (libc) => {
  await using sites = new Sites(libc);
  const { left, right } = sites;
  configure(sites, { mode: "passive" }, { mode: "passive" });
  await right.start();
  await left.start();
  assert.deepEqual(await left.sas(), []);
  const pings = keepPinging(sites.leftLan, "10.2.0.2", 0.1);
  await pings.line(/ bytes from /);
  await stopPinging(pings);
  const [sa] = await left.sas();
  assert.deepEqual([sa!.role, sa!.state, sa!.children.length], ["initiator", "established", 1]);
  assert.deepEqual(sa!.children[0]!.tsLocal, ["10.1.0.0/16"]);
  assert.equal(await ping(sites.rightLan, "10.1.0.2", 3), 3);
}, noPing);
