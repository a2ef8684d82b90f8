/** syslog(3) without libc's own: one datagram a line to /dev/log, in the form that local daemons use (RFC 3164 §4.1). */
import type { Libc } from "../../../ffi/libc/mod.ts";
import type { SyslogLine } from "../ports.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;
/** Facility daemon in the priority's upper bits. */
const DAEMON = 3 << 3;
/** What every receiver takes (RFC 3164 §4.1 has 1024 for the whole packet). */
const MAX_LINE = 1000;

/** The socket of the system's log. */
export class Syslog {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #name = new Uint8Array(110);

  /** `path` is that of the log's socket. */
  constructor(libc: Libc, path = "/dev/log") {
    this.#libc = libc;
    this.#fd = libc.unwrap(
      libc.c.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
      "open a socket for syslog",
    );
    new DataView(this.#name.buffer).setUint16(0, AF_UNIX, true);
    this.#name.set(new TextEncoder().encode(path), 2);
  }

  /** Writes lines; where nobody listens they are lost, as syslog(3) has it. */
  write(lines: readonly SyslogLine[]): void {
    for (const { severity, text } of lines) {
      const line = new TextEncoder().encode(`<${DAEMON | severity}>iked: ${text}`).subarray(0, MAX_LINE);
      this.#libc.c.sendto(this.#fd, line, line.length, 0, this.#name, this.#name.length);
    }
  }

  close(): void {
    this.#libc.c.close(this.#fd);
  }
}
