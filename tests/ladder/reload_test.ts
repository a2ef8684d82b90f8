/** What a reload does to a running tunnel: one ladder for each kind of change. `a` is active, `b` passive. */
import assert from "node:assert/strict";
import { ascii, type SecretRef } from "../../src/bytes/mod.ts";
import { Secret } from "../../src/bytes/mod.ts";
import type { ReloadPlan } from "../../src/engine/mod.ts";
import type { EngineConfiguration, Policy } from "../../src/policy/types.ts";
import { assertNothingLeft } from "../support/idle.ts";
import { AUTH_RESPONSE, INIT, Ladder } from "../support/ladder.ts";
import {
  address,
  ADDRESSES,
  ESP_AEAD,
  ESP_MAC,
  flow,
  IKE_AEAD,
  IKE_MAC,
  sideA,
  sideB,
  type SideOptions,
} from "../support/policies.ts";

/** IKE_AUTH of an initiator that has another IKE SA with the same address: no INITIAL_CONTACT. */
const AGAIN = "IDi,IDr,AUTH,SA,TSi,TSr";

/** Reloads `a`, having asked for the plan before: both agree. */
async function reload(ladder: Ladder, next: EngineConfiguration): Promise<ReloadPlan> {
  const { a } = ladder.pair;
  const before = await a.engine.snapshot();
  const plan = a.engine.plan(next);
  await ladder.pair.settle();
  assert.deepEqual(await a.engine.snapshot(), before, "a plan does nothing");
  const done = await a.engine.configure(next);
  assert.ok(done.ok);
  assert.deepEqual(done.value.policies, plan.policies);
  assert.equal(done.value.starts, plan.starts.length);
  const total = Object.values(done.value.ikeSas).reduce((sum, count) => sum + count);
  assert.equal(total, plan.ikeSas.length);
  await ladder.pair.settle();
  return plan;
}

function actions({ ikeSas }: ReloadPlan): string[] {
  return ikeSas.map(({ action, children }) =>
    `${action}[${children.map((child) => child.action).join(" ")}]`
  );
}

function changed(policy: Partial<Policy>, globals: SideOptions["globals"] = {}): EngineConfiguration {
  return sideA({ policy, globals });
}

Deno.test("reload: the same file sends nothing, and SAs, flows and counters stay as they are", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const before = await pair.snapshots();
  const flows = pair.a.datapath.flows;
  assert.deepEqual(actions(await reload(ladder, sideA())), ["keep[keep]"]);
  ladder.silence();
  assert.deepEqual(await pair.snapshots(), before);
  assert.equal(pair.a.datapath.flows, flows);
});

Deno.test("reload: other proposals for Child SAs replace the Child SA by a rekey", async () => {
  const ladder = await Ladder.connected({ b: sideB({ policy: { childProposals: [ESP_MAC, ESP_AEAD] } }) });
  const [before] = await ladder.pair.a.engine.snapshot();
  const plan = await reload(ladder, changed({ childProposals: [ESP_MAC] }));
  assert.deepEqual(actions(plan), ["keep[rekey]"]);
  assert.equal(plan.ikeSas[0]!.children[0]!.reason, "changed: childsa");
  await ladder.arrow("-> CREATE_CHILD_SA request 2: N(REKEY_SA),SA,Nonce,TSi,TSr");
  await ladder.arrow("<- CREATE_CHILD_SA response 2: SA,Nonce,TSi,TSr");
  await ladder.states("established[deleting installed]", "established[deleting installed]");
  await ladder.arrow("-> INFORMATIONAL request 3: D(ESP SPI)");
  await ladder.arrow("<- INFORMATIONAL response 3: D(ESP SPI)");
  await ladder.wait(2_000);
  await ladder.states("established[installed]", "established[installed]");
  const [after] = await ladder.pair.a.engine.snapshot();
  assert.equal(after!.spiI, before!.spiI);
  assert.equal(after!.children[0]!.encr, "ENCR_AES_CBC");
  ladder.silence();
});

Deno.test("reload: another lifetime of Child SAs replaces the Child SA, which then has it", async () => {
  const ladder = await Ladder.connected();
  assert.deepEqual(actions(await reload(ladder, changed({ childLifetime: { ms: 50_000, octets: 0 } }))), [
    "keep[rekey]",
  ]);
  await ladder.pair.drive(3_000);
  await ladder.states("established[installed]", "established[installed]");
  await ladder.waitForMessage(50_000);
  await ladder.arrow("-> CREATE_CHILD_SA request 4: N(REKEY_SA),SA,Nonce,TSi,TSr");
});

