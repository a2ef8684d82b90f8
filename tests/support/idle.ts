/** Nothing may be left behind: handles, SAs, flows' SAs, timers, work. */
import assert from "node:assert/strict";
import type { SimulatedHost } from "./host.ts";

/** Hosts in simulated time. */
interface Simulation {
  readonly hosts: Iterable<SimulatedHost>;
  settle(): Promise<void>;
}

/** All hosts have shut down and hold nothing any more. */
export async function assertNothingLeft(simulation: Simulation): Promise<void> {
  await simulation.settle();
  for (const host of simulation.hosts) {
    const { pendingKe, sas } = host.holder.stats();
    assert.deepEqual(
      {
        sas: (await host.engine.snapshot()).length,
        pendingKe,
        handles: sas,
        pairs: host.datapath.pairs.size,
        pending: host.engine.pending(),
        timer: host.engine.nextTimeout(),
      },
      { sas: 0, pendingKe: 0, handles: 0, pairs: 0, pending: 0, timer: undefined },
      `left at "${host.name}"`,
    );
  }
}
