/**
 * Classic pcap files (draft-ietf-opsawg-pcap), microseconds or nanoseconds, of machines of either byte order.
 * ```
 *  | magic (32) | major (16) | minor (16) | reserved (64) | SnapLen (32) | f | LinkType (28) |
 *  | seconds (32) | fraction (32) | captured length (32) | original length (32) | frame ...
 * ```
 */
import type { CaptureFault, Frame } from "./types.ts";
import { viewOf } from "./view.ts";
import { MAX_FRAME_LENGTH, type Window } from "./window.ts";

const FILE_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;

/** How a file of a magic number is to be read. */
export interface PcapForm {
  readonly little: boolean;
  readonly nanosecondsPerUnit: bigint;
}

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

/** The form that the first four octets of a file announce; undefined where it is no such file. */
export function pcapForm(magic: Uint8Array): PcapForm | undefined {
  for (const little of [true, false]) {
    const number = viewOf(magic).getUint32(0, little);
    if (number === MICROSECONDS) return { little, nanosecondsPerUnit: 1000n };
    if (number === NANOSECONDS) return { little, nanosecondsPerUnit: 1n };
  }
  return undefined;
}

/** The frames of a file; of a file that ends within a frame, what is there of it. */
export function* pcapFrames(input: Window, form: PcapForm): Generator<Frame | CaptureFault> {
  const { little } = form;
  const header = input.peek(FILE_HEADER_LENGTH);
  if (header.length < FILE_HEADER_LENGTH) {
    yield truncated(input, header.length, "The file ends within its header");
    return;
  }
  // The upper half has the length of a frame check sequence.
  const linkType = viewOf(header).getUint32(20, little) & 0xffff;
  input.skip(FILE_HEADER_LENGTH);
  for (;;) {
    const record = input.peek(RECORD_HEADER_LENGTH);
    if (record.length === 0) return;
    if (record.length < RECORD_HEADER_LENGTH) {
      yield truncated(input, record.length, "The file ends within the header of a frame");
      return;
    }
    const view = viewOf(record);
    const timeNs = BigInt(view.getUint32(0, little)) * 1_000_000_000n +
      BigInt(view.getUint32(4, little)) * form.nanosecondsPerUnit;
    const length = view.getUint32(8, little);
    input.skip(RECORD_HEADER_LENGTH);
    const octets = input.peek(Math.min(length, MAX_FRAME_LENGTH));
    yield { kind: "frame", linkType, timeNs, octets };
    if (!input.skip(length)) {
      yield truncated(input, 0, `The file ends within a frame of ${length} octets`);
      return;
    }
  }
}

function truncated(input: Window, seen: number, message: string): CaptureFault {
  return { kind: "fault", code: "truncated", octet: input.octet + seen, message };
}
