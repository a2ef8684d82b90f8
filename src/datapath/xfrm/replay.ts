/** `xfrm_replay_state_esn`: the anti-replay window of an SA, of any size, with and without extended sequence numbers. */
import type { Replay } from "../kernel/values.ts";
import { attribute } from "../rtnetlink/message.ts";
import { StructReader, StructWriter } from "../kernel/layout.ts";
import { XFRMA } from "./numbers.ts";

const LENGTH = 24;
export function replayAttribute({ window, sent = 0n, received = 0n, bitmap }: Replay): Uint8Array {
  const words = Math.ceil(window / 32);
  // The kernel takes the structure without its map, which is then empty.
  const writer = new StructWriter(LENGTH + (bitmap === undefined ? 0 : 4 * words));
  const low = (value: bigint): number => Number(value & 0xffff_ffffn);
  const high = (value: bigint): number => Number(value >> 32n);
  writer.u32(words).u32(low(sent)).u32(low(received)).u32(high(sent)).u32(high(received)).u32(window);
  if (bitmap !== undefined) writer.bytes(bitmap.subarray(0, 4 * words));
  return attribute(XFRMA.REPLAY_ESN_VAL, writer.octets);
}

export function readReplay(attributes: ReadonlyMap<number, Uint8Array>, esn: boolean): Replay | undefined {
  const octets = attributes.get(XFRMA.REPLAY_ESN_VAL);
  if (octets === undefined || octets.length < LENGTH) return undefined;
  const reader = new StructReader(octets);
  const words = reader.u32(), sentLow = reader.u32(), receivedLow = reader.u32();
  const sentHigh = reader.u32(), receivedHigh = reader.u32(), window = reader.u32();
  const bitmap = reader.length === 0 ? undefined : reader.length < 4 * words ? null : reader.bytes(4 * words);
  if (bitmap === null) return undefined;
  return {
    window,
    esn,
    sent: (BigInt(sentHigh) << 32n) | BigInt(sentLow),
    received: (BigInt(receivedHigh) << 32n) | BigInt(receivedLow),
    ...(bitmap === undefined ? {} : { bitmap }),
  };
}
