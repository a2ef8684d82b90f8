/** Marks of packets: numbers of 32 bits, not 0. */
const LARGEST_MARK = 0xffff_ffff;

/** The number that a tag is; undefined where it is a word. */
export function numberOf(text: string): number | undefined {
  return /^(0|[1-9][0-9]*|0x[0-9a-f]+)$/i.test(text) ? Number(text) : undefined;
}

/** Whether a tag is a number that no mark can be. */
export function isNoMark(text: string): boolean {
  const number = numberOf(text);
  return number === 0 || (number !== undefined && number > LARGEST_MARK);
}

/** A mark as `ip xfrm`, `nft` and `show sa` write it. */
export function formatMark(mark: number): string {
  return `0x${mark.toString(16).padStart(8, "0")}`;
}
