/** Whether two configurations say the same. */

function plain(key: string, value: unknown): unknown {
  // The place in the file: a policy is the same one line further down.
  if (key === "where") return undefined;
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof Uint8Array ? [...value] : value;
}

/** What a plain value (as it crosses a MessagePort) says, places in files left out; undefined for `undefined`. */
export function textOf(value: unknown): string | undefined {
  return JSON.stringify(value, plain);
}

/** Whether two plain values say the same, keys in the same order. */
export function sameValue(a: unknown, b: unknown): boolean {
  return a === b || textOf(a) === textOf(b);
}
