/**
 * Packets of flows whose SA is being made: the first ones of each flow are kept, within bounds, and go out in their
 * order once there is an SA. The later ones are dropped: what is sent again comes again.
 */
import { type PacketBuffer, packetBuffer } from "./buffer.ts";

/** Frames, and octets of them, that are kept of one policy and of all together. */
const OF_A_POLICY = { frames: 32, octets: 128 << 10 } as const;
const OF_ALL = { frames: 512, octets: 1 << 20 } as const;

/** So long a frame waits at most: whoever sent it has given it up by then. */
const PATIENCE_MS = 10_000;

/** Frames begin here, so that the packet behind the device header is at a multiple of four. */
const FRAME_AT = 2;

/** One read of the device. */
export interface Frame {
  readonly buffer: PacketBuffer;
  readonly offset: number;
  readonly length: number;
  readonly sinceMs: number;
}

interface Queue {
  frames: Frame[];
  octets: number;
}

/** See the head of the file. */
export class Waiting {
  readonly #queues = new Map<string, Queue>();
  #frames = 0;
  #octets = 0;

  /** Frames that wait, and octets of them. */
  get held(): { readonly frames: number; readonly octets: number } {
    return { frames: this.#frames, octets: this.#octets };
  }

  /** Keeps a copy of a frame for the policy, where there is room for it. */
  keep(policy: string, from: PacketBuffer, offset: number, length: number, nowMs: number): void {
    if (this.#frames === OF_ALL.frames || this.#octets + length > OF_ALL.octets) return;
    const queue = this.#queues.get(policy) ?? { frames: [], octets: 0 };
    if (queue.frames.length === OF_A_POLICY.frames || queue.octets + length > OF_A_POLICY.octets) return;
    const buffer = packetBuffer(FRAME_AT + length);
    buffer.octets.set(from.octets.subarray(offset, offset + length), FRAME_AT);
    this.#add(policy, queue, { buffer, offset: FRAME_AT, length, sinceMs: nowMs });
  }

  /** Takes the frames of a policy that still are in time; the first one first. */
  take(policy: string, nowMs: number): readonly Frame[] {
    const queue = this.#queues.get(policy);
    if (queue === undefined) return [];
    this.#queues.delete(policy);
    this.#frames -= queue.frames.length;
    this.#octets -= queue.octets;
    return queue.frames.filter(({ sinceMs }) => nowMs - sinceMs < PATIENCE_MS);
  }

  /** Puts a frame back that was taken and has no SA yet. */
  putBack(policy: string, frame: Frame): void {
    this.#add(policy, this.#queues.get(policy) ?? { frames: [], octets: 0 }, frame);
  }

  /** Drops what waits too long. */
  tick(nowMs: number): void {
    if (this.#frames === 0) return;
    for (const policy of [...this.#queues.keys()]) {
      for (const frame of this.take(policy, nowMs)) this.putBack(policy, frame);
    }
  }

  /** Drops all. */
  clear(): void {
    this.#queues.clear();
    this.#frames = this.#octets = 0;
  }

  #add(policy: string, queue: Queue, frame: Frame): void {
    queue.frames.push(frame);
    queue.octets += frame.length;
    this.#queues.set(policy, queue);
    this.#frames++;
    this.#octets += frame.length;
  }
}
