import assert from "node:assert/strict";
import fc from "fast-check";
import { espSpi } from "../../../src/bytes/mod.ts";
import { Kernel, probeKernel, saKey } from "../../../src/datapath/kernel/mod.ts";
import type { ChildInstall, DatapathEvent } from "../../../src/datapath/mod.ts";
import {
  addSa,
  encodeMessage,
  EXT,
  parseEvent,
  parseMessage,
  type PfkeyMessage,
  PfkeyPort,
  SADB,
  sayable,
  updatePolicy,
} from "../../../src/datapath/pfkey/mod.ts";
import { address, child as childOf, FLOW, HERE, THERE, ts } from "../kernel/bench.ts";
import { FakePfkey } from "./fake_pfkey.ts";

/** What PF_KEY has words for. */
function child(id: number, more: Partial<ChildInstall> = {}): ChildInstall {
  const keys = () => ({ encrKey: new Uint8Array(32).fill(id), integKey: new Uint8Array(20).fill(id) });
  return childOf(id, {
    suite: { protocol: 3, encr: { id: 12, keyBits: 256 }, integ: 2, esn: false },
    replayWindow: 64,
    inbound: { spi: espSpi(0x1000 + id), ...keys() },
    outbound: { spi: espSpi(0x2000 + id), ...keys() },
    ...more,
  });
}

class Bench {
  readonly fake = new FakePfkey();
  readonly events: DatapathEvent[] = [];
  readonly kernel = new Kernel({
    port: new PfkeyPort(this.fake),
    now: () => 0,
    fraction: () => 0,
    event: (event) => void this.events.push(event),
  });

  told(message: PfkeyMessage): void {
    this.kernel.told(parseEvent(message)!);
  }

  /** Direction, action and templates of each policy. */
  policies(): string[] {
    return this.fake.rules().map(({ direction, action, templates }) =>
      `${direction} ${action} ${templates.length}`
    )
      .sort();
  }

  empty(): void {
    assert.deepEqual([this.fake.sas.size, this.fake.policies.size], [0, 0]);
  }
}

const inKey = (id: number) => saKey({ destination: HERE.address, spi: 0x1000 + id, protocol: "esp" });
const outKey = (id: number) => saKey({ destination: THERE.address, spi: 0x2000 + id, protocol: "esp" });

Deno.test("pfkey: a flow asks for its SA by the priority of its policy, for the packet is not told", () => {
  const bench = new Bench();
  const other = { ...FLOW, policy: "other", remote: ts("10.3.0.0/16") };
  assert.ok(bench.kernel.setFlows([FLOW, other]).ok);
  const out = [...bench.fake.policies.keys()].filter((key) => key.startsWith("out"));
  for (const key of out) bench.told(bench.fake.acquire(key));
  assert.deepEqual(bench.events, [
    { kind: "acquire", policy: "sites" },
    { kind: "acquire", policy: "other" },
  ]);
  bench.kernel.close();
  bench.empty();
});

Deno.test("pfkey: a Child SA takes the flow's policies over in place, its reqid is a small one, its keys are wiped", () => {
  const bench = new Bench();
  bench.kernel.setFlows([FLOW]);
  const keys = child(1);
  assert.ok(bench.kernel.install(keys).ok);
  assert.deepEqual(bench.policies(), ["forward protect 1", "in protect 1", "out protect 1"]);
  assert.deepEqual([...bench.fake.sas.keys()].sort(), [inKey(1), outKey(1)].sort());
  for (const { reqid } of bench.fake.states()) assert.ok(reqid > 0 && reqid <= 0x3fff);
  assert.ok(
    [keys.inbound, keys.outbound].every(({ encrKey, integKey }) =>
      encrKey.every((octet) => octet === 0) && integKey.every((octet) => octet === 0)
    ),
  );
  assert.ok(!bench.fake.asked.includes(SADB.X_SPDDELETE), "no moment without a policy");
  bench.kernel.remove([1]);
  assert.deepEqual(bench.policies(), ["forward block 0", "in block 0", "out protect 1"]);
  bench.kernel.close();
  bench.empty();
});

