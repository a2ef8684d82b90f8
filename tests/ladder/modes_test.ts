/** AH (RFC 4302) and transport mode (RFC 7296 §1.3.1, §2.23.1): agreed on, kept by rekeys, declined, behind NAT. */
import assert from "node:assert/strict";
import { addressToOctets } from "../../src/ip/mod.ts";
import { ascii } from "../../src/bytes/mod.ts";
import type { Policy } from "../../src/policy/types.ts";
import { assertNothingLeft } from "../support/idle.ts";
import { AUTH_REQUEST, AUTH_RESPONSE, Ladder } from "../support/ladder.ts";
import {
  assertCarries,
  assertShown,
  begun,
  failures,
  HOSTS,
  type Kind,
  options,
  peerBehind,
  policyOf,
  selectors,
  TRANSPORT,
  TRANSPORT_REQUEST,
  TRANSPORT_RESPONSE,
  TUNNEL,
} from "../support/modes.ts";
import { Nat } from "../support/nat.ts";
import { address, ADDRESSES, flow, selector, sideA, sideB } from "../support/policies.ts";

const KINDS: readonly Kind[] = [
  { protocol: "ESP", mode: "transport" },
  { protocol: "AH", mode: "tunnel" },
  { protocol: "AH", mode: "transport" },
];

for (const kind of KINDS) {
  const { protocol, mode } = kind;
  const name = `${protocol} in ${mode} mode`;
  const ask = mode === "transport" ? "N(USE_TRANSPORT_MODE)," : "";

  Deno.test(`ladder: IKE_AUTH makes a Child SA with ${name}, as both sides' flows and \`show sa\` say`, async () => {
    const ladder = await begun(options(kind));
    const { pair } = ladder;
    await ladder.arrow(`-> IKE_AUTH request 1: ${ask === "" ? AUTH_REQUEST : TRANSPORT_REQUEST}`);
    await ladder.arrow(`<- IKE_AUTH response 1: ${ask === "" ? AUTH_RESPONSE : TRANSPORT_RESPONSE}`);
    await ladder.states("established[installed]", "established[installed]");
    await assertShown(ladder, kind);
    await assertCarries(ladder, kind);
    await pair.during(Promise.all(pair.hosts.map(({ engine }) => engine.shutdown())));
    await assertNothingLeft(pair);
  });

  for (const by of ["a", "b"] as const) {
    Deno.test(`ladder: a rekey by "${by}" keeps ${name}`, async () => {
      const ladder = await Ladder.connected(options(kind));
      const { pair } = ladder;
      pair[by].datapath.expire([...pair[by].datapath.pairs.keys()][0]!, "soft");
      await pair.settle();
      const [to, fro, id] = by === "a" ? ["->", "<-", 2] : ["<-", "->", 0];
      await ladder.arrow(`${to} CREATE_CHILD_SA request ${id}: N(REKEY_SA),${ask}SA,Nonce,TSi,TSr`);
      await assertCarries(ladder, kind);
      await ladder.arrow(`${fro} CREATE_CHILD_SA response ${id}: ${ask}SA,Nonce,TSi,TSr`);
      await assertCarries(ladder, kind);
      await ladder.arrow(`${to} INFORMATIONAL request ${id + 1}: D(${protocol} SPI)`);
      await ladder.arrow(`${fro} INFORMATIONAL response ${id + 1}: D(${protocol} SPI)`);
      await ladder.wait(2_000);
      await ladder.states("established[installed]", "established[installed]");
      await assertShown(ladder, kind);
      await assertCarries(ladder, kind);
      assert.deepEqual(pair.hosts.flatMap(failures), []);
    });

    Deno.test(`ladder: a Child SA that "${by}" asks for later has ${name}`, async () => {
      const ladder = await Ladder.connected(options(kind));
      const { pair } = ladder;
      pair[by].datapath.expire([...pair[by].datapath.pairs.keys()][0]!, "hard");
      await pair.drive();
      await ladder.states("established[]", "established[]");
      const ends = { source: ADDRESSES[4][by], destination: ADDRESSES[4][by === "a" ? "b" : "a"] };
      pair.traffic.send(by, mode === "transport" ? ends : {});
      await pair.drive();
      await ladder.states("established[installed]", "established[installed]");
      await assertShown(ladder, kind);
      await assertCarries(ladder, kind);
    });
  }

  Deno.test(`reload: where both sides go from a tunnel with ESP to ${name} the IKE SA stays and gets one`, async () => {
    const ladder = await Ladder.connected(options(TUNNEL));
    const { a, b } = ladder.pair;
    const [before] = await a.engine.snapshot();
    assert.ok((await b.engine.configure(sideB({ policy: policyOf(kind, "b") }))).ok);
    assert.ok((await a.engine.configure(sideA({ policy: policyOf(kind, "a") }))).ok);
    await ladder.pair.drive();
    await ladder.pair.advance(90_000);
    await ladder.states("established[installed]", "established[installed]");
    const [after] = await a.engine.snapshot();
    assert.equal(after!.spiI, before!.spiI);
    await assertShown(ladder, kind);
    await assertCarries(ladder, kind);
  });
}

