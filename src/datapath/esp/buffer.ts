/** Memory for packets, and the Internet checksum over it (RFC 1071). */
import { LITTLE_ENDIAN } from "./endian.ts";
import { type PacketMemory, STEP } from "./packet_memory.ts";

/** One piece of memory with the views the hot path needs; made once, used for every packet. */
export interface PacketBuffer {
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** The same memory in words of the machine's byte order, for summing; signed, since V8 sums those without floats. */
  readonly words: Int32Array<ArrayBuffer>;
  /** Where it is part of a `PacketMemory`: that, and its address there. */
  readonly memory: PacketMemory | undefined;
  readonly base: number;
}

/** A buffer of at least `length` octets, in `memory` where there is one. */
export function packetBuffer(length: number, memory?: PacketMemory): PacketBuffer {
  const whole = (length + 7) & ~7;
  return packetBufferOver(memory?.take(whole) ?? new Uint8Array(whole), memory);
}

/** The views over memory that is there already and begins at a multiple of four; it may be of `memory`. */
export function packetBufferOver(octets: Uint8Array<ArrayBuffer>, memory?: PacketMemory): PacketBuffer {
  const { buffer, byteOffset: base, length } = octets;
  return {
    octets,
    view: new DataView(buffer, base, length),
    words: new Int32Array(buffer, base, length >>> 2),
    memory: buffer === memory?.buffer ? memory : undefined,
    base,
  };
}

/** Copies the few octets of a header, whose length is a multiple of four: a loop, since a call costs more. */
export function copyHeader(
  from: PacketBuffer,
  fromAt: number,
  to: PacketBuffer,
  at: number,
  length: number,
): void {
  if (((fromAt | at) & 3) !== 0) {
    for (let octet = 0; octet < length; octet++) to.octets[at + octet] = from.octets[fromAt + octet]!;
    return;
  }
  const source = fromAt >>> 2, target = at >>> 2, words = length >>> 2;
  for (let word = 0; word < words; word++) to.words[target + word] = from.words[source + word]!;
}

/** Folds a sum of 16-bit words to 16 bits (RFC 1071 §1). `sum` is below 2^32. */
export function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

function swap(half: number): number {
  return ((half & 0xff) << 8) | (half >>> 8);
}

/** Machine-order sum of up to 65,536 octets from an even offset, folded, in network order. */
function sumEven(buffer: PacketBuffer, offset: number, length: number): number {
  const { view, words } = buffer;
  const { memory, base } = buffer;
  let at = offset, sum = 0;
  let rest = length;
  // A call from here is dearer than the loop for a few.
  if (memory !== undefined && rest >= 4 * STEP) {
    const end = at + rest - rest % STEP;
    sum = fold(memory.sum(base + at, base + end) >>> 0);
    rest -= end - at;
    at = end;
  }
  if ((at & 2) !== 0 && rest >= 2) {
    sum += view.getUint16(at, LITTLE_ENDIAN);
    at += 2;
    rest -= 2;
  }
  const last = (at + rest) >>> 2;
  if ((at & 3) === 0) {
    // Two sums of 32-bit integers, of the words and of their upper halves, take half the time of one sum of floats:
    // 0.2 µs for 1,350 octets.
    let whole = 0, upper = 0;
    for (let word = at >>> 2; word < last; word++) {
      const value = words[word]!;
      whole = (whole + value) | 0;
      upper = (upper + (value >>> 16)) | 0;
    }
    sum += ((whole - (upper << 16)) >>> 0) + upper;
    at += rest & ~3;
    rest &= 3;
  }
  if (rest >= 2) {
    sum += view.getUint16(at, LITTLE_ENDIAN);
    at += 2;
    rest -= 2;
  }
  if (rest === 1) sum += LITTLE_ENDIAN ? buffer.octets[at]! : buffer.octets[at]! << 8;
  // Octets summed as 32-bit words fold to the same 16 bits (RFC 1071 §2 (C)); the order of bytes is independent (§2 (B)).
  const folded = fold(sum);
  return LITTLE_ENDIAN ? swap(folded) : folded;
}

/**
 * The one's complement sum of `length` octets at `offset`, plus `initial` (16-bit sums added up), folded to 16 bits.
 * The checksum field is its complement; over a right packet, field included, it is 0xffff.
 */
export function checksum(buffer: PacketBuffer, offset: number, length: number, initial: number): number {
  if (length === 0) return fold(initial);
  if ((offset & 1) === 0) return fold(sumEven(buffer, offset, length) + initial);
  const tail = swap(sumEven(buffer, offset + 1, length - 1));
  return fold((buffer.octets[offset]! << 8) + tail + initial);
}

/**
 * Copies `length` octets to an even offset, and returns their one's complement sum, folded, as if they began a packet's
 * 16-bit word.
 */
export function copySummed(
  from: PacketBuffer,
  fromAt: number,
  to: PacketBuffer,
  at: number,
  length: number,
): number {
  const { memory } = to;
  let done = 0, sum = 0;
  if (memory !== undefined && memory === from.memory && length >= STEP) {
    done = length - length % STEP;
    sum = swap(fold(memory.copy(from.base + fromAt, to.base + at, to.base + at + done) >>> 0));
    for (let octet = done; octet < length; octet++) to.octets[at + octet] = from.octets[fromAt + octet]!;
  } else {
    to.octets.set(from.octets.subarray(fromAt, fromAt + length), at);
  }
  return fold(sum + sumEven(to, at + done, length - done));
}
