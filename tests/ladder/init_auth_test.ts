import assert from "node:assert/strict";
import { AUTH_REQUEST, AUTH_RESPONSE, INIT, Ladder } from "../support/ladder.ts";
import {
  ESP_AEAD,
  ESP_MAC,
  flow,
  IKE_AEAD,
  IKE_MAC,
  selector,
  sideA,
  sideB,
  withKe,
} from "../support/policies.ts";

const SUITES = [
  ["AEAD", { ikeProposals: [IKE_AEAD], childProposals: [ESP_AEAD] }],
  ["cipher and MAC", { ikeProposals: [IKE_MAC], childProposals: [ESP_MAC] }],
] as const;

for (const family of [4, 6] as const) {
  for (const [name, policy] of SUITES) {
    Deno.test(`ladder: IKE_SA_INIT and IKE_AUTH over IPv${family} with ${name} make one tunnel`, async () => {
      const ladder = await Ladder.start({
        family,
        a: sideA({ policy }, family),
        b: sideB({ policy }, family),
      });
      await ladder.states("connecting[]", "");
      await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
      await ladder.states("connecting[]", "connecting[]");
      await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
      await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
      await ladder.states("connecting[]", "established[installed]");
      await ladder.arrow(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
      await ladder.states("established[installed]", "established[installed]");
      ladder.silence();
      await ladder.pair.traffic.assertPasses();
      ladder.pair.traffic.assertNothingLost();
    });
  }
}

Deno.test("ladder: before the tunnel is up packets are held back, never in clear", async () => {
  const ladder = await Ladder.start();
  ladder.pair.traffic.both();
  const { a, b } = ladder.pair.traffic.from;
  assert.deepEqual([a.held, a.clear, b.held, b.clear], [1, 0, 1, 0]);
});

Deno.test("ladder: INVALID_KE_PAYLOAD makes the initiator try the group that the responder wants", async () => {
  const ladder = await Ladder.start({
    a: sideA({ policy: { ikeProposals: [withKe(IKE_AEAD, 31, 19)] } }),
    b: sideB({ policy: { ikeProposals: [withKe(IKE_AEAD, 19)] } }),
  });
  const first = await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.states("connecting[]", "");
  await ladder.arrow("<- IKE_SA_INIT response 0: N(INVALID_KE_PAYLOAD)");
  const second = await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  assert.deepEqual(
    [first, second].map(({ payloads }) => payloads.find((one) => one.type === "KE")?.group),
    [31, 19],
  );
  await ladder.pair.connect();
  assert.deepEqual(ladder.pair.a.holder.stats().pendingKe, 0);
  await ladder.states("established[installed]", "established[installed]");
});

Deno.test("ladder: no common IKE proposal is refused in IKE_SA_INIT and explained on both sides", async () => {
  const ladder = await Ladder.start({
    a: sideA({ policy: { ikeProposals: [IKE_AEAD] } }),
    b: sideB({ policy: { ikeProposals: [IKE_MAC] } }),
  });
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow("<- IKE_SA_INIT response 0: N(NO_PROPOSAL_CHOSEN)");
  // Anybody could have forged the refusal: it is reported, and the request is sent again (RFC 7296 §2.21.1).
  await ladder.states("connecting[]", "");
  ladder.silence();
  assert.equal(failureCode(ladder, "b"), "no-ike-proposal");
  assert.equal(failureCode(ladder, "a"), "refused-ike");
  await ladder.waitForMessage(5_000);
  ladder.lose(`-> IKE_SA_INIT request 0: ${INIT}`);
});

Deno.test("ladder: a wrong PSK is AUTHENTICATION_FAILED inside SK, and nothing stays", async () => {
  const ladder = await Ladder.start({ pskA: "example-psk-one", pskB: "example-psk-two" });
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  await ladder.states("connecting[]", "");
  await ladder.arrow("<- IKE_AUTH response 1: N(AUTHENTICATION_FAILED)");
  await ladder.states("", "");
  ladder.silence();
  assert.equal(failureCode(ladder, "b"), "auth-failed");
  assert.equal(failureCode(ladder, "a"), "refused-auth");
  for (const { holder, datapath } of ladder.pair.hosts) {
    assert.deepEqual([holder.stats().sas, holder.stats().pendingKe, datapath.pairs.size], [0, 0, 0]);
  }
});

Deno.test("ladder: no common Child proposal keeps the IKE SA without a Child SA", async () => {
  const ladder = await Ladder.start({
    a: sideA({ policy: { childProposals: [ESP_AEAD] } }),
    b: sideB({ policy: { childProposals: [ESP_MAC] } }),
  });
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  await ladder.arrow("<- IKE_AUTH response 1: IDr,AUTH,N(NO_PROPOSAL_CHOSEN)");
  await ladder.states("established[]", "established[]");
  assert.equal(failureCode(ladder, "b"), "no-child-proposal");
  assert.equal(failureCode(ladder, "a"), "refused-child");
});

Deno.test("ladder: no common selector is TS_UNACCEPTABLE, and the IKE SA stays", async () => {
  const ladder = await Ladder.start({
    b: sideB({ policy: { flows: [flow("10.9.0.0/16", "10.8.0.0/16")] } }),
  });
  await ladder.arrow(`-> IKE_SA_INIT request 0: ${INIT}`);
  await ladder.arrow(`<- IKE_SA_INIT response 0: ${INIT}`);
  await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  await ladder.arrow("<- IKE_AUTH response 1: IDr,AUTH,N(TS_UNACCEPTABLE)");
  await ladder.states("established[]", "established[]");
  assert.equal(failureCode(ladder, "b"), "no-selectors");
  assert.equal(failureCode(ladder, "a"), "refused-child");
});

Deno.test("ladder: the responder narrows, and both sides install the narrowed selectors", async () => {
  const narrow = { local: selector("10.2.3.0/24", 6, 80), remote: selector("10.1.0.0/16") };
  const ladder = await Ladder.start({ b: sideB({ policy: { flows: [narrow] } }) });
  await ladder.pair.connect();
  const [a, b] = await ladder.pair.snapshots();
  const ts = (list: typeof a) => {
    const child = list[0]!.children[0]!;
    return { local: child.tsLocal, remote: child.tsRemote };
  };
  assert.deepEqual(ts(b).local, ["10.2.3.0/24[tcp/80]"]);
  assert.deepEqual(ts(a), { local: ts(b).remote, remote: ts(b).local });
});

/** The code of the one failure that a host reported. */
function failureCode(ladder: Ladder, name: "a" | "b"): string | undefined {
  const reports = ladder.pair[name].events.filter((event) => event.kind === "failed");
  return reports.map((event) => event.report.code).join(" ");
}