Deno.test("reload: another flow is negotiated within the IKE SA, then the old Child SA is deleted", async () => {
  const flows = [flow("10.1.0.0/16", "10.2.0.0/16"), flow("10.1.0.0/16", "10.3.0.0/16")];
  const mirrored = flows.map(({ local, remote }) => ({ local: remote, remote: local }));
  const ladder = await Ladder.connected({ b: sideB({ policy: { flows: mirrored } }) });
  const plan = await reload(ladder, changed({ flows }));
  assert.deepEqual(actions(plan), ["keep[renegotiate]"]);
  assert.deepEqual(ladder.pair.a.datapath.flows.length, 2, "held back at once");
  await ladder.arrow("-> CREATE_CHILD_SA request 2: SA,Nonce,TSi,TSr");
  await ladder.arrow("<- CREATE_CHILD_SA response 2: SA,Nonce,TSi,TSr");
  await ladder.states("established[deleting installed]", "established[installed installed]");
  await ladder.arrow("-> INFORMATIONAL request 3: D(ESP SPI)");
  await ladder.arrow("<- INFORMATIONAL response 3: D(ESP SPI)");
  await ladder.states("established[installed]", "established[installed]");
  const [sa] = await ladder.pair.a.engine.snapshot();
  assert.deepEqual(sa!.children[0]!.tsRemote, ["10.2.0.0/16", "10.3.0.0/16"]);
});

Deno.test("reload: a flow that the peer does not take costs the old Child SA, and is tried again", async () => {
  const ladder = await Ladder.connected();
  await reload(ladder, changed({ flows: [flow("10.8.0.0/16", "10.9.0.0/16")] }));
  await ladder.arrow("-> CREATE_CHILD_SA request 2: SA,Nonce,TSi,TSr");
  await ladder.arrow("<- CREATE_CHILD_SA response 2: N(TS_UNACCEPTABLE)");
  await ladder.arrow("-> INFORMATIONAL request 3: D(ESP SPI)");
  await ladder.arrow("<- INFORMATIONAL response 3: D(ESP SPI)");
  await ladder.states("established[]", "established[]");
  await ladder.waitForMessage(70_000);
  await ladder.arrow("-> CREATE_CHILD_SA request 4: SA,Nonce,TSi,TSr");
});

Deno.test("reload: the passive side deletes what does not fit its flows any more, and takes what the peer begins", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const done = await pair.b.engine.configure(
    sideB({ policy: { flows: [flow("10.2.7.0/24", "10.1.0.0/16")] } }),
  );
  assert.ok(done.ok && done.value.childSas.delete === 1 && done.value.ikeSas.keep === 1);
  await ladder.arrow("<- INFORMATIONAL request 0: D(ESP SPI)");
  await ladder.arrow("-> INFORMATIONAL response 0: D(ESP SPI)");
  await ladder.waitForMessage(5_000);
  await ladder.arrow("-> CREATE_CHILD_SA request 2: SA,Nonce,TSi,TSr");
  await ladder.arrow("<- CREATE_CHILD_SA response 2: SA,Nonce,TSi,TSr");
  const [sa] = await pair.a.engine.snapshot();
  assert.deepEqual(sa!.children[0]!.tsRemote, ["10.2.7.0/24"]);
});

Deno.test("reload: another lifetime of the IKE SA replaces the IKE SA and leaves its Child SAs alone", async () => {
  const ladder = await Ladder.connected();
  const spis = async () =>
    (await ladder.pair.a.engine.snapshot()).flatMap((sa) => sa.children.map((one) => one.spiIn));
  const before = await spis();
  assert.deepEqual(actions(await reload(ladder, changed({ ikeLifetimeMs: 100_000 }))), ["rekey[keep]"]);
  await ladder.arrow("-> CREATE_CHILD_SA request 2: SA,Nonce,KE");
  await ladder.arrow("<- CREATE_CHILD_SA response 2: SA,Nonce,KE");
  await ladder.arrow("-> INFORMATIONAL request 3: D(IKE)");
  await ladder.arrow("<- INFORMATIONAL response 3: ");
  await ladder.states("established[installed]", "established[installed]");
  assert.deepEqual(await spis(), before);
  await ladder.waitForMessage(100_000);
  await ladder.arrow("-> CREATE_CHILD_SA request 0: SA,Nonce,KE");
});