Deno.test("ladder: a responder for tunnels declines transport mode, and the initiator deletes what it cannot use", async () => {
  const flows = (side: "a" | "b") => policyOf(TRANSPORT, side);
  const ladder = await begun({
    a: sideA({ policy: flows("a") }),
    b: sideB({ policy: { ...flows("b"), tunnelMode: "tunnel" } }),
  });
  const { pair } = ladder;
  await ladder.arrow(`-> IKE_AUTH request 1: ${TRANSPORT_REQUEST}`);
  await ladder.arrow(`<- IKE_AUTH response 1: ${AUTH_RESPONSE}`);
  await ladder.arrow("-> INFORMATIONAL request 2: D(ESP SPI)");
  await ladder.arrow("<- INFORMATIONAL response 2: D(ESP SPI)");
  await ladder.states("established[]", "established[]");
  assert.deepEqual(failures(pair.a), ["mode-mismatch"]);
  assert.ok(pair.b.events.some((one) => one.kind === "log" && /asked for transport mode/.test(one.text)));
});

Deno.test("ladder: a responder for transport mode refuses a tunnel, and both sides say so", async () => {
  const ladder = await begun(options(TUNNEL, TRANSPORT));
  const { pair } = ladder;
  await ladder.arrow(`-> IKE_AUTH request 1: ${AUTH_REQUEST}`);
  await ladder.arrow("<- IKE_AUTH response 1: IDr,AUTH,N(NO_PROPOSAL_CHOSEN)");
  await ladder.states("established[]", "established[]");
  assert.deepEqual([failures(pair.a), failures(pair.b)], [["refused-child"], ["mode-mismatch"]]);
});

Deno.test("ladder: asked for transport mode, a policy for it goes before a later one for tunnels", async () => {
  const later = { ...policyOf(TRANSPORT, "b"), name: "tunnels", tunnelMode: "tunnel" } as const;
  const [first, second] = [sideB({ policy: policyOf(TRANSPORT, "b") }), sideB({ policy: later })];
  const b = { ...first, policies: [...first.policies, ...second.policies] };
  const ladder = await begun({ a: sideA({ policy: policyOf(TRANSPORT, "a") }), b });
  await ladder.arrow(`-> IKE_AUTH request 1: ${TRANSPORT_REQUEST}`);
  await ladder.arrow(`<- IKE_AUTH response 1: ${TRANSPORT_RESPONSE}`);
  assert.equal((await ladder.pair.b.engine.snapshot())[0]!.policy, "to-a");
});

