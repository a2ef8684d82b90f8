import type { Family } from "../../ip/mod.ts";

/** AF_INET and AF_INET6 of Linux. */
export const FAMILY_NUMBER: Readonly<Record<Family, number>> = { 4: 2, 6: 10 };

/** The other way round; undefined for another family. */
export function familyOfNumber(number: number): Family | undefined {
  return number === 2 ? 4 : number === 10 ? 6 : undefined;
}
