import assert from "node:assert/strict";
import { ascii, type SecretRef } from "../../src/bytes/mod.ts";
import type { Policy } from "../../src/policy/mod.ts";
import { allowsSuite } from "../../src/exchange/auth/mod.ts";
import { Pair } from "../support/pair.ts";
import { address, flow, IKE_AEAD, IKE_MAC, PSK_REF, selector, sideA, sideB } from "../support/policies.ts";

const fqdn = (name: string) => ({ type: 2, data: ascii(name) });

/** Responder's configuration: these policies, each but for what is given like the plain one. */
function policies(...changes: readonly Partial<Policy>[]) {
  const plain = sideB();
  return {
    ...plain,
    policies: changes.map((change, at) => ({ ...plain.policies[0]!, name: `p${at}`, ...change })),
  };
}

async function chosen(b: ReturnType<typeof sideB>, a = sideA()): Promise<string | undefined> {
  const pair = await new Pair({ a, b }).start();
  await pair.drive();
  return (await pair.b.engine.snapshot()).find((sa) => sa.state === "established")?.policy;
}

Deno.test("policy: the last one that matches wins, unless one is quick", async () => {
  assert.equal(await chosen(policies({}, {})), "p1");
  assert.equal(await chosen(policies({ evaluation: "quick" }, {})), "p0");
  assert.equal(await chosen(policies({}, { evaluation: "skip" })), "p0");
  assert.equal(
    await chosen(policies({ evaluation: "default" }, { peer: { kind: "name", name: "x", addresses: [] } })),
    "p0",
  );
});

Deno.test("policy: the identity decides in IKE_AUTH, even where addresses led to another policy", async () => {
  const b = policies({ peerId: fqdn("a.example.com") }, { peerId: fqdn("c.example.com") });
  assert.equal(await chosen(b), "p0");
});

Deno.test("policy: its own PSK is asked for, not that of the policy chosen by address", async () => {
  const other = { method: "psk", secret: "psk/other" as SecretRef } as const;
  const b = policies({ peerId: fqdn("a.example.com"), auth: { method: "psk", secret: PSK_REF } }, {
    peerId: fqdn("c.example.com"),
    auth: other,
  });
  assert.equal(await chosen(b), "p0");
});

Deno.test("policy: selectors decide among policies for the same peer", async () => {
  const b = policies({}, { flows: [flow("10.9.0.0/16", "10.8.0.0/16")] });
  assert.equal(await chosen(b), "p0");
});

Deno.test("policy: the identity that the initiator asks for decides among our own", async () => {
  const b = policies({ localId: fqdn("b.example.com") }, { localId: fqdn("d.example.com") });
  assert.equal(await chosen(b), "p0");
});

Deno.test("policy: one whose proposals could not have made the suite is not chosen", async () => {
  const b = policies({}, { ikeProposals: [IKE_MAC] });
  assert.equal(await chosen(b), "p0");
});

Deno.test("policy: one for another address or family is not chosen", async () => {
  const elsewhere = { kind: "network", prefix: { address: address("203.0.113.9"), length: 32 } } as const;
  assert.equal(await chosen(policies({}, { peer: elsewhere }, { family: 6 }, { local: elsewhere })), "p0");
  assert.equal(await chosen(policies({ peer: elsewhere })), undefined);
});

Deno.test("allowsSuite: AEAD and integrity are not mixed up", () => {
  const aead = { encr: { id: 20, keyBits: 256 }, prf: 5, ke: 31 };
  const mac = { encr: { id: 12, keyBits: 128 }, prf: 5, integ: 12, ke: 31 };
  assert.ok(allowsSuite([IKE_AEAD], aead));
  assert.ok(allowsSuite([IKE_MAC], mac));
  assert.ok(allowsSuite([IKE_AEAD, IKE_MAC], mac));
  assert.ok(!allowsSuite([IKE_MAC], aead));
  assert.ok(!allowsSuite([IKE_AEAD], mac));
  assert.ok(!allowsSuite([IKE_AEAD], { ...aead, encr: { id: 20, keyBits: 128 } }));
  assert.ok(!allowsSuite([IKE_AEAD], { ...aead, ke: 19 }));
  assert.ok(!allowsSuite([IKE_AEAD], { ...aead, prf: 7 }));
});

Deno.test("selectors: the responder narrows, both sides install the same, traffic outside is held back", async () => {
  const b = sideB({ policy: { flows: [flow("10.2.0.0/24", "10.1.0.0/24")] } });
  const pair = await new Pair({ b }).start();
  await pair.connect();
  const [[a], [other]] = await pair.snapshots();
  assert.deepEqual(a!.children[0]!.tsLocal, ["10.1.0.0/24"]);
  assert.deepEqual(a!.children[0]!.tsRemote, ["10.2.0.0/24"]);
  assert.deepEqual(other!.children[0]!.tsLocal, ["10.2.0.0/24"]);
});

Deno.test("selectors: several flows of a policy share one Child SA", async () => {
  const flows = [
    { local: selector("10.1.0.0/16", 6, 23), remote: selector("10.2.0.0/16", 6) },
    { local: selector("10.3.0.0/16"), remote: selector("10.4.0.0/16") },
  ];
  const mirrored = flows.map(({ local, remote }) => ({ local: remote, remote: local }));
  const pair = await new Pair({ a: sideA({ policy: { flows } }), b: sideB({ policy: { flows: mirrored } }) })
    .start();
  await pair.connect();
  const [[a]] = await pair.snapshots();
  assert.equal(a!.children.length, 1);
  assert.deepEqual(a!.children[0]!.tsLocal, ["10.1.0.0/16[tcp/23]", "10.3.0.0/16"]);
  assert.deepEqual(a!.children[0]!.tsRemote, ["10.2.0.0/16[tcp]", "10.4.0.0/16"]);
});

for (const [claim, natt] of [["force", "force"], ["off", "off"]] as const) {
  Deno.test(`natt ${claim}: ESP is ${natt === "off" ? "raw" : "in UDP"} whatever the path looks like`, async () => {
    const globals = { natt };
    const pair = await new Pair({ a: sideA({ globals }), b: sideB({ globals }) }).start();
    await pair.connect();
    const [[a], [b]] = await pair.snapshots();
    const wanted = natt === "off" ? "none" : "udp";
    assert.deepEqual([a!.children[0]!.encap, b!.children[0]!.encap], [wanted, wanted]);
    assert.equal(a!.peer.port, natt === "off" ? 500 : 4500);
    await pair.traffic.assertPasses();
  });
}

Deno.test("natt of one policy: only its side asks, and both put ESP into UDP", async () => {
  for (const side of ["a", "b"] as const) {
    const policy = { forceNatt: true };
    const pair = await new Pair(side === "a" ? { a: sideA({ policy }) } : { b: sideB({ policy }) }).start();
    await pair.connect();
    const [[a], [b]] = await pair.snapshots();
    assert.deepEqual([a!.children[0]!.encap, b!.children[0]!.encap], ["udp", "udp"], side);
    await pair.traffic.assertPasses();
  }
});
