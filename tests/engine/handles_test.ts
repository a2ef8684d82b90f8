/** What the holder of keys and the data path gave out comes back on every way out. */
import assert from "node:assert/strict";
import type { EngineEvent } from "../../src/engine/types.ts";
import { faultOf } from "../../src/exchange/reasons.ts";
import { assertNothingLeft } from "../support/idle.ts";
import { ESP_MAC, IKE_MAC, selector, sideA, sideB } from "../support/policies.ts";
import { type Host, Pair, type PairOptions } from "../support/pair.ts";

const SOON = { retransmitMs: 100, halfOpenMs: 2_000 };

function codes(host: Host): string[] {
  const failed = host.events.filter((event): event is EngineEvent & { kind: "failed" } =>
    event.kind === "failed"
  );
  return failed.map(({ report }) => report.code);
}

/** Runs a negotiation that fails in this way, then shuts both down. */
async function failing(options: PairOptions, prepare: (pair: Pair) => void = () => {}): Promise<Pair> {
  const pair = new Pair({ timing: SOON, ...options });
  prepare(pair);
  await pair.start();
  await pair.advance(20_000);
  await pair.during(Promise.all(pair.hosts.map((host) => host.engine.shutdown())));
  await assertNothingLeft(pair);
  return pair;
}

for (const step of ["startKe", "finishIke", "authenticate"] as const) {
  Deno.test(`handles: the initiator's ${step} fails, nothing is left`, async () => {
    const pair = await failing({}, ({ a }) => a.keys.failing = step);
    assert.ok(codes(pair.a).includes("keys"), codes(pair.a).join());
  });
}

for (const step of ["finishIke", "authenticate"] as const) {
  Deno.test(`handles: the responder's ${step} fails, nothing is left`, async () => {
    const pair = await failing({}, ({ b }) => b.keys.failing = step);
    assert.ok(codes(pair.b).includes("keys"), codes(pair.b).join());
  });
}

for (const [who, step] of [["a", "startKe"], ["a", "finishIke"], ["b", "finishIke"]] as const) {
  Deno.test(`handles: a full holder of keys at ${step} of "${who}" is our own doing, told so, and passes`, async () => {
    const pair = new Pair({ timing: SOON });
    pair[who].keys.failing = step;
    pair[who].keys.error = { code: "too-many" };
    await pair.start();
    await pair.advance(1_000);
    const [failed] = pair[who].events.filter((event) => event.kind === "failed");
    assert.ok(failed?.kind === "failed" && failed.report.code === "keys-full", codes(pair[who]).join());
    assert.equal(faultOf({ code: "keys-full" }), "local");
    assert.ok(failed.report.fix?.includes("negotiations"));
    if (who === "b") assert.deepEqual(codes(pair.a), [], "silence: the initiator tries on");
    pair[who].keys.failing = undefined;
    await pair.connect();
  });
}

Deno.test("handles: a full holder of keys puts the peer's rekey off, and the SA stays", async () => {
  const pair = await new Pair({ a: sideA({ policy: { ikeLifetimeMs: 60_000 } }) }).start();
  await pair.connect();
  pair.b.keys.failing = "finishIke";
  pair.b.keys.error = { code: "too-many" };
  await pair.driveUntil("the rekey is put off", () => codes(pair.b).includes("keys-full"));
  pair.b.keys.failing = undefined;
  const rekeyed = () => pair.a.events.some((event) => event.kind === "ike-rekeyed");
  await pair.driveUntil("the next try replaces the IKE SA", rekeyed, 10_000);
  assert.ok(pair.hosts.every(({ events }) => events.every((event) => event.kind !== "ike-down")));
  await pair.connect();
});

for (const who of ["a", "b"] as const) {
  Deno.test(`handles: the data path of "${who}" refuses the Child SA: it is on neither side, and the log says so`, async () => {
    const pair = new Pair({ timing: SOON });
    pair[who].datapath.failing = "install";
    await pair.start();
    await pair.advance(2_000);
    const [a, b] = await pair.snapshots();
    assert.deepEqual([...a, ...b].map((sa) => [sa.state, sa.children.length]), [["established", 0], [
      "established",
      0,
    ]]);
    assert.equal(pair.a.datapath.pairs.size + pair.b.datapath.pairs.size, 0);
    assert.ok(codes(pair[who]).includes("datapath"));
    await pair.during(Promise.all(pair.hosts.map((host) => host.engine.shutdown())));
    await assertNothingLeft(pair);
  });
}

