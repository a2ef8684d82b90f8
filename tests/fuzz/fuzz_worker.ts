/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Runs one target apart from whoever watches it: an input that never comes back is still known, and can be ended.
 *
 * What it is at stands in `Progress`, in memory shared with the watcher.
 */
import { HeapWatch } from "./heap.ts";
import { Progress } from "./progress.ts";
import { type Extent, fuzz, type Report } from "./run.ts";
import { loadTarget } from "./targets/mod.ts";

/** What the watcher orders. */
export interface Order {
  readonly target: string;
  readonly extent: Extent;
  readonly shared: SharedArrayBuffer;
}

/** What the watcher gets: that something failed and is being repeated, then the end. */
export type Notice = { readonly failed: true } | {
  readonly report: Report;
  readonly heap?: readonly [half: number, whole: number];
  readonly seconds: number;
};

self.addEventListener("message", async ({ data }: MessageEvent<Order>) => {
  const target = await loadTarget(data.target);
  const progress = new Progress(data.shared);
  const heap = new HeapWatch(data.extent.count);
  const began = performance.now();
  const report = await fuzz(target, data.extent, {
    input: (inputs, episode, input) => {
      progress.begin(episode, input);
      heap.look(inputs);
    },
    failed: () => self.postMessage({ failed: true } satisfies Notice),
  });
  const seconds = (performance.now() - began) / 1000;
  self.postMessage({ report, seconds, ...heap.result() } satisfies Notice);
});
