/** What is thrown and caught by nobody, in main as in a role. */

/** What went wrong and where, on one line. */
export function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = /\n\s+at (.*)/.exec(error.stack ?? "")?.[1];
  return place === undefined ? error.message : `${error.message}, at ${place}`;
}

/** The part of a global scope, main's or a worker's, that tells of it. */
interface Scope {
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
}

/** Tells it on one line, instead of a stack trace on somebody's terminal. */
export function onUncaught(scope: Scope, tell: (fault: string) => void): void {
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    tell(faultOf(event.error));
  });
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    tell(faultOf(event.reason));
  });
}
