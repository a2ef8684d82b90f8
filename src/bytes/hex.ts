import { fail, ok, type Result } from "./result.ts";

const DIGITS = "0123456789abcdef";

/** Octets as lower-case hex. */
export function toHex(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) text += DIGITS.charAt(octet >> 4) + DIGITS.charAt(octet & 15);
  return text;
}

/** Hex digits, either case, an even number of them, as octets. */
export function fromHex(text: string): Result<Uint8Array, string> {
  if (text.length % 2 !== 0) return fail("Odd number of hex digits");
  if (!/^[0-9a-fA-F]*$/.test(text)) return fail("Not a hex digit");
  const octets = new Uint8Array(text.length / 2);
  for (let i = 0; i < octets.length; i++) octets[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return ok(octets);
}

/** An unsigned integer as hex digits, left-padded with zeros to `octets` octets. */
export function hexOf(value: number | bigint, octets: number): string {
  return value.toString(16).padStart(octets * 2, "0");
}
