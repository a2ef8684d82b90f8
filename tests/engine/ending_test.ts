/** Commands that end SAs while those are being made or replaced: nothing survives by its successor. */
import assert from "node:assert/strict";
import { assertNothingLeft } from "../support/idle.ts";
import { AUTH_REQUEST, AUTH_RESPONSE, INIT, Ladder } from "../support/ladder.ts";
import { Pair } from "../support/pair.ts";
import { sideA } from "../support/policies.ts";

/** A tunnel whose `a` has sent the request that is to replace the IKE SA. */
async function replacing(): Promise<Ladder> {
  const ladder = await Ladder.connected({ a: sideA({ policy: { ikeLifetimeMs: 60_000 } }) });
  await ladder.waitForMessage(60_000);
  return ladder;
}

Deno.test("reset sa: an IKE SA that is just being replaced goes, and so does its successor", async () => {
  const ladder = await replacing();
  const { pair } = ladder;
  pair.a.engine.setActive(false);
  const done = pair.a.engine.reset("sa");
  await pair.settle();
  await ladder.arrow("-> CREATE_CHILD_SA request 2: SA,Nonce,KE");
  await ladder.arrow("<- CREATE_CHILD_SA response 2: SA,Nonce,KE");
  await pair.during(done);
  assert.deepEqual(await pair.a.engine.snapshot(), [], "gone when the call returns");
  await pair.drive();
  await ladder.states("", "");
});

Deno.test("configure: a policy that goes while its IKE SA is being replaced takes the successor with it", async () => {
  const ladder = await replacing();
  const { pair } = ladder;
  await pair.a.engine.configure({ ...sideA(), policies: [] });
  await pair.drive();
  await ladder.states("", "");
  assert.deepEqual(pair.hosts.map((host) => host.datapath.pairs.size), [0, 0]);
});

Deno.test("shutdown: the peer is told of the end of a successor that is just being made", async () => {
  const ladder = await replacing();
  const { pair } = ladder;
  await pair.during(pair.a.engine.shutdown());
  await pair.drive();
  await ladder.states("", "");
  await pair.during(pair.b.engine.shutdown());
  await assertNothingLeft(pair);
});

Deno.test("enforcesingleikesa: an older IKE SA that is just being replaced goes with its successor", async () => {
  const a = sideA({ policy: { ikeLifetimeMs: 60_000 }, globals: { enforceSingleIkeSa: true } });
  const two = { ...a.policies[0]!, name: "second", mode: "passive", ikeLifetimeMs: 0 } as const;
  const ladder = await Ladder.connected({ a: { ...a, policies: [...a.policies, two] } });
  const { pair } = ladder;
  await ladder.waitForMessage(60_000);
  const rekey = ladder.lose("-> CREATE_CHILD_SA request 2: SA,Nonce,KE");
  const address = { family: 4, value: 0x0a01_0001n } as const;
  pair.a.engine.handleDatapath({
    kind: "acquire",
    policy: "second",
    source: address,
    destination: address,
  });
  await pair.settle();
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.arrow("-> IKE_AUTH request 1: IDi,IDr,AUTH,SA,TSi,TSr");
  await ladder.arrow(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  await ladder.deliver(rekey.datagram);
  await pair.drive();
  const left = await pair.a.engine.snapshot();
  assert.deepEqual(left.map((sa) => [sa.policy, sa.state]), [["second", "established"]]);
});

Deno.test("shutdown: a responder that has just let the peer in says DELETE", async () => {
  const ladder = await Ladder.start();
  const { pair } = ladder;
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  const { datagram } = ladder.lose(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  pair.b.engine.handleDatagrams([datagram]);
  // The handler of IKE_AUTH waits for the holder of keys.
  await undefined;
  const done = pair.b.engine.shutdown();
  await pair.during(done);
  await pair.drive();
  assert.deepEqual(await pair.b.engine.snapshot(), []);
  assert.ok((await pair.a.engine.snapshot()).every((sa) => sa.state === "connecting"));
});

Deno.test("shutdown: an initiator whose IKE_AUTH is under way waits for the answer and says DELETE", async () => {
  const ladder = await Ladder.start();
  const { pair } = ladder;
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  await ladder.states("connecting[]", "established[installed]");
  await pair.during(pair.a.engine.shutdown());
  await pair.drive();
  await ladder.states("", "");
});

Deno.test("end: SPIs of an IKE SA and of its Child SAs are free again, whichever side ends it", async () => {
  const pair = await new Pair({ fewSpis: 6 }).start();
  for (let round = 0; round < 12; round++) {
    await pair.connect();
    await pair.during(pair.hosts[round % 2]!.engine.reset("sa"));
  }
  await pair.connect();
});
