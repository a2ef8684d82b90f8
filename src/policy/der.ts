/** One element of DER (X.690): its tag, its contents, and all of it. */
export interface DerElement {
  readonly tag: number;
  readonly body: Uint8Array;
  readonly whole: Uint8Array;
}

/** The elements that these octets are a row of; undefined where they are not. Lengths have at most three octets. */
export function derElements(octets: Uint8Array): DerElement[] | undefined {
  const found: DerElement[] = [];
  for (let at = 0; at < octets.length;) {
    const begin = at;
    const tag = octets[at]!;
    let length = octets[at + 1] ?? 0x80;
    at += 2;
    if (length > 0x80 && length <= 0x83) {
      let value = 0;
      for (let more = length - 0x80; more > 0; more--) value = value * 256 + (octets[at++] ?? 0);
      length = value;
    } else if (length >= 0x80) return undefined;
    if (at + length > octets.length) return undefined;
    found.push({ tag, body: octets.subarray(at, at + length), whole: octets.subarray(begin, at + length) });
    at += length;
  }
  return found;
}
