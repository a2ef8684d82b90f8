/** Capture files, as `iked decode` reads them. */
import assert from "node:assert/strict";
import { IkeCapture, MAX_FRAME_LENGTH, type Source } from "../../../src/capture/mod.ts";
import { SimulatedClock } from "../../support/clock.ts";
import { damage, pick, splice } from "../../support/mutate.ts";
import { pcapngOf } from "../../support/pcap.ts";
import { captures, livelyPair } from "../corpus.ts";
import type { Target } from "../target.ts";

/** Reads in steps of this many octets, so that every structure is met in pieces. */
const STEP = 61;

/** A capture may hold the longest frame, and as much again of fragments. */
const MOST_HELD = 4 * MAX_FRAME_LENGTH;

function sourceOf(octets: Uint8Array): Source {
  let at = 0;
  return {
    read(into) {
      const length = Math.min(STEP, into.length, octets.length - at);
      into.set(octets.subarray(at, at + length));
      at += length;
      return length;
    },
  };
}

function read(octets: Uint8Array): string {
  const capture = new IkeCapture(sourceOf(octets));
  let items = 0, messages = 0, faults = 0;
  for (const item of capture.items()) {
    // Of a file without octets it is told that it is none.
    assert.ok(++items <= Math.max(octets.length, 1), "More items than octets");
    assert.ok(capture.heldOctets <= MOST_HELD, `${capture.heldOctets} octets held`);
    if (item.kind === "message") messages++;
    else {
      faults++;
      assert.ok(item.octet >= 0 && item.message !== "");
    }
  }
  return messages > 0 ? "messages" : faults > 0 ? "faults" : "nothing";
}

export default async function load(): Promise<Target> {
  const { record } = (await livelyPair()).network;
  const own = [0, 4, 8].map((from) => pcapngOf(record.slice(from, from + 4), SimulatedClock.EPOCH_MS));
  const corpus = [...captures(), ...own];
  return {
    name: "capture",
    says: "damaged pcap and pcapng files into the reader",
    inputs: 200,
    reaches: ["messages", "faults"],
    generate: (rng) => {
      const file = pick(corpus, rng);
      return damage(rng.chance(0.1) ? splice(file, pick(corpus, rng), rng) : file, rng);
    },
    open: () => ({ feed: read }),
  };
}
