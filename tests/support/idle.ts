/** Nothing may be left behind: handles, SAs, flows' SAs, timers, work. */
import assert from "node:assert/strict";
import type { Pair } from "./pair.ts";

/** Both hosts have shut down and hold nothing any more. */
export async function assertNothingLeft(pair: Pair): Promise<void> {
  await pair.settle();
  for (const host of pair.hosts) {
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
