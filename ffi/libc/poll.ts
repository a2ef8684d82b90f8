/** Waiting for descriptors without holding up the worker's messages. */
import { ERRNO, LibcError } from "./errno.ts";
import type { Libc, Octets } from "./libc.ts";

export const POLLIN = 0x1;
export const POLLOUT = 0x4;
export const POLLERR = 0x8;
export const POLLHUP = 0x10;

const EFD_NONBLOCK = 0x800;
const EFD_CLOEXEC = 0x80000;

/** One descriptor that a `Poller` looks at. */
export interface Watch {
  readonly fd: number;
  /** What to wait for; a change counts from the next `wait` or `now` on: call `wake` if one is under way. */
  events: number;
  /** What the last `wait` or `now` found: POLLIN, POLLOUT, POLLERR, POLLHUP. 0 is nothing. */
  readonly ready: number;
  /** Ends the watch. Close the descriptor only after the `wait` under way returned (`wake`). */
  stop(): void;
}

class Entry implements Watch {
  ready = 0;
  constructor(readonly fd: number, public events: number, readonly stop: () => void) {}
}

/**
 * `poll(2)` over a changing set of descriptors. `wait` runs on another thread, so that messages are served meanwhile;
 * `now` asks in this thread, at once or for a moment. Both fill each watch's `ready`. A signal or `wake` ends a `wait`
 * early with 0.
 */
export class Poller {
  readonly #libc: Libc;
  readonly #event: number;
  readonly #one: Octets = new Uint8Array(new BigUint64Array([1n]).buffer);
  readonly #drain: Octets = new Uint8Array(8);
  #watches: Entry[] = [];
  /** `struct pollfd` on x86-64 and arm64: descriptor; what to look for and, in the upper half, what was found. */
  #fds: Int32Array<ArrayBuffer> = new Int32Array(2 * 16);
  #pointer: Deno.PointerObject;
  #waiting = false;
  #closing = false;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#event = libc.unwrap(libc.c.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "make an eventfd");
    this.#pointer = libc.pointerTo(new Uint8Array(this.#fds.buffer));
  }

  /** Looks at `fd` from the next `wait` or `now` on. */
  watch(fd: number, events = POLLIN): Watch {
    const entry: Entry = new Entry(fd, events, () => {
      entry.ready = 0;
      this.#watches = this.#watches.filter((other) => other !== entry);
    });
    this.#watches = [...this.#watches, entry];
    return entry;
  }

  /**
   * Number of watches that are ready at this moment, or within `timeoutMs`, for which this thread stands still.
   * Not to be called while a `wait` is under way.
   */
  now(timeoutMs = 0): number {
    const watches = this.#fill();
    const found = this.#libc.c.poll(this.#pointer, watches.length + 1, timeoutMs);
    if (found < 0 && this.#libc.errno() !== ERRNO.EINTR) throw new LibcError("poll", this.#libc.errno());
    return this.#collect(watches, found);
  }

  /** Number of watches that are ready, as soon as one is, `wake` is called, or the time is over (-1: never). */
  async wait(timeoutMs: number): Promise<number> {
    const watches = this.#fill();
    this.#waiting = true;
    // A negative result is a signal's EINTR: the list is valid memory, its length below every limit.
    const found = await this.#libc.c.poll_async(this.#pointer, watches.length + 1, timeoutMs);
    this.#waiting = false;
    if (this.#closing) this.#libc.c.close(this.#event);
    return this.#collect(watches, found);
  }

  /** Ends the `wait` under way, or else the next one at once. */
  wake(): void {
    this.#libc.c.write_buffer(this.#event, this.#one, 8);
  }

  /** Ends the `wait` under way and gives the eventfd back. Watched descriptors stay open. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#watches = [];
    if (this.#waiting) this.wake();
    else this.#libc.c.close(this.#event);
  }

  #fill(): readonly Entry[] {
    if (this.#waiting) throw new Error("A wait is under way");
    if (this.#closing) throw new Error("Poller is closed");
    const watches = this.#watches;
    if (this.#fds.length < 2 * (watches.length + 1)) {
      this.#fds = new Int32Array(4 * (watches.length + 1));
      this.#pointer = this.#libc.pointerTo(new Uint8Array(this.#fds.buffer));
    }
    this.#fds[0] = this.#event;
    this.#fds[1] = POLLIN;
    for (let i = 0; i < watches.length; i++) {
      const { fd, events } = watches[i]!;
      this.#fds[2 * i + 2] = fd;
      this.#fds[2 * i + 3] = events & 0xffff;
    }
    return watches;
  }

  #collect(watches: readonly Entry[], found: number): number {
    if (found > 0 && this.#fds[1]! >> 16 !== 0 && !this.#closing) {
      this.#libc.c.read_buffer(this.#event, this.#drain, 8);
    }
    let count = 0;
    const same = watches === this.#watches;
    for (let i = 0; i < watches.length; i++) {
      const entry = watches[i]!;
      // One stopped while the poll was under way is no longer ours to report.
      const ready = found > 0 && (same || this.#watches.includes(entry)) ? this.#fds[2 * i + 3]! >> 16 : 0;
      entry.ready = ready;
      if (ready !== 0) count++;
    }
    return count;
  }
}