Deno.test("pfkey: a responder sends by the new SA once the peer has used it, and limits become events", () => {
  const bench = new Bench();
  bench.kernel.install(child(1));
  bench.kernel.install(child(2, { outboundFrom: "when-used", lifetimeOctets: 1000 }));
  assert.ok(!bench.fake.sas.has(outKey(2)));
  bench.told(bench.fake.expire(inKey(2), false));
  assert.ok(bench.fake.sas.has(outKey(2)));
  bench.told(bench.fake.expire(outKey(2), false));
  bench.told(bench.fake.expire(outKey(2), true));
  assert.deepEqual(bench.events.map((event) => event.kind === "expired" && event.limit), ["soft", "hard"]);
});

Deno.test("pfkey: new ports are taken in place; for a new address there is no word, and the pair is told as spent", () => {
  const bench = new Bench();
  bench.kernel.install(child(1, { udpEncap: true }));
  bench.fake.count(inKey(1), 500, 5);
  bench.kernel.move([1], HERE, { ...THERE, port: 50_000 }, true);
  assert.deepEqual(bench.events, []);
  const ports = bench.fake.states().map(({ encapsulation }) => encapsulation!);
  assert.deepEqual(ports.map(({ sourcePort, destinationPort }) => [sourcePort, destinationPort]), [
    [50_000, 4500],
    [4500, 50_000],
  ]);
  bench.kernel.move([1], HERE, { ...THERE, address: address("203.0.113.9") }, true);
  assert.deepEqual(bench.events, [{ kind: "expired", id: 1, limit: "hard" }]);
  bench.kernel.remove([1]);
  bench.empty();
});

Deno.test("pfkey: a peer whose NAT gave it another port is told by the SPI alone", () => {
  const bench = new Bench();
  bench.kernel.install(child(1, { udpEncap: true }));
  const { extensions } = parseMessage(bench.fake.sas.get(inKey(1))!)!;
  const told = new Map<number, Uint8Array>(
    [EXT.SA, EXT.ADDRESS_SRC].map((type) => [type, extensions.get(type)!]),
  );
  // The new address is the old one.
  told.set(EXT.ADDRESS_DST, extensions.get(EXT.ADDRESS_SRC)!);
  told.set(EXT.X_NAT_T_SPORT, Uint8Array.of(0x11, 0x94, 0, 0)).set(
    EXT.X_NAT_T_DPORT,
    Uint8Array.of(0xc3, 0x50, 0, 0),
  );
  bench.told({ type: SADB.X_NAT_T_NEW_MAPPING, errno: 0, satype: 3, sequence: 9, pid: 0, extensions: told });
  assert.deepEqual(bench.events, [{ kind: "moved", id: 1, remote: { ...THERE, port: 50_000 } }]);
});

Deno.test("pfkey: a comparison removes own leftovers, restores what vanished, and leaves strangers alone", () => {
  const bench = new Bench(), earlier = new Bench();
  earlier.kernel.setFlows([FLOW]);
  earlier.kernel.install(child(7));
  for (const [key, sa] of earlier.fake.sas) bench.fake.sas.set(key, sa);
  for (const [key, policy] of earlier.fake.policies) bench.fake.policies.set(key, policy);
  // A stranger with a reqid of ours, but without the mark.
  const [sa] = earlier.fake.states();
  const numbers = sayable(sa!);
  assert.ok(!("message" in numbers));
  assert.ok(bench.fake.request(addSa({ ...sa!, spi: 0x9999, limits: {} }, numbers), "add").ok);
  const [policy] = earlier.fake.rules();
  const selector = { ...policy!.selector, protocol: 17 };
  assert.ok(bench.fake.request(updatePolicy({ ...policy!, priority: 1000, selector }), "add").ok);

  assert.deepEqual(bench.kernel.compare(), { leftovers: 5, restored: 0, vanished: 0 });
  assert.deepEqual([bench.fake.sas.size, bench.fake.policies.size], [1, 1]);
  bench.kernel.setFlows([FLOW]);
  bench.kernel.install(child(1));
  bench.fake.sas.delete(outKey(1));
  const ours = [...bench.fake.policies.keys()].find((key) => key.startsWith("in"))!;
  bench.fake.policies.delete(ours);
  assert.deepEqual(bench.kernel.compare(), { leftovers: 0, restored: 1, vanished: 1 });
  bench.kernel.close();
  assert.deepEqual([bench.fake.sas.size, bench.fake.policies.size], [1, 1]);
});

