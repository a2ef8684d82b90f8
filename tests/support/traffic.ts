/** Inner packets through both data paths of a pair, and what became of every single one. */
import assert from "node:assert/strict";
import { sameAddress } from "../../src/ip/mod.ts";
import type { EspInFlight } from "./netem.ts";
import type { Host, Pair } from "./pair.ts";
import { address } from "./policies.ts";
import type { Incoming, InnerPacket, SealedPacket } from "./simulated_datapath.ts";

/** What happened to the packets of one direction. */
export interface Tally {
  sent: number;
  /** Held back for want of an SA. */
  held: number;
  /** Let through in clear: no flow has them. */
  clear: number;
  delivered: number;
  /** Arrived, and were refused. */
  readonly refused: Exclude<Incoming, "delivered">[];
}

const INNER = { a: address("10.1.0.5"), b: address("10.2.0.5") } as const;

function tally(): Tally {
  return { sent: 0, held: 0, clear: 0, delivered: 0, refused: [] };
}

export class Traffic {
  readonly from = { a: tally(), b: tally() };
  readonly #pair: Pair;

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  /** Sends one packet from the network behind `name` to the one behind the other. */
  send(name: "a" | "b", inner: Partial<InnerPacket> = {}): void {
    const host = this.#pair[name];
    const to = name === "a" ? "b" : "a";
    const outgoing = host.datapath.output({
      source: INNER[name],
      destination: INNER[to],
      protocol: 1,
      sourcePort: 0,
      destinationPort: 0,
      octets: 84,
      ...inner,
    });
    const count = this.from[name];
    if (outgoing.kind !== "sealed") {
      count[outgoing.kind]++;
      return;
    }
    count.sent++;
    this.#pair.network.sendEsp(this.#pair.clock.now(), outgoing);
  }

  /** Sends one packet each way. */
  both(): void {
    this.send("a");
    this.send("b");
  }

  /** Hands an ESP packet to the host it is for. */
  arrive(esp: EspInFlight): void {
    const host: Host | undefined = this.#pair.hosts.find((h) => sameAddress(h.address, esp.to.address));
    if (host === undefined) return;
    const count = this.from[host.name === "a" ? "b" : "a"];
    const outcome = host.datapath.input(esp.from, esp.packet as SealedPacket);
    if (outcome === "delivered") count.delivered++;
    else count.refused.push(outcome);
  }

  /** Every packet that was sent arrived and was taken, and none was held back or went in clear. */
  assertNothingLost(): void {
    for (const name of ["a", "b"] as const) {
      const { sent, held, clear, delivered, refused } = this.from[name];
      assert.deepEqual(refused, [], `packets from ${name} refused`);
      assert.equal(held + clear, 0, `packets from ${name} without an SA`);
      assert.equal(delivered, sent, `packets from ${name} delivered`);
    }
  }

  /** Delivers every ESP packet that is under way, and nothing else. */
  async flush(): Promise<void> {
    const { network } = this.#pair;
    for (;;) {
      const arrival = network.pick((candidate) => candidate.kind === "esp");
      if (arrival?.kind !== "esp") break;
      this.arrive(arrival.esp);
    }
    await this.#pair.settle();
  }

  /** One packet each way, now, and both arrive. */
  async assertPasses(): Promise<void> {
    const before = [this.from.a.delivered, this.from.b.delivered];
    this.both();
    await this.flush();
    assert.deepEqual([this.from.a.delivered - before[0]!, this.from.b.delivered - before[1]!], [1, 1]);
  }
}
