/**
 * A ladder: the exchange arrow by arrow. Each step delivers one datagram, having asserted what is in it, and a test
 * may look at both sides in between. `->` goes from `a` to `b`.
 *
 * ```
 * await ladder.arrow("-> IKE_SA_INIT request 0: SA,KE,Nonce,…");
 * await ladder.states("connecting", "connecting");
 * ```
 */
import assert from "node:assert/strict";
import { sameAddress } from "../../src/ip/mod.ts";
import type { Datagram } from "../../src/exchange/ports.ts";
import type { IkeSnapshot } from "../../src/engine/types.ts";
import { type OpenedMessage, openMessage } from "./opened.ts";
import { type Host, Pair, type PairOptions } from "./pair.ts";

/** One datagram that was under way, and what was in it. */
export interface Step extends OpenedMessage {
  readonly datagram: Datagram;
}

/** Payloads of an IKE_SA_INIT request and response in the plain case. */
export const INIT = "SA,KE,Nonce,N(NAT_DETECTION_SOURCE_IP),N(NAT_DETECTION_DESTINATION_IP)";

/** Payloads of the plain IKE_AUTH exchange, in the order of RFC 7296 Appendix C. */
export const AUTH_REQUEST = "IDi,N(INITIAL_CONTACT),IDr,AUTH,SA,TSi,TSr";
export const AUTH_RESPONSE = "IDr,AUTH,SA,TSi,TSr";

export class Ladder {
  readonly pair: Pair;

  constructor(pair: Pair) {
    this.pair = pair;
  }

  /** Two hosts whose `a` has just sent its first message. */
  static async start(options: PairOptions = {}): Promise<Ladder> {
    return new Ladder(await new Pair(options).start());
  }

  /** Two hosts with an established tunnel and an empty network. */
  static async connected(options: PairOptions = {}): Promise<Ladder> {
    const ladder = await Ladder.start(options);
    await ladder.pair.connect();
    await ladder.pair.drive();
    return ladder;
  }

  /** Asserts what the next datagram of this direction says and delivers it. */
  async arrow(expected: string): Promise<Step> {
    const step = this.#next(expected);
    await this.deliver(step.datagram);
    return step;
  }

  /** Asserts what the next datagram of this direction says and loses it. */
  lose(expected: string): Step {
    return this.#next(expected);
  }

  /** Delivers any datagram: one kept from before, a forged one. */
  async deliver(datagram: Datagram): Promise<void> {
    this.pair.hand({ kind: "ike", datagram });
    await this.pair.settle();
  }

  /** Nothing is under way in either direction. */
  silence(): void {
    const texts = this.pair.network.inFlight.map(({ arrival }) =>
      arrival.kind === "esp" ? "ESP" : this.#open(arrival.datagram).text
    );
    assert.deepEqual(texts, []);
  }

  /** Lets time pass and timers fire; nothing is delivered. */
  async wait(ms: number): Promise<void> {
    const { clock, hosts } = this.pair;
    const end = clock.now() + ms;
    for (let turns = 0;; turns++) {
      assert.ok(turns < 10_000, "timers without end");
      await this.pair.settle();
      const due = hosts.map((host) => host.engine.nextTimeout()).filter((at) => at !== undefined);
      const next = Math.min(...due, Infinity);
      if (next > end) break;
      clock.moveTo(Math.max(next, clock.now()));
      for (const host of hosts) {
        if ((host.engine.nextTimeout() ?? Infinity) <= clock.now()) host.engine.handleTimeout(clock.now());
      }
    }
    clock.moveTo(end);
  }

  /** Lets time pass until somebody sends of its own accord; nothing is delivered. */
  async waitForMessage(limitMs: number): Promise<void> {
    const end = this.pair.clock.now() + limitMs;
    for (await this.pair.settle(); this.pair.network.inFlight.length === 0;) {
      const due = this.pair.nextWakeup() ?? Infinity;
      assert.ok(due <= end, `Nobody sends within ${limitMs} ms`);
      await this.wait(due - this.pair.clock.now());
    }
  }

  /**
   * The IKE SAs of both sides, oldest first, each with the states of its Child SAs:
   * `established[installed]`, `deleting[] + established[installed]`; "" where there are none.
   */
  async states(a: string, b: string): Promise<void> {
    const [ofA, ofB] = await this.pair.snapshots();
    assert.deepEqual({ a: summary(ofA), b: summary(ofB) }, { a, b });
  }

  #next(expected: string): Step {
    const arrow = expected.slice(0, 2);
    const to: Host = arrow === "->" ? this.pair.b : this.pair.a;
    const arrival = this.pair.network.pick((candidate) =>
      candidate.kind === "ike" && sameAddress(candidate.datagram.local.address, to.address)
    );
    assert.ok(arrival?.kind === "ike", `Nothing under way to "${to.name}"; expected: ${expected}`);
    const opened = this.#open(arrival.datagram);
    assert.equal(`${arrow} ${opened.text}`, expected);
    return { ...opened, datagram: arrival.datagram };
  }

  #open(datagram: Datagram): OpenedMessage {
    return openMessage(datagram.data, this.pair.hosts.flatMap((host) => host.keys.recorded));
  }
}

function summary(sas: readonly IkeSnapshot[]): string {
  const ordered = [...sas].sort((a, b) => a.id - b.id);
  return ordered.map((sa) => `${sa.state}[${sa.children.map((child) => child.state).join(" ")}]`).join(" + ");
}

/** The id of the one pair that the host's data path has. */
export function onlyPair(host: Host): number {
  const [id, ...more] = host.datapath.pairs.keys();
  assert.ok(id !== undefined && more.length === 0);
  return id;
}

/** What `by` has, and what its peer has, as `a` and `b`. */
export function sides(by: "a" | "b", mine: string, theirs: string): [string, string] {
  return by === "a" ? [mine, theirs] : [theirs, mine];
}