Deno.test("reload: other proposals for the IKE SA make a new one first; then the old one is deleted", async () => {
  const ladder = await Ladder.connected({ b: sideB({ policy: { ikeProposals: [IKE_MAC, IKE_AEAD] } }) });
  const plan = await reload(ladder, changed({ ikeProposals: [IKE_MAC] }));
  assert.deepEqual(actions(plan), ["renegotiate[renegotiate]"]);
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.states("established[installed] + connecting[]", "established[installed] + connecting[]");
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.arrow(`-> IKE_AUTH request 1: ${AGAIN}`);
  await ladder.arrow(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  await ladder.states(
    "deleting[deleting] + established[installed]",
    "established[installed] + established[installed]",
  );
  await ladder.arrow("-> INFORMATIONAL request 2: D(IKE)");
  await ladder.arrow("<- INFORMATIONAL response 2: ");
  await ladder.states("established[installed]", "established[installed]");
  assert.equal((await ladder.pair.a.engine.snapshot())[0]!.encr, "ENCR_AES_CBC");
  ladder.silence();
});

Deno.test("reload: a key that the peer does not have costs the old IKE SA, once the new one has failed", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const secret = "psk/other" as SecretRef;
  pair.a.holder.loadSecrets([{ ref: secret, secret: new Secret(ascii("another example")) }]);
  await reload(ladder, changed({ auth: { method: "psk", secret } }));
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.arrow(`-> IKE_AUTH request 1: ${AGAIN}`);
  await ladder.states("established[installed] + connecting[]", "established[installed]");
  await ladder.arrow("<- IKE_AUTH response 1: N(AUTHENTICATION_FAILED)");
  await ladder.arrow("-> INFORMATIONAL request 2: D(IKE)");
  await ladder.arrow("<- INFORMATIONAL response 2: ");
  await ladder.states("", "");
  assert.equal(pair.a.datapath.flows.length, 1, "traffic is held back");
});

Deno.test("reload: where the peer has to begin, an IKE SA that does not fit is deleted and comes anew", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const done = await pair.b.engine.configure(sideB({ policy: { ikeProposals: [IKE_AEAD, IKE_MAC] } }));
  assert.ok(done.ok && done.value.ikeSas.delete === 1);
  await ladder.arrow("<- INFORMATIONAL request 0: D(IKE)");
  await ladder.arrow("-> INFORMATIONAL response 0: ");
  await ladder.states("", "");
  await pair.connect();
});

Deno.test("reload: a policy that is gone is deleted at the peer; its flow is held back until its SA is out", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const held: number[] = [];
  const { setFlows } = pair.a.datapath;
  pair.a.datapath.setFlows = (flows) => {
    held.push(pair.a.datapath.pairs.size);
    return setFlows.call(pair.a.datapath, flows);
  };
  const plan = await reload(ladder, { ...sideA(), policies: [] });
  assert.deepEqual(actions(plan), ["delete[delete]"]);
  assert.deepEqual(held, [0], "the flow went when no SA was there");
  await ladder.arrow("-> INFORMATIONAL request 2: D(IKE)");
  await ladder.arrow("<- INFORMATIONAL response 2: ");
  await ladder.states("", "");
  assert.deepEqual(pair.a.datapath.flows, []);
});

Deno.test("reload: a policy that is renamed keeps its SAs, and its packets their way", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const other = {
    ...sideA().policies[0]!,
    mode: "passive",
    flows: [flow("10.1.0.0/16", "10.7.0.0/16")],
  } as const;
  const next = { ...sideA(), policies: [other, { ...sideA().policies[0]!, name: "policy2" }] };
  const [before] = await pair.a.engine.snapshot();
  const plan = await reload(ladder, next);
  assert.deepEqual(plan.policies, { unchanged: 0, renamed: 1, changed: 0, added: 1, removed: 0 });
  ladder.silence();
  assert.deepEqual(await pair.a.engine.snapshot(), [{ ...before!, policy: "policy2" }]);
  const tags = pair.a.datapath.flows.map((one) => one.policy);
  assert.equal(new Set(tags).size, 2);
  const tagsOfPairs = () => [...pair.a.datapath.pairs.values()].map(({ child }) => child.policy);
  assert.deepEqual(tagsOfPairs(), [tags[1]]);
  const again = next.policies.map((one) => ({ ...one, childLifetime: { ms: 9_000_000, octets: 0 } }));
  assert.deepEqual(actions(await reload(ladder, { ...next, policies: again })), ["keep[rekey]"]);
  await pair.drive(3_000);
  assert.deepEqual(tagsOfPairs(), [tags[1]], "those made since have it too");
});