Deno.test("ladder: flows that are not between the two ends make no Child SA in transport mode", async () => {
  const networks = { tunnelMode: "transport" } as const;
  const ladder = await begun({ a: sideA({ policy: networks }), b: sideB({ policy: networks }) });
  ladder.silence();
  assert.deepEqual(failures(ladder.pair.a), ["no-selectors"]);
});

for (const behind of ["a", "b"] as const) {
  Deno.test(`ladder: with "${behind}" behind NAT each end's selectors in transport mode are what it knows the ends by`, async () => {
    const own = { a: ADDRESSES[4].a, b: ADDRESSES[4].b, nat: ADDRESSES[4].nat };
    const seen = behind === "a" ? { a: own.nat, b: own.b } : { a: own.a, b: own.nat };
    const text = (one: typeof own.a) => addressToOctets(one).join(".");
    const any = (side: "a" | "b") => ({
      policy: {
        ...policyOf(TRANSPORT, side),
        flows: [flow("0.0.0.0/0", "0.0.0.0/0")],
        ...(side === "a" ? peerBehind(behind) : {}),
      },
    });
    const a = sideA(any("a"));
    const ladder = await Ladder.connected({ a, b: sideB(any("b")), nat: behind });
    const { pair } = ladder;
    await ladder.states("established[installed]", "established[installed]");
    assert.deepEqual(selectors(pair.a), [[text(own.a), text(seen.b)]]);
    assert.deepEqual(selectors(pair.b), [[text(own.b), text(seen.a)]]);
    await assertCarries(ladder, TRANSPORT);
    for (const by of ["a", "b"] as const) {
      pair[by].datapath.expire([...pair[by].datapath.pairs.keys()].at(-1)!, "soft");
      await pair.drive();
      await pair.advance(5_000);
      await ladder.states("established[installed]", "established[installed]");
      assert.deepEqual(selectors(pair.a), [[text(own.a), text(seen.b)]]);
      assert.deepEqual(selectors(pair.b), [[text(own.b), text(seen.a)]]);
      await assertCarries(ladder, TRANSPORT);
    }
    assert.deepEqual(pair.hosts.flatMap(failures), []);
  });

  Deno.test(`ladder: with "${behind}" behind NAT AH ends before IKE_AUTH, and the log says why`, async () => {
    const kind = { protocol: "AH", mode: "tunnel" } as const;
    const a = sideA({ policy: { ...policyOf(kind, "a"), ...peerBehind(behind) } });
    const ladder = await begun({ a, b: options(kind).b!, nat: behind });
    ladder.silence();
    assert.deepEqual(failures(ladder.pair.a), ["ah-nat"]);
    assert.equal((await ladder.pair.a.engine.snapshot()).length, 0);
  });
}

Deno.test("ladder: UDP encapsulation that our configuration forces is for ESP: AH goes without", async () => {
  const kind = { protocol: "AH", mode: "tunnel" } as const;
  const forced = { natt: "force" } as const;
  const ladder = await Ladder.connected({
    a: sideA({ policy: policyOf(kind, "a"), globals: forced }),
    b: sideB({ policy: policyOf(kind, "b"), globals: forced }),
  });
  await ladder.states("established[installed]", "established[installed]");
  const [sa] = await ladder.pair.a.engine.snapshot();
  assert.equal(sa!.children[0]!.encap, "none");
  await assertCarries(ladder, kind);
});

