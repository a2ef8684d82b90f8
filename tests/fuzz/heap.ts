/** Whether memory grows with the inputs: what the heap holds after half of a long run, and at its end. */

/** Inputs from which on a run is long: before that caches and compiled code still grow. */
const LONG = 50_000;
/** What may come on top in the second half, in octets; and of the whole, since there is always some noise. */
const MOST_GROWTH = 4_000_000;
const MOST_SHARE = 0.1;

/** Of no single input's making: it cannot be made smaller. */
export class Growth extends Error {
  override readonly name = "Growth";
}

/** There with `--v8-flags=--expose-gc` alone; without it nothing can be said. */
function collect(): boolean {
  const { gc } = globalThis as { gc?: () => void };
  // Buffers of what the first round finds dead are given back in the next ones.
  for (let round = 0; round < 4; round++) gc?.();
  return gc !== undefined;
}

function held(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

export class HeapWatch {
  readonly #count: number;
  #half: number | undefined;
  #whole: number | undefined;

  constructor(count: number) {
    this.#count = count;
  }

  /** So many inputs were taken. Throws once the heap has grown. */
  look(inputs: number): void {
    if (this.#count < LONG) return;
    if (inputs === this.#count >> 1 && collect()) this.#half = held();
    if (inputs !== this.#count - 1 || this.#half === undefined || !collect()) return;
    this.#whole = held();
    assertFlat(this.#half, this.#whole);
  }

  /** What was held after half of the inputs, and after all. */
  result(): { readonly heap?: readonly [half: number, whole: number] } {
    return this.#half === undefined || this.#whole === undefined ? {} : { heap: [this.#half, this.#whole] };
  }
}

/** Throws where `whole` is more than noise above `half`. */
export function assertFlat(half: number, whole: number): void {
  if (whole - half <= Math.max(MOST_GROWTH, half * MOST_SHARE)) return;
  throw new Growth(`The heap went from ${half} to ${whole} octets in the second half`);
}
