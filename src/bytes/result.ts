/** The outcome of something that may fail because of its input. A `throw` means a bug of ours instead. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | {
  readonly ok: false;
  readonly error: E;
};

/** A success. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** A failure that the input caused. */
export function fail<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** Ends a `switch` over a closed union: the compiler proves that it cannot be reached. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected variant "${String(value)}"`);
}
