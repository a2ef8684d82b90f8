/** Whether two configurations say the same. */

function plain(key: string, value: unknown): unknown {
  // The place in the file: a policy is the same one line further down.
  if (key === "where") return undefined;
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof Uint8Array ? [...value] : value;
}

/** Whether two plain values (as they cross a MessagePort) say the same, keys in the same order. */
export function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a, plain) === JSON.stringify(b, plain);
}