Deno.test("reload: a new active policy starts, one that becomes passive keeps its SA", async () => {
  const ladder = await Ladder.connected();
  const twin = { ...sideA().policies[0]!, name: "second", flows: [flow("10.4.0.0/16", "10.5.0.0/16")] };
  const plan = await reload(ladder, {
    ...sideA(),
    policies: [...changed({ mode: "passive" }).policies, twin],
  });
  assert.deepEqual([actions(plan), plan.starts], [["keep[keep]"], ["second"]]);
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
});

Deno.test("reload: a name that has another address moves the tunnel there, the old one ends when the new one is up", async () => {
  const { a, b, nat: elsewhere } = ADDRESSES[4];
  const named = (...addresses: typeof a[]) =>
    changed({ peer: { kind: "name", name: "peer.example.com", addresses } });
  const ladder = await Ladder.connected({ a: named(b) });
  const { pair } = ladder;
  assert.deepEqual(actions(await reload(ladder, named(elsewhere, b))), ["keep[keep]"]);
  assert.deepEqual(actions(await reload(ladder, named())), ["keep[keep]"], "no address says nothing");
  const plan = await reload(ladder, named(elsewhere));
  assert.deepEqual(actions(plan), ["renegotiate[renegotiate]"]);
  assert.equal(plan.ikeSas[0]!.reason, "the name has another address");
  const sent = pair.network.inFlight.flatMap(({ arrival }) =>
    arrival.kind === "ike" ? [arrival.datagram] : []
  );
  assert.deepEqual(sent.map(({ local }) => local.address), [elsewhere]);
  await ladder.states("established[installed] + connecting[]", "established[installed]");
  // Nobody is there: the old one stays as long as it lives, and is its policy's again.
  await pair.driveUntil("given up", async () => (await pair.a.engine.snapshot()).length === 1, 200_000);
  await ladder.states("established[installed]", "established[installed]");
  await pair.during(pair.b.engine.reset("sa"));
  await pair.driveUntil(
    "tried at the new address again",
    async () => (await pair.a.engine.snapshot()).some((sa) => sa.peer.address === "203.0.113.3"),
    10_000,
  );
});

Deno.test("reload: a policy waits for a name without address, and starts when it has one", async () => {
  const named = (...addresses: ReturnType<typeof address>[]) =>
    changed({ peer: { kind: "name", name: "peer.example.com", addresses } });
  const ladder = await Ladder.start({ a: named() });
  await ladder.wait(1_000_000);
  ladder.silence();
  const plan = await reload(ladder, named(ADDRESSES[4].b));
  assert.deepEqual(plan.starts, ["to-b"]);
  await ladder.pair.connect();
});

Deno.test("reload: flows that the data path refuses change nothing", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  pair.a.datapath.failing = "setFlows";
  const before = await pair.snapshots();
  const flows = [flow("10.1.0.0/16", "10.9.0.0/16")];
  const done = await pair.a.engine.configure(changed({ flows, ikeProposals: [IKE_MAC] }));
  assert.equal(done.ok, false);
  await pair.settle();
  ladder.silence();
  assert.deepEqual(await pair.snapshots(), before);
  pair.a.datapath.failing = undefined;
  assert.deepEqual(actions(await reload(ladder, sideA())), ["keep[keep]"]);
});

Deno.test("reload: `set decouple` takes the SAs out of the data path, `set couple` brings new ones into it", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  await reload(ladder, changed({}, { couple: false }));
  assert.deepEqual([pair.a.datapath.pairs.size, pair.a.datapath.flows], [0, []]);
  await ladder.states("established[installed]", "established[installed]");
  ladder.silence();
  assert.deepEqual(actions(await reload(ladder, sideA())), ["keep[rekey]"]);
  assert.equal(pair.a.datapath.flows.length, 1);
  await pair.drive(3_000);
  assert.equal(pair.a.datapath.pairs.size, 1);
  await ladder.states("established[installed]", "established[installed]");
});

