/** A view of octets as numbers. Reading past the end throws: callers have checked the length. */
export function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length);
}
