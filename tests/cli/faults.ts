/**
 * Ways for a thread to fail, main's or a worker's. Imported before a worker's own code, it waits for the word: a
 * message `{ fault }`, which the worker itself does not get to see.
 */

const held: unknown[] = [];

export const FAULTS: Readonly<Record<string, () => void>> = {
  throw: () => {
    throw new Error("thrown");
  },
  reject: () => void Promise.reject(new Error("rejected")),
  close: () => globalThis.close(),
  exit: () => Deno.exit(3),
  hang: () => {
    for (;;);
  },
  /** Many small objects, in one turn: no ping finds it on the way. */
  objects: () => {
    for (;;) held.push({ at: held.length });
  },
  /** More than an array can have, asked for at once. */
  "too-big": () => held.push("x".repeat(1 << 28).split("")),
  octets: () => {
    for (;;) held.push(new Uint8Array(64 << 20));
  },
};

/** Fails in a turn of its own. */
export function failSoon(fault: string): void {
  setTimeout(FAULTS[fault]!, 0);
}

if ("WorkerGlobalScope" in globalThis) {
  globalThis.addEventListener("message", (event) => {
    const { data } = event as MessageEvent;
    if (!("fault" in data)) return;
    event.stopImmediatePropagation();
    failSoon(data.fault);
  });
}
