/** The whole benchmark: rounds, in each of which ours and strongSwan's are measured one after the other. */
import { type Figure, Samples } from "./figures.ts";
import { prepare } from "./harness.ts";
import {
  dataplane,
  type Extent,
  handshake,
  memory,
  MIXES,
  type Sample,
  SIDES,
  startup,
  SUITES,
} from "./measure.ts";

const WHOLE: Extent = {
  rounds: 3,
  handshakes: 4000,
  seconds: 3,
  mixes: MIXES,
  suites: SUITES,
  manySas: true,
};

const QUICK: Extent = {
  rounds: 1,
  handshakes: 1000,
  seconds: 3,
  mixes: [MIXES[0]],
  suites: [SUITES[0]],
  manySas: false,
};

/** Measures; `progress` is told what is being measured. Throws `BenchError`. */
export async function runBench(quick: boolean, progress: (line: string) => void): Promise<Figure[]> {
  const extent = quick ? QUICK : WHOLE;
  const iked = await prepare();
  // The hooks start what this names.
  Deno.env.set("IKED_BIN", iked);
  const samples = new Samples();
  const sample: Sample = (id, side, value) => samples.add(id, side, value);
  for (let round = 1; round <= extent.rounds; round++) {
    for (const side of SIDES) {
      progress(`round ${round} of ${extent.rounds}: start-up, ${side}`);
      await startup(side, iked, sample);
    }
    for (const mix of extent.mixes) {
      for (const side of SIDES) {
        progress(`round ${round} of ${extent.rounds}: ${mix}, ${side}`);
        await handshake(side, mix, extent, sample);
      }
    }
    for (const suite of extent.suites) {
      for (const side of SIDES) {
        progress(`round ${round} of ${extent.rounds}: ESP ${suite}, ${side}`);
        await dataplane(side, suite, suite === SUITES[0], extent, sample);
      }
    }
  }
  if (extent.manySas) {
    for (const side of SIDES) {
      progress(`memory with 1,000 and 10,000 SAs, ${side}`);
      await memory(side, sample);
    }
  }
  return samples.figures();
}
