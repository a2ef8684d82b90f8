/**
 * How a worker starts, lives and fails. Its first message brings options and ports; it answers `ready` once it does
 * its duty, or `failed` with one line for the user. From then on it answers pings with what memory it has left. What
 * it throws, wherever that is, becomes `fault`: one line to main instead of a stack trace on somebody's terminal.
 */
import v8 from "node:v8";
import { onUncaught } from "./errors.ts";

/** From main to a worker. */
export type ToRole<Start = unknown> =
  | { readonly start: Start; readonly ports: Readonly<Record<string, MessagePort>> }
  | { readonly ping: number };

/** From a worker to main. */
export type FromRole =
  | { readonly ready: true }
  | { readonly failed: string }
  | { readonly fault: string }
  /** `heap` is memory in use as a part of the heap's limit: V8 aborts the process when its heap is at 1. */
  | { readonly pong: number; readonly heap: number };

/** Why a role cannot start, in words for the user; the daemon prints it as its one line. */
export class StartError extends Error {
  override name = "StartError";
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToRole>) => void) | null;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
  postMessage(message: FromRole): void;
}

/** Octets outside of the heap count as well: they hold no limit of V8's, but the host's memory. */
function heapInUse(): number {
  const { used_heap_size: used, external_memory: outside, heap_size_limit: limit } = v8.getHeapStatistics();
  return (used + outside) / limit;
}

/**
 * Makes this worker a role. `begin` gets the options and the ports by name and resolves once the role is ready;
 * a `StartError` of its becomes the user's line, any other is a bug and takes the daemon down.
 */
export function runRole<Start, Ports extends string>(
  begin: (start: Start, ports: Readonly<Record<Ports, MessagePort>>) => void | Promise<void>,
): void {
  const scope = self as unknown as WorkerScope;
  onUncaught(scope, (fault) => scope.postMessage({ fault }));
  scope.onmessage = async ({ data }) => {
    if ("ping" in data) return scope.postMessage({ pong: data.ping, heap: heapInUse() });
    try {
      await begin(data.start as Start, data.ports as Record<Ports, MessagePort>);
      scope.postMessage({ ready: true });
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      scope.postMessage({ failed: error.message });
    }
  };
}