Deno.test("pfkey: a start is refused with the first need that the interface has no word for", () => {
  const fake = new FakePfkey(), port = new PfkeyPort(fake);
  const random = (length: number) => new Uint8Array(length);
  const need = { suite: child(1).suite, family: 4 } as const;
  assert.equal(probeKernel(port, [need], random), undefined);
  const gcm = { ...need, suite: { protocol: 3, encr: { id: 20, keyBits: 256 }, esn: false } } as const;
  const lack = probeKernel(port, [need, gcm], random);
  assert.equal(lack?.at, 1);
  assert.match(lack?.message ?? "", /combined-mode/);
  assert.equal(fake.sas.size, 0);
});

Deno.test("pfkey: whatever request fails, an installation leaves nothing behind", () => {
  for (let after = 0; after < 5; after++) {
    const bench = new Bench();
    bench.fake.failing = { after, errno: 93 };
    const installed = bench.kernel.install(child(1));
    assert.ok(!installed.ok, `request ${after}`);
    assert.match(installed.error.message, /esp4/);
    bench.empty();
  }
});

Deno.test("pfkey: any course of orders ends with an empty kernel", () => {
  const order = fc.oneof(
    fc.record({ what: fc.constant("install" as const), id: fc.nat(5), waits: fc.boolean() }),
    fc.record({ what: fc.constant("remove" as const), id: fc.nat(5) }),
    fc.record({ what: fc.constant("activate" as const), id: fc.nat(5) }),
    fc.record({ what: fc.constant("move" as const), id: fc.nat(5), port: fc.nat(3) }),
    fc.record({ what: fc.constant("flows" as const), count: fc.nat(2) }),
    fc.record({ what: fc.constant("fail" as const), after: fc.nat(6) }),
  );
  fc.assert(
    fc.property(fc.array(order, { maxLength: 30 }), (orders) => {
      const bench = new Bench();
      for (const one of orders) {
        if (one.what === "install") {
          bench.kernel.remove([one.id]);
          bench.kernel.install(child(one.id, { outboundFrom: one.waits ? "when-used" : "now" }));
        } else if (one.what === "remove") bench.kernel.remove([one.id]);
        else if (one.what === "activate") bench.kernel.activate(one.id);
        else if (one.what === "move") {
          bench.kernel.move([one.id], HERE, { ...THERE, port: 4500 + one.port }, one.port > 0);
        } else if (one.what === "flows") {
          bench.kernel.setFlows(
            ["10.2.0.0/16", "10.3.0.0/16"].slice(0, one.count).map((to) => ({
              ...FLOW,
              remote: ts(to),
            })),
          );
        } else bench.fake.failing = { after: one.after, errno: 105 };
      }
      bench.fake.failing = undefined;
      bench.kernel.compare();
      bench.kernel.close();
      bench.kernel.compare();
      bench.empty();
    }),
    { numRuns: 200 },
  );
});

Deno.test("pfkey: what an encoder writes a parser reads, for whatever sequence", () => {
  fc.assert(fc.property(fc.nat(), fc.nat(), (sequence, pid) => {
    const parsed = parseMessage(encodeMessage({ type: 10, satype: 3, extensions: [] }, sequence, pid));
    assert.deepEqual([parsed?.sequence, parsed?.pid, parsed?.satype], [sequence, pid, 3]);
  }));
});