Deno.test("ladder: ports and protocol of flows stay in the selectors of transport mode", async () => {
  const telnet = (side: "a" | "b"): Partial<Policy> => ({
    ...policyOf(TRANSPORT, side),
    flows: side === "a"
      ? [{ local: selector("0.0.0.0/0", 6), remote: selector("0.0.0.0/0", 6, 23) }]
      : [{ local: selector("0.0.0.0/0", 6, 23), remote: selector("0.0.0.0/0", 6) }],
  });
  const ladder = await Ladder.connected({
    a: sideA({ policy: telnet("a") }),
    b: sideB({ policy: telnet("b") }),
  });
  const { pair } = ladder;
  const [sa] = await pair.a.engine.snapshot();
  assert.deepEqual([sa!.children[0]!.tsLocal, sa!.children[0]!.tsRemote], [
    ["192.0.2.1[tcp]"],
    ["198.51.100.2[tcp/23]"],
  ]);
  const ends = { source: ADDRESSES[4].a, destination: ADDRESSES[4].b, protocol: 6, sourcePort: 4711 };
  pair.traffic.send("a", { ...ends, destinationPort: 23 });
  pair.traffic.send("a", { ...ends, destinationPort: 80 });
  await pair.traffic.flush();
  const { sent, clear, delivered } = pair.traffic.from.a;
  assert.deepEqual([sent, clear, delivered], [1, 1, 1]);
});

Deno.test("ladder: a peer whose NAT gets another address gets another Child SA in transport mode, for that address", async () => {
  const any = { ...policyOf(TRANSPORT, "b"), flows: [flow("0.0.0.0/0", "0.0.0.0/0")] };
  const a = sideA({ policy: policyOf(TRANSPORT, "a"), globals: { dpdIntervalMs: 5_000 } });
  const ladder = await Ladder.connected({ a, b: sideB({ policy: any }), nat: "a" });
  const { pair } = ladder;
  assert.deepEqual(selectors(pair.b), [["198.51.100.2", "203.0.113.3"]]);
  pair.network.nats.splice(0, 1, new Nat(ADDRESSES[4].a, address("203.0.113.77")));
  await pair.advance(20_000);
  await ladder.states("established[installed]", "established[installed]");
  assert.deepEqual(selectors(pair.b), [["198.51.100.2", "203.0.113.77"]]);
  assert.deepEqual(selectors(pair.a), [["192.0.2.1", "198.51.100.2"]]);
  await assertCarries(ladder, TRANSPORT);
});

/** Two peers behind one NAT, which `a` plays both: policies of two identities, each with this protocol and port. */
async function behindOneNat(ports: readonly [number, number]): Promise<Ladder> {
  const policies = ports.map((port, at): Policy => {
    const [first] = sideA({
      policy: {
        ...policyOf(TRANSPORT, "a"),
        ...peerBehind("a"),
        name: `peer-${at}`,
        localId: { type: 2, data: ascii(`peer-${at}.example.com`) },
        flows: [{ local: selector(HOSTS.a, 17, port), remote: selector(HOSTS.b, 17) }],
      },
    }).policies;
    return first!;
  });
  const [{ peerId: _, ...anybody }] = sideB({
    policy: { ...policyOf(TRANSPORT, "b"), flows: [flow(HOSTS.b, "0.0.0.0/0")] },
  }).policies as [Policy];
  const ladder = await Ladder.start({
    a: { ...sideA(), policies },
    b: { ...sideB(), policies: [anybody] },
    nat: "a",
  });
  await ladder.pair.drive();
  return ladder;
}

Deno.test("ladder: of two peers behind one NAT with the same traffic in transport mode the first stays, the other is told", async () => {
  const { pair } = await behindOneNat([1701, 1701]);
  assert.equal(pair.b.datapath.pairs.size, 1);
  assert.deepEqual([failures(pair.a), failures(pair.b)], [["refused-child"], ["nat-conflict"]]);
  const [kept] = pair.b.datapath.pairs.keys();
  await pair.advance(70_000);
  assert.deepEqual(failures(pair.b), ["nat-conflict", "nat-conflict"], "CREATE_CHILD_SA is told the same");
  assert.deepEqual([...pair.b.datapath.pairs.keys()], [kept]);
});

Deno.test("ladder: two peers behind one NAT with ports of their own have both their SA in transport mode", async () => {
  const { pair } = await behindOneNat([1701, 1702]);
  assert.equal(pair.b.datapath.pairs.size, 2);
  assert.deepEqual(pair.hosts.flatMap(failures), []);
});
