import assert from "node:assert/strict";
import { formatEndpoint } from "../../src/ip/mod.ts";
import { Nat } from "./nat.ts";
import { type Conditions, Network } from "./netem.ts";
import { ADDRESSES } from "./policies.ts";
import { createRng } from "./rng.ts";

const { a, b, nat } = ADDRESSES[4];

function send(network: Network, now: number, octet: number, natt = false): void {
  const port = natt ? 4500 : 500;
  const data = new Uint8Array(100).fill(octet);
  network.sendIke(now, { local: { address: a, port }, remote: { address: b, port }, data, natt });
}

function received(seed: number, conditions: Conditions, count: number): number[] {
  const network = new Network(createRng(seed), conditions);
  for (let i = 0; i < count; i++) send(network, i, i & 255);
  const order: number[] = [];
  for (;;) {
    const arrival = network.take(Infinity);
    if (arrival === undefined) return order;
    if (arrival.kind === "ike") order.push(arrival.datagram.data[0]!);
  }
}

Deno.test("netem: the same seed gives the same run, another seed another", () => {
  const conditions = { loss: 0.2, duplicate: 0.1, reorder: 0.1, jitterMs: 20 };
  assert.deepEqual(received(7, conditions, 200), received(7, conditions, 200));
  assert.notDeepEqual(received(7, conditions, 200), received(8, conditions, 200));
});

Deno.test("netem: loses, doubles and reorders about as often as told", () => {
  const left = received(1, { loss: 0.2 }, 5000).length;
  assert.ok(left > 3850 && left < 4150, `${left} of 5000 left at 20 % loss`);
  const doubled = received(1, { duplicate: 0.2 }, 5000).length;
  assert.ok(doubled > 5850 && doubled < 6150, `${doubled} of 5000 with 20 % doubled`);
  const order = received(1, { reorder: 0.2, reorderMs: 3 }, 200);
  assert.equal(order.length, 200);
  assert.ok(order.some((octet, i) => i > 0 && octet < order[i - 1]!));
});

Deno.test("netem: a burst takes consecutive datagrams", () => {
  const order = received(1, { burst: { start: 0.02, length: 10 } }, 200);
  const gaps = order.map((octet, i) => octet - (order[i - 1] ?? -1)).filter((gap) => gap > 1);
  assert.ok(gaps.length > 0);
  assert.ok(gaps.every((gap) => gap > 10), `gaps ${gaps}`);
});

Deno.test("netem: what is larger than the MTU is lost", () => {
  assert.equal(received(1, { mtu: 99 }, 10).length, 0);
  assert.equal(received(1, { mtu: 100 }, 10).length, 10);
});

Deno.test("nat: rewrites address and port both ways, and lets nobody in who was not asked", () => {
  const network = new Network(createRng(1));
  network.nats.push(new Nat(a, nat));
  send(network, 0, 1, true);
  const out = network.take(0);
  assert.ok(out?.kind === "ike");
  assert.equal(formatEndpoint(out.datagram.remote), "203.0.113.3:40000");

  const answer = { ...out.datagram, data: new Uint8Array(1) };
  network.sendIke(0, answer);
  const back = network.take(0);
  assert.ok(back?.kind === "ike");
  assert.equal(formatEndpoint(back.datagram.local), "192.0.2.1:4500");

  network.sendIke(0, { ...answer, local: { address: b, port: 500 } });
  assert.equal(network.take(0), undefined);
});