Deno.test("reload: during IKE_SA_INIT other IKE proposals begin anew, other lifetimes are in force when it is up", async () => {
  const ladder = await Ladder.start();
  await reload(ladder, changed({ ikeLifetimeMs: 40_000, childLifetime: { ms: 30_000, octets: 0 } }));
  await ladder.pair.connect();
  await ladder.pair.drive(3_000);
  await ladder.states("established[installed]", "established[installed]");
  const other = await Ladder.start({ b: sideB({ policy: { ikeProposals: [IKE_MAC] } }) });
  await reload(other, changed({ ikeProposals: [IKE_MAC] }));
  await other.pair.connect();
  assert.equal((await other.pair.a.engine.snapshot())[0]!.encr, "ENCR_AES_CBC");
});

Deno.test("reload: while the IKE SA is being replaced, a changed flow is negotiated on the successor", async () => {
  const flows = [flow("10.1.0.0/16", "10.2.0.0/24")];
  const ladder = await Ladder.connected({ a: changed({ ikeLifetimeMs: 60_000 }) });
  await ladder.waitForMessage(60_000);
  await reload(ladder, changed({ ikeLifetimeMs: 60_000, flows }));
  await ladder.pair.driveUntil("the Child SA is the new one", async () => {
    const [a, b] = await ladder.pair.snapshots();
    return [a, b].every((sas) =>
      sas.length === 1 && sas[0]!.children.length === 1 &&
      [...sas[0]!.children[0]!.tsLocal, ...sas[0]!.children[0]!.tsRemote].includes("10.2.0.0/24")
    );
  }, 30_000);
});

Deno.test("reload: while a Child SA is being replaced, another key moves to a new IKE SA and leaves nothing behind", async () => {
  const ladder = await Ladder.connected({ a: changed({ childLifetime: { ms: 60_000, octets: 0 } }) });
  const { pair } = ladder;
  await ladder.waitForMessage(60_000);
  const secret = "psk/same" as SecretRef;
  pair.a.holder.loadSecrets([{ ref: secret, secret: new Secret(ascii("example-psk-do-not-use")) }]);
  await reload(ladder, changed({ auth: { method: "psk", secret } }));
  await pair.drive();
  await ladder.states("established[installed]", "established[installed]");
  for (const host of pair.hosts) await pair.during(host.engine.shutdown());
  await assertNothingLeft(pair);
});

Deno.test("reload: two at once are taken one after the other, and none during a shutdown", async () => {
  const ladder = await Ladder.connected();
  const { pair } = ladder;
  const both = await Promise.all([
    pair.a.engine.configure(changed({ flows: [flow("10.1.0.0/16", "10.9.0.0/16")] })),
    pair.a.engine.configure(sideA()),
  ]);
  assert.deepEqual(both.map(({ ok }) => ok), [true, true]);
  assert.deepEqual(pair.a.datapath.flows.map(({ remote }) => remote), [
    sideA().policies[0]!.flows[0]!.remote,
  ]);
  await pair.driveUntil("the tunnel is as it was", () => pair.connected(), 60_000);
  const ending = pair.a.engine.shutdown();
  const late = await pair.during(pair.a.engine.configure(changed({ flows: [] })));
  assert.equal(late.ok, false);
  await pair.during(ending);
  assert.deepEqual(pair.a.datapath.flows, []);
  await pair.during(pair.b.engine.shutdown());
  await assertNothingLeft(pair);
});

Deno.test("reload: when the new IKE SA is up, an old one whose peer is silent goes without a complaint", async () => {
  const ladder = await Ladder.connected({ b: sideB({ policy: { ikeProposals: [IKE_MAC, IKE_AEAD] } }) });
  const { pair } = ladder;
  await reload(ladder, changed({ ikeProposals: [IKE_MAC] }));
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.arrow(`-> IKE_AUTH request 1: ${AGAIN}`);
  await ladder.arrow(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  for (let tries = 0; tries < 6; tries++) {
    ladder.lose("-> INFORMATIONAL request 2: D(IKE)");
    if (tries < 5) await ladder.waitForMessage(80_000);
  }
  await ladder.wait(80_000);
  assert.equal((await pair.a.engine.snapshot()).length, 1);
  assert.deepEqual(pair.a.events.filter(({ kind }) => kind === "failed"), []);
  const [down] = pair.a.events.flatMap((event) => event.kind === "ike-down" ? [event.reason] : []);
  assert.equal(down, "configuration changed");
});
