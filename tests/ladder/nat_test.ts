import assert from "node:assert/strict";
import { ADDRESSES } from "../support/policies.ts";
import { AUTH_REQUEST, AUTH_RESPONSE, INIT, Ladder } from "../support/ladder.ts";

for (const [behind, family] of [["a", 4], ["b", 4], ["a", 6], ["b", 6]] as const) {
  Deno.test(`ladder: with "${behind}" behind NAT (IPv${family}) both float to port 4500 and put ESP into UDP`, async () => {
    const ladder = await Ladder.start({ nat: behind, family });
    const init = await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
    assert.deepEqual([init.datagram.local.port, init.datagram.natt], [500, false]);
    await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
    const auth = await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
    assert.deepEqual([auth.datagram.local.port, auth.datagram.natt], [4500, true]);
    await ladder.arrow(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);

    const [a, b] = await ladder.pair.snapshots();
    assert.deepEqual([a[0]!.nat, b[0]!.nat], behind === "a" ? ["local", "remote"] : ["remote", "local"]);
    assert.deepEqual([a[0]!.children[0]!.encap, b[0]!.children[0]!.encap], ["udp", "udp"]);
    const [ofA, ofB] = ladder.pair.hosts.map((host) => [...host.datapath.pairs.values()][0]!.child);
    assert.deepEqual([ofA!.keepalive, ofB!.keepalive], [behind === "a", behind === "b"]);
    assert.deepEqual([ofA!.followPeer, ofB!.followPeer], [behind === "b", behind === "a"]);
    await ladder.pair.traffic.assertPasses();
  });
}

Deno.test("ladder: a peer that its NAT moves is followed, by IKE and by ESP", async () => {
  const ladder = await Ladder.connected({ nat: "a" });
  const { pair } = ladder;
  const before = [...pair.b.datapath.pairs.values()][0]!.remote;
  assert.deepEqual(before.address, ADDRESSES[4].nat);
  pair.network.nats[0]!.rebind();
  pair.traffic.send("a");
  await pair.drive();
  const after = [...pair.b.datapath.pairs.values()][0]!.remote;
  assert.notEqual(after.port, before.port);
  const [, b] = await pair.snapshots();
  assert.equal(b[0]!.peer.port, after.port, "IKE follows what ESP learnt");
  await pair.traffic.assertPasses();
});

Deno.test("ladder: without NAT everything stays on port 500 and ESP is not in UDP", async () => {
  const ladder = await Ladder.connected();
  assert.ok(ladder.pair.network.record.every((sent) => sent.destination.port === 500 && !sent.natt));
  const [a] = await ladder.pair.snapshots();
  assert.deepEqual([a[0]!.nat, a[0]!.children[0]!.encap], ["none", "none"]);
  const installed = ladder.pair.hosts.flatMap((host) => [...host.datapath.pairs.values()]);
  assert.ok(installed.every(({ child }) => !child.followPeer && !child.keepalive));
});
