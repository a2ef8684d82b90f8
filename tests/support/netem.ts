/**
 * A simulated network: loss (single and in bursts), duplication, reordering, latency, jitter, MTU, and a NAT, all
 * from one seed. Time is the caller's; nothing here waits.
 */
import { type Endpoint, sameAddress } from "../../src/ip/mod.ts";
import type { Datagram } from "../../src/exchange/ports.ts";
import type { Nat } from "./nat.ts";
import type { Rng } from "./rng.ts";

/** What the network does to datagrams; probabilities from 0 to 1, times in milliseconds. */
export interface Conditions {
  readonly loss?: number;
  /** Bursty loss: probability that a burst begins at a datagram, and how many are lost in it. */
  readonly burst?: { readonly start: number; readonly length: number };
  readonly duplicate?: number;
  /** Probability of being held back by `reorderMs` on top. */
  readonly reorder?: number;
  readonly reorderMs?: number;
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  /** Datagrams with more octets than this are lost. */
  readonly mtu?: number;
}

/** An ESP packet in flight: what the mock data path seals (`simulated_datapath.ts`). */
export interface EspInFlight {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly packet: unknown;
}

export type Arrival =
  | { readonly kind: "ike"; readonly datagram: Datagram }
  | { readonly kind: "esp"; readonly esp: EspInFlight };

/** One datagram under way. `at`: when it arrives; `order` breaks ties in the order of sending. */
export interface InFlight {
  readonly at: number;
  readonly order: number;
  readonly arrival: Arrival;
}

/** Both ends of a datagram as a receiver sees it, for the record. */
export interface Sent {
  readonly at: number;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly natt: boolean;
  readonly data: Uint8Array;
  readonly fate: "sent" | "lost" | "duplicated";
}

export class Network {
  conditions: Conditions;
  readonly nats: Nat[] = [];
  /** Datagrams under way, the next to arrive first. */
  readonly inFlight: InFlight[] = [];
  /** Every IKE datagram that was sent, as it looked behind the sender's NAT. */
  readonly record: Sent[] = [];
  readonly #rng: Rng;
  #order = 0;
  #burstLeft = 0;

  constructor(rng: Rng, conditions: Conditions = {}) {
    this.#rng = rng;
    this.conditions = conditions;
  }

  /** Takes a datagram from its sender at `now`. */
  sendIke(now: number, datagram: Datagram): void {
    const translated = this.#outward(datagram.local, datagram.remote);
    const data = datagram.data.slice();
    const { source, destination } = translated;
    const lost = this.#lost(data.length);
    const twice = !lost && this.#rng.chance(this.conditions.duplicate ?? 0);
    const fate = lost ? "lost" : twice ? "duplicated" : "sent";
    this.record.push({ at: now, source, destination, natt: datagram.natt, data, fate });
    if (lost) return;
    const arrival: Arrival = {
      kind: "ike",
      datagram: { local: destination, remote: source, data, natt: datagram.natt },
    };
    this.#enqueue(now + this.#delay(), arrival);
    if (twice) this.#enqueue(now + this.#delay(), arrival);
  }

  /** Takes an ESP packet; it is delayed like any other, never lost, so that every loss is an SA's fault. */
  sendEsp(now: number, esp: EspInFlight): void {
    const { source, destination } = this.#outward(esp.from, esp.to);
    const arrival: Arrival = { kind: "esp", esp: { from: source, to: destination, packet: esp.packet } };
    this.#enqueue(now + (this.conditions.latencyMs ?? 0), arrival);
  }

  /** When the next datagram arrives; undefined while nothing is under way. */
  nextArrival(): number | undefined {
    return this.inFlight[0]?.at;
  }

  /** Takes the next datagram that arrives at or before `now`, its destination translated; lost ones are passed over. */
  take(now: number): Arrival | undefined {
    for (;;) {
      const next = this.inFlight[0];
      if (next === undefined || next.at > now) return undefined;
      this.inFlight.shift();
      const arrival = this.#inward(next.arrival);
      if (arrival !== undefined) return arrival;
    }
  }

  /** Takes the first datagram under way that the predicate wants, whatever its time; its destination is translated. */
  pick(wanted: (arrival: Arrival) => boolean): Arrival | undefined {
    for (const [index, { arrival }] of this.inFlight.entries()) {
      const inward = this.#inward(arrival);
      if (inward === undefined || !wanted(inward)) continue;
      this.inFlight.splice(index, 1);
      return inward;
    }
    return undefined;
  }

  /** Puts a datagram on the way as if somebody sent it: replays, forgeries. */
  inject(now: number, datagram: Datagram): void {
    this.#enqueue(now, { kind: "ike", datagram });
  }

  #lost(length: number): boolean {
    const { loss = 0, burst, mtu } = this.conditions;
    const random = this.#rng.chance(loss);
    if (this.#burstLeft > 0) {
      this.#burstLeft--;
      return true;
    }
    if (burst !== undefined && this.#rng.chance(burst.start)) {
      this.#burstLeft = burst.length - 1;
      return true;
    }
    return random || (mtu !== undefined && length > mtu);
  }

  #delay(): number {
    const { latencyMs = 0, jitterMs = 0, reorder = 0, reorderMs = 50 } = this.conditions;
    const held = this.#rng.chance(reorder) ? reorderMs : 0;
    return latencyMs + held + (jitterMs > 0 ? this.#rng.below(jitterMs + 1) : 0);
  }

  #enqueue(at: number, arrival: Arrival): void {
    const entry = { at, order: this.#order++, arrival };
    let index = this.inFlight.length;
    while (index > 0 && this.inFlight[index - 1]!.at > at) index--;
    this.inFlight.splice(index, 0, entry);
  }

  #outward(from: Endpoint, to: Endpoint): { source: Endpoint; destination: Endpoint } {
    const nat = this.nats.find((nat) => sameAddress(nat.inside, from.address));
    return { source: nat === undefined ? from : nat.outward(from, to), destination: to };
  }

  #inward(arrival: Arrival): Arrival | undefined {
    const [from, to] = arrival.kind === "ike"
      ? [arrival.datagram.remote, arrival.datagram.local]
      : [arrival.esp.from, arrival.esp.to];
    const nat = this.nats.find((nat) => sameAddress(nat.outside, to.address));
    if (nat === undefined) return arrival;
    const inside = nat.inward(from, to);
    if (inside === undefined) return undefined;
    return arrival.kind === "ike"
      ? { kind: "ike", datagram: { ...arrival.datagram, local: inside } }
      : { kind: "esp", esp: { ...arrival.esp, to: inside } };
  }
}
