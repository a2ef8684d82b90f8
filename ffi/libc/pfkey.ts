/** A socket of PF_KEY (RFC 2367): one request at a time, its answers to the end, errors with errno. */
import {
  encodeMessage,
  parseMessage,
  type PfkeyMessage,
  type PfkeyRequest,
  SADB,
} from "../../src/datapath/pfkey/mod.ts";
import { fail, ok, type Result } from "../../src/bytes/mod.ts";
import { describeErrno, ERRNO } from "./errno.ts";
import type { Libc, Octets } from "./libc.ts";
import { setBuffer, SO_RCVBUF, SO_RCVBUFFORCE, SOCK_CLOEXEC, SOCK_RAW } from "./socket.ts";

const AF_KEY = 15;
const PF_KEY_V2 = 2;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const MSG_DONTWAIT = 0x40;
/** Octets of queue: an SA that expires is 200 of them, and thousands may expire at once. */
const QUEUE = 4 << 20;
/** Answers to one request: a list of so many entries is a fault of the kernel or of ours. */
const MOST_ANSWERS = 1 << 20;

/** The kernel's refusal. `message` is one line for the log. */
export interface PfkeyFailure {
  readonly errno: number;
  readonly message: string;
}

/** Every message of PF_KEY is told to every socket, its SAs with their keys: what octets lay in is wiped. */
export class Pfkey {
  /** To be polled for POLLIN by who wants `drain`. */
  readonly fd: number;
  readonly #libc: Libc;
  readonly #pid: number;
  readonly #buffer: Octets = new Uint8Array(64 << 10);
  #sequence = 0;

  /** Opens the socket in the calling thread's network namespace, to which it stays bound. Throws `LibcError`. */
  constructor(libc: Libc, pid: number) {
    this.#libc = libc;
    this.#pid = pid;
    this.fd = libc.unwrap(libc.c.socket(AF_KEY, SOCK_RAW | SOCK_CLOEXEC, PF_KEY_V2), "open a PF_KEY socket");
    setBuffer(libc, this.fd, SO_RCVBUFFORCE, SO_RCVBUF, QUEUE);
    // A lost answer must not hold up the role for ever.
    libc.c.setsockopt(this.fd, SOL_SOCKET, SO_RCVTIMEO, new BigInt64Array([2n, 0n]), 16);
  }

  /** Sends a request and reads its answers, which the caller wipes; `action` completes "Cannot …" should it fail. */
  request(request: PfkeyRequest, action: string): Result<readonly PfkeyMessage[], PfkeyFailure> {
    // What others were told fills the queue.
    this.drain(() => {});
    this.#sequence = this.#sequence % 0x7fff_ffff + 1;
    const octets = encodeMessage(request, this.#sequence, this.#pid);
    const sent = this.#libc.c.send(this.fd, octets, octets.length, 0);
    const refused = sent < 0 ? this.#libc.errno() : 0;
    octets.fill(0);
    if (sent < 0) return this.#failure(action, refused);
    const list = request.type === SADB.DUMP || request.type === SADB.X_SPDDUMP;
    const answers: PfkeyMessage[] = [];
    while (answers.length < MOST_ANSWERS) {
      const received = this.#receive(0);
      if (typeof received === "number") {
        return this.#failure(action, received === ERRNO.EAGAIN ? ERRNO.ETIMEDOUT : received);
      }
      const message = parseMessage(received);
      const ours = message?.type === request.type && message.pid === this.#pid &&
        (list || message.sequence === this.#sequence);
      if (message === undefined || !ours) {
        received.fill(0);
        continue;
      }
      if (message.errno !== 0) return this.#failure(action, message.errno);
      answers.push(message);
      if (!list || message.sequence === 0) return ok(answers);
    }
    return this.#failure(action, ERRNO.ENOBUFS);
  }

  /** Hands over each message that is there; it is wiped afterwards. */
  drain(each: (message: PfkeyMessage) => void): void {
    for (;;) {
      const received = this.#receive(MSG_DONTWAIT);
      if (typeof received === "number") return;
      const message = parseMessage(received);
      if (message !== undefined) each(message);
      received.fill(0);
    }
  }

  close(): void {
    this.#libc.c.close(this.fd);
  }

  /** The next message's octets, or errno. */
  #receive(flags: number): Uint8Array | number {
    for (;;) {
      const length = this.#libc.c.recv(this.fd, this.#buffer, this.#buffer.length, flags);
      if (length >= 0) {
        const received = this.#buffer.slice(0, length);
        this.#buffer.fill(0, 0, length);
        return received;
      }
      const errno = this.#libc.errno();
      if (errno !== ERRNO.EINTR) return errno;
    }
  }

  #failure(action: string, errno: number): Result<never, PfkeyFailure> {
    return fail({ errno, message: `Cannot ${action}: ${describeErrno(errno)}` });
  }
}
