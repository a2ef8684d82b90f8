/**
 * pcapng files (draft-ietf-opsawg-pcapng): sections of either byte order, in them interfaces and packets. Blocks that
 * tell nothing about packets are passed over, unknown ones too.
 * ```
 *  | block type (32) | block total length (32) | body ... | block total length (32) |
 * ```
 */
import type { CaptureFault, Frame } from "./types.ts";
import { viewOf } from "./view.ts";
import { MAX_FRAME_LENGTH, type Window } from "./window.ts";

/** The same in both byte orders. */
export const SECTION_HEADER = 0x0a0d0d0a;

const BLOCK = { INTERFACE: 1, PACKET: 2, SIMPLE_PACKET: 3, ENHANCED_PACKET: 6 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION = { END: 0, TIME_RESOLUTION: 9, TIME_OFFSET: 14 } as const;

/** Octets of type and first length, of the last length, and of both. */
const HEAD_LENGTH = 8, TAIL_LENGTH = 4, FRAMING_LENGTH = HEAD_LENGTH + TAIL_LENGTH;
const SECTION_LENGTH = 28;
/** Where the packet begins in the block. */
const PACKET_OFFSET = 28, SIMPLE_PACKET_OFFSET = 12;
/** Where the options begin in an interface description. */
const OPTIONS_OFFSET = 16;

/** A file with more interfaces in a section is no capture of ours. */
const MAX_INTERFACES = 1024;

interface Interface {
  readonly linkType: number;
  /** Octets of a frame that were kept; 0 is all. */
  readonly snapLength: number;
  readonly ticksPerSecond: bigint;
  readonly offsetSeconds: bigint;
}

interface Section {
  readonly little: boolean;
  readonly interfaces: Interface[];
}

/** The frames of a file that begins with a section header; of a file that ends within one, what is there of it. */
export function* pcapngFrames(input: Window): Generator<Frame | CaptureFault> {
  let section: Section = { little: true, interfaces: [] };
  for (;;) {
    const head = input.peek(FRAMING_LENGTH);
    if (head.length === 0) return;
    if (head.length < FRAMING_LENGTH) {
      yield fault(input, "truncated", head.length, "The file ends within the head of a block");
      return;
    }
    if (viewOf(head).getUint32(0) === SECTION_HEADER) {
      const little = byteOrder(head);
      if (little === undefined) {
        yield fault(input, "corrupt", HEAD_LENGTH, "A section has no byte-order magic");
        return;
      }
      section = { little, interfaces: [] };
    }
    const view = viewOf(head);
    const type = view.getUint32(0, section.little), length = view.getUint32(4, section.little);
    const minimum = type === SECTION_HEADER ? SECTION_LENGTH : FRAMING_LENGTH;
    if (length < minimum || length % 4 !== 0) {
      yield fault(input, "corrupt", 4, `A block cannot have ${length} octets`);
      return;
    }
    yield* content(input, section, type, length);
    if (!input.skip(length - TAIL_LENGTH)) {
      yield fault(input, "truncated", 0, `The file ends within a block of ${length} octets`);
      return;
    }
    const tail = input.peek(TAIL_LENGTH);
    if (tail.length < TAIL_LENGTH) {
      yield fault(input, "truncated", tail.length, `The file ends within a block of ${length} octets`);
      return;
    }
    const again = viewOf(tail).getUint32(0, section.little);
    if (again !== length) {
      yield fault(input, "corrupt", 0, `A block of ${length} octets says at its end that it has ${again}`);
      return;
    }
    input.skip(TAIL_LENGTH);
  }
}

/** What a block is for: an interface is kept in mind, a packet handed on. The block stays the next in the input. */
function* content(
  input: Window,
  section: Section,
  type: number,
  length: number,
): Generator<Frame | CaptureFault> {
  if (type === BLOCK.INTERFACE) {
    if (section.interfaces.length === MAX_INTERFACES) {
      yield fault(input, "unknown", 0, `A section has more than ${MAX_INTERFACES} interfaces`);
      return;
    }
    const block = input.peek(Math.min(length - TAIL_LENGTH, MAX_FRAME_LENGTH));
    if (block.length >= OPTIONS_OFFSET) section.interfaces.push(interfaceOf(block, section.little));
    else if (block.length === length - TAIL_LENGTH) {
      yield fault(input, "unknown", 0, `A block of ${length} octets describes no interface`);
    }
    return;
  }
  if (type !== BLOCK.ENHANCED_PACKET && type !== BLOCK.PACKET && type !== BLOCK.SIMPLE_PACKET) return;
  const block = input.peek(Math.min(length - TAIL_LENGTH, PACKET_OFFSET + MAX_FRAME_LENGTH));
  const offset = type === BLOCK.SIMPLE_PACKET ? SIMPLE_PACKET_OFFSET : PACKET_OFFSET;
  // Fewer octets are either the end of the file, which is reported behind the block, or a block without a packet.
  if (block.length < offset) return;
  const view = viewOf(block);
  const id = type === BLOCK.ENHANCED_PACKET
    ? view.getUint32(8, section.little)
    : type === BLOCK.PACKET
    ? view.getUint16(8, section.little)
    : 0;
  const from = section.interfaces[id];
  if (from === undefined) {
    yield fault(input, "unknown", 8, `A packet is from interface ${id}, which its section does not describe`);
    return;
  }
  const { linkType } = from;
  if (type === BLOCK.SIMPLE_PACKET) {
    const captured = Math.min(view.getUint32(8, section.little), from.snapLength || 0xffff_ffff);
    yield { kind: "frame", linkType, octets: block.subarray(offset, offset + captured) };
    return;
  }
  const ticks = (BigInt(view.getUint32(12, section.little)) << 32n) |
    BigInt(view.getUint32(16, section.little));
  const timeNs = from.offsetSeconds * 1_000_000_000n + (ticks * 1_000_000_000n) / from.ticksPerSecond;
  const captured = view.getUint32(20, section.little);
  yield { kind: "frame", linkType, timeNs, octets: block.subarray(offset, offset + captured) };
}

/** Whether a section is little-endian; undefined where its magic number is none. */
function byteOrder(head: Uint8Array): boolean | undefined {
  const view = viewOf(head);
  if (view.getUint32(HEAD_LENGTH, true) === BYTE_ORDER_MAGIC) return true;
  return view.getUint32(HEAD_LENGTH, false) === BYTE_ORDER_MAGIC ? false : undefined;
}

function interfaceOf(block: Uint8Array, little: boolean): Interface {
  const view = viewOf(block);
  let ticksPerSecond = 1_000_000n, offsetSeconds = 0n;
  for (let at = OPTIONS_OFFSET; at + 4 <= block.length;) {
    const code = view.getUint16(at, little), length = view.getUint16(at + 2, little);
    const value = at + 4;
    if (code === OPTION.END || value + length > block.length) break;
    if (code === OPTION.TIME_RESOLUTION && length === 1) ticksPerSecond = resolution(block[value]!);
    if (code === OPTION.TIME_OFFSET && length === 8) offsetSeconds = view.getBigInt64(value, little);
    at = value + Math.ceil(length / 4) * 4;
  }
  return {
    linkType: view.getUint16(8, little),
    snapLength: view.getUint32(12, little),
    ticksPerSecond,
    offsetSeconds,
  };
}

/** `if_tsresol`: a negative power of 2 where the highest bit is set, else of 10. */
function resolution(octet: number): bigint {
  const base = (octet & 0x80) !== 0 ? 2n : 10n;
  return base ** BigInt(octet & 0x7f);
}

function fault(input: Window, code: CaptureFault["code"], ahead: number, message: string): CaptureFault {
  return { kind: "fault", code, octet: input.octet + ahead, message };
}
