/**
 * How a worker starts: the first message brings its options and ports; it answers `ready` once it does its duty, or
 * `failed` with one line for the user. From then on it answers pings, which is all that main asks over this channel.
 * What the role throws reaches main as the worker's `error` event.
 */

/** From main to a worker. */
export type ToRole<Start = unknown> =
  | { readonly start: Start; readonly ports: Readonly<Record<string, MessagePort>> }
  | { readonly ping: number };

/** From a worker to main. */
export type FromRole =
  | { readonly ready: true }
  | { readonly failed: string }
  | { readonly pong: number };

/** Why a role cannot start, in words for the user; the daemon prints it as its one line. */
export class StartError extends Error {
  override name = "StartError";
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToRole>) => void) | null;
  postMessage(message: FromRole): void;
}

/**
 * Makes this worker a role. `begin` gets the options and the ports by name and resolves once the role is ready;
 * a `StartError` of its becomes the user's line, any other is a bug and takes the worker down.
 */
export function runRole<Start, Ports extends string>(
  begin: (start: Start, ports: Readonly<Record<Ports, MessagePort>>) => void | Promise<void>,
): void {
  const scope = self as unknown as WorkerScope;
  scope.onmessage = async ({ data }) => {
    if ("ping" in data) return scope.postMessage({ pong: data.ping });
    try {
      await begin(data.start as Start, data.ports as Record<Ports, MessagePort>);
      scope.postMessage({ ready: true });
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      scope.postMessage({ failed: error.message });
    }
  };
}
