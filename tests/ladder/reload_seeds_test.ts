/** Reloads of both ends at any moment, over a bad network: whatever was in force meanwhile, the last word counts. */
import assert from "node:assert/strict";
import { ascii, Secret, type SecretRef } from "../../src/bytes/mod.ts";
import type { EngineConfiguration, Policy } from "../../src/policy/types.ts";
import type { IkeSnapshot } from "../../src/engine/types.ts";
import { assertNothingLeft } from "../support/idle.ts";
import { Pair } from "../support/pair.ts";
import { ESP_AEAD, ESP_MAC, flow, IKE_AEAD, IKE_MAC, PSK_REF, sideA, sideB } from "../support/policies.ts";
import { createRng, type Rng } from "../support/rng.ts";

const RUNS = 80;
const OTHER_PSK = "psk/other" as SecretRef;

/** What both ends have to agree on. */
type Shared = Pick<Policy, "ikeProposals" | "childProposals" | "auth">;

function shared(rng: Rng): Shared {
  return {
    ikeProposals: rng.chance(0.5) ? [IKE_AEAD] : [IKE_MAC],
    childProposals: rng.chance(0.5) ? [ESP_AEAD] : [ESP_MAC],
    auth: { method: "psk", secret: rng.chance(0.7) ? PSK_REF : OTHER_PSK },
  };
}

/** What each end chooses for itself; the traffic of the test is of every flow. */
function own(rng: Rng, here: string, there: string): Partial<Policy> {
  const flows = [flow(`${here}.0.0/16`, `${there}.0.0/16`), flow(`${here}.0.0/24`, `${there}.0.0/16`)];
  return {
    name: rng.chance(0.5) ? "policy1" : "policy2",
    flows: rng.chance(0.7) ? [flows[0]!] : [flows[1]!],
    ikeLifetimeMs: rng.chance(0.7) ? 0 : 40_000,
    childLifetime: { ms: rng.chance(0.7) ? 0 : 20_000, octets: 0 },
  };
}

function configurations(
  rng: Rng,
  of: Shared = shared(rng),
): { a: EngineConfiguration; b: EngineConfiguration } {
  const globals = { dpdIntervalMs: 10_000 };
  return {
    a: sideA({ policy: { ...own(rng, "10.1", "10.2"), ...of }, globals }),
    b: sideB({ policy: { ...own(rng, "10.2", "10.1"), ...of }, globals }),
  };
}

function fits(sas: readonly IkeSnapshot[], { policies: [policy] }: EngineConfiguration): boolean {
  const ike = policy!.ikeProposals[0] === IKE_AEAD ? "ENCR_AES_GCM_16" : "ENCR_AES_CBC";
  const esp = policy!.childProposals[0] === ESP_AEAD ? "ENCR_AES_GCM_16" : "ENCR_AES_CBC";
  const up = sas.filter(({ state }) => state === "established");
  const installed = up.flatMap(({ children }) => children.filter(({ state }) => state === "installed"));
  return up.length > 0 && installed.length > 0 &&
    up.every((sa) => sa.encr === ike && sa.policy === policy!.name) &&
    installed.every((child) => child.encr === esp);
}

async function run(seed: number): Promise<void> {
  const rng = createRng(seed);
  const first = configurations(rng);
  const conditions = { loss: 0.1, duplicate: 0.05, latencyMs: 30, jitterMs: 40 };
  const pair = new Pair({ seed, ...first, conditions });
  for (const { holder } of pair.hosts) {
    holder.loadSecrets([{ ref: OTHER_PSK, secret: new Secret(ascii("another example")) }]);
  }
  await pair.start();
  for (let round = 0; round < 8; round++) {
    for (let turn = 0; turn < 10; turn++) {
      pair.traffic.both();
      await pair.advance(rng.below(rng.chance(0.3) ? 4_000 : 60));
    }
    const next = configurations(rng);
    const host = rng.chance(0.5) ? "a" : "b";
    const reload = pair[host].engine.configure(next[host]);
    // The next may come before this one is through.
    if (rng.chance(0.5)) assert.ok((await pair.during(reload)).ok);
    if (rng.chance(0.3)) void pair[host].engine.configure(next[host]);
  }
  const last = configurations(rng, shared(rng));
  const taken = await pair.during(Promise.all([
    pair.a.engine.configure(last.a),
    pair.b.engine.configure(last.b),
  ]));
  assert.ok(taken.every(({ ok }) => ok));
  pair.network.conditions = { latencyMs: 30 };
  const passes = async () => {
    const [a, b] = await pair.snapshots();
    return fits(a, last.a) && fits(b, last.b);
  };
  await pair.driveUntil(`the last configurations are in force (seed ${seed})`, passes, 3_000_000);
  await pair.advance(5_000);
  await pair.traffic.assertPasses();
  for (const name of ["a", "b"] as const) assert.equal(pair.traffic.from[name].clear, 0, `seed ${seed}`);
  for (const { engine } of pair.hosts) await pair.during(engine.shutdown());
  await assertNothingLeft(pair);
}

Deno.test(`reload: ${RUNS} runs of reloads of both ends at any moment end with the last configuration, never in clear`, async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    try {
      await run(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});
