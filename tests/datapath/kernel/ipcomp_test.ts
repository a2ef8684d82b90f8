import assert from "node:assert/strict";
import { address, Bench, child, FLOW, HERE, inName, outName } from "./bench.ts";

const IPCOMP = { transform: 2, inboundCpi: 0x100, outboundCpi: 0x200 } as const;
const compIn = "c0000201 100 ipcomp", compOut = "c0000202 200 ipcomp";

/** The outgoing policy and the incoming ones, template by template. */
function templates(bench: Bench, direction: string): string[] {
  const { state } = [...bench.fake.policies.values()].find(({ state }) => state.direction === direction)!;
  return state.templates.map(({ protocol, mode, destination, optional }) =>
    `${protocol} ${mode} ${destination?.value.toString(16) ?? "-"}${optional ? " optional" : ""}`
  );
}

Deno.test("kernel: IPComp makes the tunnel and ESP protects it; what comes in short may be without it", () => {
  const bench = new Bench();
  bench.kernel.setFlows([FLOW]);
  assert.ok(bench.kernel.install(child(1, { ipcomp: IPCOMP })).ok);
  assert.deepEqual([...bench.fake.sas.keys()].sort(), [compIn, compOut, inName(1), outName(1)].sort());
  for (const name of [compIn, compOut]) {
    const { mode, algorithms, flags, reqid } = bench.fake.sas.get(name)!.state;
    assert.deepEqual([mode, algorithms, flags], ["tunnel", { compression: { name: "deflate" } }, 32]);
    assert.equal(reqid, bench.fake.sas.get(inName(1))!.state.reqid);
  }
  for (const name of [inName(1), outName(1)]) {
    const { mode, flags } = bench.fake.sas.get(name)!.state;
    assert.deepEqual([mode, flags], ["transport", 0]);
  }
  assert.deepEqual(templates(bench, "out"), ["ipcomp tunnel c0000202", "esp transport -"]);
  for (const direction of ["in", "forward"]) {
    assert.deepEqual(templates(bench, direction), ["ipcomp tunnel c0000201 optional", "esp transport -"]);
  }
  bench.fake.count(outName(1), 100, 1);
  assert.equal(bench.kernel.usage([1])[0]!.octetsOut, 100, "what was encrypted");
  bench.kernel.remove([1]);
  assert.deepEqual([...bench.fake.sas.keys()], []);
  bench.kernel.close();
  bench.empty();
});

Deno.test("kernel: IPComp in transport mode has templates without addresses, and no policy of what goes on", () => {
  const bench = new Bench();
  assert.ok(bench.kernel.install(child(1, { ipcomp: IPCOMP, mode: "transport" })).ok);
  assert.deepEqual(bench.policies(), ["in protect 2", "out protect 2"]);
  assert.deepEqual(templates(bench, "out"), ["ipcomp transport -", "esp transport -"]);
  assert.equal(bench.fake.sas.get(compIn)!.state.flags, 0);
  bench.kernel.close();
  bench.empty();
});

Deno.test("kernel: a rekey with IPComp waits with both outbound SAs; the CPI that is removed by another is noticed", () => {
  const bench = new Bench();
  bench.kernel.setFlows([FLOW]);
  bench.kernel.install(child(1, { ipcomp: IPCOMP }));
  const next = { transform: 2, inboundCpi: 0x101, outboundCpi: 0x201 };
  bench.kernel.install(child(2, { ipcomp: next, outboundFrom: "when-used" }));
  const newCompIn = "c0000201 101 ipcomp", newCompOut = "c0000202 201 ipcomp";
  const known = (name: string) => bench.fake.sas.has(name);
  assert.deepEqual([newCompIn, inName(2), newCompOut, outName(2)].map(known), [true, true, false, false]);
  bench.told(bench.fake.expire(inName(2), false));
  assert.deepEqual([newCompIn, inName(2), newCompOut, outName(2)].map(known), [true, true, true, true]);
  bench.kernel.remove([1]);
  assert.deepEqual([...bench.fake.sas.keys()].sort(), [newCompIn, newCompOut, inName(2), outName(2)].sort());
  assert.deepEqual(bench.kernel.compare(), { leftovers: 0, restored: 0, vanished: 0 });
  bench.fake.sas.delete(newCompOut);
  assert.equal(bench.kernel.compare().vanished, 1);
  bench.kernel.close();
  bench.empty();
});

Deno.test("kernel: IPComp moves with its pair and has no UDP around it", () => {
  const bench = new Bench();
  bench.kernel.install(child(1, { ipcomp: IPCOMP, udpEncap: true }));
  assert.equal(bench.fake.sas.get(compOut)!.state.encapsulation, undefined);
  assert.deepEqual(bench.fake.sas.get(outName(1))!.state.encapsulation, {
    sourcePort: 4500,
    destinationPort: 4500,
  });
  bench.kernel.move([1], HERE, { address: address("203.0.113.9"), port: 50_000 }, true);
  assert.equal(bench.fake.sas.get("cb007109 200 ipcomp")!.state.encapsulation, undefined);
  assert.equal(bench.fake.sas.get(compIn)!.state.source.value, address("203.0.113.9").value);
  assert.deepEqual(bench.events, []);
  assert.equal(bench.fake.sas.size, 4);
  assert.deepEqual(templates(bench, "out")[0], "ipcomp tunnel cb007109");
  bench.kernel.close();
  bench.empty();
});

Deno.test("kernel: whatever fails, a compressed pair leaves nothing behind, and it is IPComp that is said to be missing", () => {
  for (let after = 0; after < 7; after++) {
    const bench = new Bench();
    bench.fake.failing = { after, errno: 93 };
    const installed = bench.kernel.install(child(1, { ipcomp: IPCOMP }));
    assert.ok(!installed.ok, `request ${after}`);
    assert.match(installed.error.message, after === 0 || after === 4 ? /CONFIG_INET_IPCOMP/ : /esp4/);
    bench.empty();
  }
  const bench = new Bench();
  const refused = bench.kernel.install(child(1, { ipcomp: { ...IPCOMP, transform: 3 } }));
  assert.equal(refused.ok ? "" : refused.error.code, "unsupported");
  bench.empty();
});