const HOSTS = [{ local: selector("0.0.0.0/0"), remote: selector("0.0.0.0/0") }];

const FAILURES: readonly (readonly [string, PairOptions, string, string])[] = [
  ["no peer answers", { conditions: { loss: 1 } }, "timeout", ""],
  ["wrong PSK", { pskB: "another-example-psk" }, "refused-auth", "auth-failed"],
  [
    "no common IKE proposal",
    { b: sideB({ policy: { ikeProposals: [IKE_MAC] } }) },
    "refused-ike",
    "no-ike-proposal",
  ],
  [
    "no common Child proposal",
    { b: sideB({ policy: { childProposals: [ESP_MAC] } }) },
    "refused-child",
    "no-child-proposal",
  ],
  [
    "no common selectors",
    {
      b: sideB({ policy: { flows: [{ local: selector("10.8.0.0/16"), remote: selector("10.9.0.0/16") }] } }),
    },
    "refused-child",
    "no-selectors",
  ],
  [
    "the responder expects another identity",
    { b: sideB({ policy: { peerId: { type: 2, data: new Uint8Array([0x78]) } } }) },
    "refused-auth",
    "wrong-id",
  ],
  [
    "the initiator expects another identity",
    { a: sideA({ policy: { peerId: { type: 2, data: new Uint8Array([0x78]) } } }) },
    "wrong-id",
    "refused-auth",
  ],
  [
    "transport against tunnel mode",
    {
      a: sideA({ policy: { tunnelMode: "transport", flows: HOSTS } }),
      b: sideB({ policy: { flows: HOSTS } }),
    },
    "mode-mismatch",
    "",
  ],
  [
    "tunnel against transport mode",
    { b: sideB({ policy: { tunnelMode: "transport" } }) },
    "refused-child",
    "mode-mismatch",
  ],
];

for (const [claim, options, atA, atB] of FAILURES) {
  Deno.test(`handles: ${claim}: both sides say why in one line, and nothing is left`, async () => {
    const pair = await failing(options);
    assert.ok(codes(pair.a).includes(atA), `a: ${codes(pair.a)}`);
    if (atB !== "") assert.ok(codes(pair.b).includes(atB), `b: ${codes(pair.b)}`);
    for (const host of pair.hosts) {
      for (const event of host.events) {
        if (event.kind !== "failed") continue;
        assert.ok(event.report.fix !== undefined && event.report.peer !== "");
        assert.doesNotMatch(JSON.stringify(event), /example-psk/);
      }
    }
  });
}

Deno.test("handles: SK_e and SK_a of every IKE SA are overwritten when it ends", async () => {
  for (const policy of [{}, { ikeProposals: [IKE_MAC] }]) {
    const life = { ...policy, ikeLifetimeMs: 60_000 };
    const pair = await new Pair({ a: sideA({ policy: life }), b: sideB({ policy }) }).start();
    await pair.connect();
    await pair.driveUntil("rekeyed", () => pair.a.events.some((event) => event.kind === "ike-rekeyed"));
    const overwritten = ({ keys }: Host) => keys.handedOut.every((key) => key.every((octet) => octet === 0));
    for (const host of pair.hosts) {
      assert.equal(host.keys.handedOut.length, 8);
      assert.ok(overwritten(host), "ciphers and MACs have copies of their own");
      assert.ok(host.keyed() > 0);
    }
    await pair.during(pair.a.engine.shutdown());
    await pair.drive();
    for (const host of pair.hosts) {
      assert.equal(host.keys.handedOut.length, 8);
      assert.ok(overwritten(host));
      assert.equal(host.keyed(), 0);
    }
  }
});

Deno.test("handles: an initiator that a holder without our secret refuses is told what a stranger is told", async () => {
  const pair = new Pair({ timing: SOON });
  pair.b.keys.failing = "authenticate";
  pair.b.keys.error = { code: "unknown-handle" };
  await pair.start();
  await pair.drive();
  assert.deepEqual([codes(pair.a), codes(pair.b)], [["refused-auth"], ["keys"]]);
});
