/**
 * Standard error as a pipe into this very process: what the runtime writes there in any thread, before it aborts, is
 * read first and goes nowhere by itself.
 */
import type { Libc, Octets } from "./libc.ts";
import { writeAll } from "./file.ts";
import { POLLIN } from "./poll.ts";

const STDERR = 2;
const F_DUPFD_CLOEXEC = 1030, F_SETPIPE_SZ = 1031;
const O_CLOEXEC = 0x80000;
/** The one flag of open(2) here that differs between machines. */
const O_DIRECT = Deno.build.arch === "aarch64" ? 0x10000 : 0x4000;
/** The most octets of one packet (PIPE_BUF); as a pipe's size it means: room for one packet, however short. */
const PACKET = 4096;

/** The end of such a pipe that is read, in whatever thread. */
export class PacketReader {
  readonly #libc: Libc;
  readonly #fd: number;
  /** A `struct pollfd`. */
  readonly #poll = new Uint8Array(8);
  readonly #pointer: Deno.PointerObject;

  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
    const view = new DataView(this.#poll.buffer);
    view.setInt32(0, fd, true);
    view.setInt16(4, POLLIN, true);
    this.#pointer = libc.pointerTo(this.#poll);
  }

  /** A packet that is there; undefined where there is none. */
  take(): Octets | undefined {
    if (this.#libc.c.poll(this.#pointer, 1, 0) <= 0) return undefined;
    const packet = new Uint8Array(PACKET);
    const length = this.#libc.c.read_buffer(this.#fd, packet, PACKET);
    return length <= 0 ? undefined : packet.subarray(0, length);
  }

  /** The next packet, other work going on meanwhile. Until it can go on here, it stays for others to take. */
  async next(): Promise<Octets> {
    for (;;) {
      await this.#libc.c.poll_async(this.#pointer, 1, -1);
      const packet = this.take();
      if (packet !== undefined) return packet;
    }
  }
}

/**
 * The pipe. Each write(2) to standard error is one packet in it, of which it has room for one: a thread that goes on
 * to write waits there, before whatever it meant to do next, until somebody reads.
 */
export class CaughtStderr {
  readonly #libc: Libc;
  readonly #pipe: number;
  /** The end that packets are read from. */
  readonly words: number;
  readonly reader: PacketReader;
  /** What standard error was before. */
  readonly out: number;

  /** Makes the pipe; nothing changes until `begin`. Throws `LibcError`. */
  constructor(libc: Libc) {
    this.#libc = libc;
    const ends = new Int32Array(2);
    libc.unwrap(libc.c.pipe2(ends, O_CLOEXEC | O_DIRECT), "make a pipe");
    [this.words, this.#pipe] = [ends[0]!, ends[1]!];
    libc.unwrap(libc.c.fcntl(this.#pipe, F_SETPIPE_SZ, PACKET), "make a pipe short");
    this.out = libc.unwrap(libc.c.fcntl(STDERR, F_DUPFD_CLOEXEC, STDERR + 1), "keep standard error");
    this.reader = new PacketReader(libc, this.words);
    libc.bind("dup2", "poll", "poll_async", "read_buffer", "write_buffer", "_exit");
  }

  /** From now on standard error is the pipe. */
  begin(): void {
    this.#libc.c.dup2(this.#pipe, STDERR);
  }

  /** Writes to what standard error was. Throws `LibcError`. */
  write(octets: Octets): void {
    writeAll(this.#libc, this.out, octets);
  }

  /** Ends the process now: exit(3) would wait for locks of C's that a thread in the middle of its last words holds. */
  exit(code: number): never {
    this.#libc.c._exit(code);
    throw new Error("_exit came back");
  }
}
