/** The sending side of one socket: batches, and a DF bit that belongs to the whole socket. */
import {
  type Libc,
  SendBatch,
  type SendFailed,
  type SendPath,
  setDontFragment,
} from "../../../ffi/libc/mod.ts";
import { type PacketBuffer, packetBufferOver, type PacketMemory } from "../../../src/datapath/mod.ts";
import type { Family } from "../../../src/ip/mod.ts";

/** What waits is sent on `flush`, or earlier where the batch is full or DF changes. */
export class Outlet {
  /** The memory that messages are sent from. */
  readonly buffer: PacketBuffer;
  /** Datagrams that were lost: the kernel's queue stayed full. */
  lost = 0;
  /** Datagrams that were lost: the kernel would not send them. */
  refused = 0;
  readonly #libc: Libc;
  readonly #batch: SendBatch;
  readonly #fd: number;
  readonly #family: Family;
  #dontFragment = false;
  #stuck = false;
  /** Told of messages that the kernel refused. */
  failed: SendFailed | undefined;
  readonly #failed: SendFailed = (errno, path, datagrams) => {
    this.refused += datagrams;
    this.failed?.(errno, path, datagrams);
  };

  /** Messages are written into `memory` where there is one. */
  constructor(libc: Libc, fd: number, family: Family, slots: number, memory?: PacketMemory) {
    this.#libc = libc;
    this.#fd = fd;
    this.#family = family;
    this.#batch = new SendBatch(
      libc,
      memory ? { slots, allocate: (length) => memory.take(length) } : { slots },
    );
    this.buffer = packetBufferOver(this.#batch.data, memory);
  }

  /** The kernel's queue was full at the last `flush`: what waits goes when it has room (POLLOUT). */
  get stuck(): boolean {
    return this.#batch.pending > 0 && this.#stuck;
  }

  /** Where in `buffer` the next message is to be written, up to 65,536 octets. */
  room(): number {
    if (this.#batch.full) this.#makeRoom();
    return this.#batch.at;
  }

  /** Takes what was written there: `length` octets in datagrams of `segment` octets. */
  send(path: SendPath, length: number, segment: number, trafficClass: number, dontFragment: boolean): void {
    if (dontFragment !== this.#dontFragment && this.#batch.pending > 0) {
      // The message lies in the batch but is not part of it yet: it keeps its place behind what goes first.
      const { at } = this.#batch;
      if (this.#batch.flush(this.#fd, this.#failed) > 0) this.#drop();
      this.buffer.octets.copyWithin(this.#batch.at, at, at + length);
    }
    this.#fragment(dontFragment);
    this.#batch.commit(length, path, trafficClass, segment);
  }

  /** Sends these parts as one datagram, which may be fragmented on its way. */
  push(path: SendPath, ...parts: readonly Uint8Array[]): void {
    if (this.#batch.full || this.#dontFragment) this.#makeRoom();
    this.#fragment(false);
    this.#batch.push(path, 0, ...parts);
  }

  /** Sends what waits; what the kernel's queue does not take stays. */
  flush(): void {
    if (this.#batch.pending > 0) this.#stuck = this.#batch.flush(this.#fd, this.#failed) > 0;
  }

  #fragment(dontFragment: boolean): void {
    if (dontFragment === this.#dontFragment) return;
    setDontFragment(this.#libc, this.#fd, this.#family, dontFragment);
    this.#dontFragment = dontFragment;
  }

  #makeRoom(): void {
    if (this.#batch.flush(this.#fd, this.#failed) > 0) this.#drop();
  }

  #drop(): void {
    this.lost += this.#batch.discard();
  }
}
