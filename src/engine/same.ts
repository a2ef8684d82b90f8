/** Whether two configurations say the same. */

function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof Uint8Array ? [...value] : value;
}

/** Whether two plain values (as they cross a MessagePort) are equal, keys in the same order. */
export function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a, plain) === JSON.stringify(b, plain);
}
