/** One engine of a pair that takes what a fuzzer makes; what it says goes nowhere but here. */
import assert from "node:assert/strict";
import type { Datagram } from "../../src/exchange/ports.ts";
import type { EngineEvent } from "../../src/engine/types.ts";
import type { Host, Pair } from "../support/pair.ts";

/** A timer may make a request, its retransmissions and starts of other SAs; more than this is a storm. */
const MOST_PER_STEP = 16;
/** Ids of Child SAs that the simulated data path knows to be used. */
const REMEMBERED_IDS = 2_000;
/** Timers that fire within one step of time. */
const MOST_TIMERS = 4_000;

export class TestedEngine {
  readonly host: Host;
  readonly pair: Pair;
  constructor(pair: Pair, host: Host) {
    this.pair = pair;
    this.host = host;
  }

  /** Hands over one datagram; what the engine sent because of it. */
  async give(datagram: Datagram): Promise<readonly Uint8Array[]> {
    this.host.engine.handleDatagrams([datagram]);
    await this.pair.settle();
    return this.taken();
  }

  /** Lets time pass; what the engine sent meanwhile. */
  async pass(ms: number): Promise<readonly Uint8Array[]> {
    const { clock } = this.pair;
    const { engine } = this.host;
    const end = clock.now() + ms;
    const sent: Uint8Array[] = [];
    for (let steps = 0;; steps++) {
      const due = engine.nextTimeout();
      if (due === undefined || due > end) break;
      assert.ok(steps < MOST_TIMERS, `Timers never end, at ${clock.now()} ms`);
      clock.moveTo(Math.max(due, clock.now()));
      engine.handleTimeout(clock.now());
      await this.pair.settle();
      sent.push(...this.taken());
    }
    clock.moveTo(end);
    return sent;
  }

  /** What was sent since the last time; fails where the engine met a bug of ours, or sent too much. */
  taken(): readonly Uint8Array[] {
    for (const { events, datapath, keys } of this.pair.hosts) {
      events.forEach(assertNoBug);
      events.length = keys.handedOut.length = 0;
      forgetOldest(datapath.seenIds);
    }
    const { network } = this.pair;
    const sent = network.record.map(({ data }) => data);
    network.record.length = 0;
    network.inFlight.length = 0;
    assert.ok(sent.length <= MOST_PER_STEP, `${sent.length} datagrams at once`);
    return sent;
  }

  /** Ends everything while nobody answers: nothing may be left. */
  async finish(): Promise<void> {
    const { engine, holder, datapath } = this.host;
    let done = false;
    void engine.shutdown().then(() => done = true);
    await this.pair.settle();
    await this.pass(10_000);
    assert.ok(done, "Shutdown does not end");
    this.taken();
    const { pendingKe, sas } = holder.stats();
    assert.deepEqual(
      {
        sas: (await engine.snapshot()).length,
        pendingKe,
        handles: sas,
        pairs: datapath.pairs.size,
        pending: engine.pending(),
        timer: engine.nextTimeout(),
      },
      { sas: 0, pendingKe: 0, handles: 0, pairs: 0, pending: 0, timer: undefined },
      "left behind",
    );
  }
}

/** Episodes may be long: ids that were used long ago are not asked for again. */
function forgetOldest(ids: Set<number>): void {
  if (ids.size < 2 * REMEMBERED_IDS) return;
  let surplus = ids.size - REMEMBERED_IDS;
  for (const id of ids) {
    if (surplus-- <= 0) break;
    ids.delete(id);
  }
}

function assertNoBug(event: EngineEvent): void {
  assert.ok(event.kind !== "log" || event.level !== "error", event.kind === "log" ? event.text : "");
}
