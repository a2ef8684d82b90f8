/** Whether two configurations say the same: plain values, as they cross a MessagePort. */

/** Not part of what is said: a policy is the same one line further down. */
const PLACE = "where";

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

/** Whether two values say the same. A field that is undefined is one that is not there. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (Array.isArray(a)) return Array.isArray(b) && sameList(a, b);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && sameList(a, b);
  if (Array.isArray(b) || b instanceof Uint8Array) return false;
  for (const key in a) if (key !== PLACE && !sameValue(a[key], b[key])) return false;
  for (const key in b) if (key !== PLACE && b[key] !== undefined && !(key in a)) return false;
  return true;
}

function sameList(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (!sameValue(a[at], b[at])) return false;
  return true;
}

/** A text that is the same for values that say the same with their fields in the same order, and for no others. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (!isObject(value)) return String(value);
  if (value instanceof Uint8Array) return `<${value.join()}>`;
  let text = "";
  if (Array.isArray(value)) {
    for (const item of value) text += `${textOf(item)},`;
    return `[${text}]`;
  }
  for (const key in value) {
    if (key !== PLACE && value[key] !== undefined) text += `${JSON.stringify(key)}:${textOf(value[key])},`;
  }
  return `{${text}}`;
}
