/** A netlink socket: one request at a time, its answers to the end, errors with errno and the kernel's own words. */
import {
  encodeRequest,
  isWhole,
  type NetlinkMessage,
  type NetlinkRequest,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_DONE,
  parseMessages,
  parseOutcome,
} from "../../src/datapath/rtnetlink/mod.ts";
import { fail, ok, type Result } from "../../src/bytes/mod.ts";
import { describeErrno, ERRNO, LibcError } from "./errno.ts";
import type { Libc, Octets } from "./libc.ts";
import {
  setBuffer,
  setOption,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
} from "./socket.ts";

const AF_NETLINK = 16;
/** NETLINK_…: what the other end of a socket is. */
const PROTOCOLS = { route: 0, xfrm: 6 } as const;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
/** Of recv: the datagram's own length, also where the buffer is shorter. */
const MSG_TRUNC = 0x20;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

/** Answers to one request: a dump of this many octets is a fault of the kernel or of ours. */
const MAX_ANSWER = 64 << 20;
/** A dump that changed under our hands, or overflowed, is asked for again. */
const DUMP_ATTEMPTS = 5;

/** The kernel's refusal. `message` is one line for the log. */
export interface NetlinkFailure {
  readonly errno: number;
  readonly message: string;
}

/** rtnetlink or XFRM, answered in the same call: the kernel has the answer ready when the request was sent. */
export class Netlink {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #buffer: Octets = new Uint8Array(256 << 10);
  /** Messages hold keys: what they lay in is wiped. */
  readonly #secret: boolean;
  #sequence = 0;

  /** Opens the socket in the calling thread's network namespace, to which it stays bound. */
  constructor(libc: Libc, protocol: keyof typeof PROTOCOLS = "route") {
    this.#libc = libc;
    this.#secret = protocol === "xfrm";
    const fd = libc.c.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, PROTOCOLS[protocol]);
    this.#fd = libc.unwrap(fd, "open a netlink socket");
    // Each of these only betters the answers; kernels before 4.20 lack the last.
    for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK]) {
      setOption(libc, this.#fd, SOL_NETLINK, option, 1);
    }
    // A lost answer must not hold up the role for ever.
    const patience = new BigInt64Array([2n, 0n]);
    libc.c.setsockopt(this.#fd, SOL_SOCKET, SO_RCVTIMEO, patience, 16);
  }

  /** Sends a request and reads its answers; `action` completes "Cannot …" should it fail. */
  request(request: NetlinkRequest, action: string): Result<readonly NetlinkMessage[], NetlinkFailure> {
    const dump = (request.flags & NLM_F_DUMP) === NLM_F_DUMP && (request.flags & NLM_F_ACK) === 0;
    for (let attempt = 1;; attempt++) {
      const answer = this.#once(request, action);
      if (answer.ok || !dump || attempt === DUMP_ATTEMPTS) return answer;
      if (answer.error.errno !== ERRNO.EINTR && answer.error.errno !== ERRNO.ENOBUFS) return answer;
    }
  }

  /** The same for a request that must succeed: throws `LibcError`. */
  require(request: NetlinkRequest, action: string): readonly NetlinkMessage[] {
    const answer = this.request(request, action);
    if (!answer.ok) throw new LibcError(action, answer.error.errno);
    return answer.value;
  }

  close(): void {
    this.#libc.c.close(this.#fd);
  }

  #once(request: NetlinkRequest, action: string): Result<readonly NetlinkMessage[], NetlinkFailure> {
    this.#sequence = (this.#sequence + 1) >>> 0;
    const octets = encodeRequest(request, this.#sequence);
    const sent = this.#libc.c.send(this.#fd, octets, octets.length, 0);
    const refused = sent < 0 ? this.#libc.errno() : 0;
    if (this.#secret) octets.fill(0);
    if (sent < 0) return this.#failure(action, refused);
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    for (let octetsRead = 0; octetsRead < MAX_ANSWER;) {
      const length = this.#libc.c.recv(this.#fd, this.#buffer, this.#buffer.length, MSG_TRUNC);
      if (length < 0) {
        const errno = this.#libc.errno();
        if (errno === ERRNO.EINTR) continue;
        return this.#failure(action, errno === ERRNO.EAGAIN ? ERRNO.ETIMEDOUT : errno);
      }
      octetsRead += length;
      const received = this.#buffer.slice(0, length);
      if (this.#secret) this.#buffer.fill(0, 0, length);
      const answer = parseMessages(received);
      // Half a list must not pass for the whole.
      if (length > received.length || !isWhole(answer, length)) {
        return this.#failure(action, ERRNO.EIO, "the kernel's answer is cut short");
      }
      for (const message of answer) {
        // Answers to an earlier request that was given up may still come.
        if (message.sequence !== this.#sequence) continue;
        interrupted ||= (message.flags & NLM_F_DUMP_INTR) !== 0;
        const outcome = parseOutcome(message);
        if (outcome !== undefined && outcome.errno !== 0) {
          return this.#failure(action, outcome.errno, outcome.text);
        }
        if (outcome !== undefined || message.type === NLMSG_DONE) {
          return interrupted ? this.#failure(action, ERRNO.EINTR) : ok(messages);
        }
        messages.push(message);
        // A lookup has one answer and no end mark.
        const alone = (message.flags & NLM_F_MULTI) === 0 && (request.flags & (NLM_F_ACK | NLM_F_DUMP)) === 0;
        if (alone) return ok(messages);
      }
    }
    return this.#failure(action, ERRNO.ENOBUFS);
  }

  #failure(action: string, errno: number, text?: string): Result<never, NetlinkFailure> {
    const words = text === undefined ? "" : `: ${text}`;
    return fail({ errno, message: `Cannot ${action}: ${describeErrno(errno)}${words}` });
  }
}

/** A socket that listens to multicast groups of the kernel, and does not wait. */
function listen(libc: Libc, protocol: keyof typeof PROTOCOLS, groups: number, action: string): number {
  const type = SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const fd = libc.unwrap(libc.c.socket(AF_NETLINK, type, PROTOCOLS[protocol]), "open a netlink socket");
  const name = new Uint8Array(12);
  const view = new DataView(name.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  if (libc.c.bind(fd, name, name.length) < 0) {
    const errno = libc.errno();
    libc.c.close(fd);
    throw new LibcError(action, errno);
  }
  return fd;
}

/** Octets of the queue of events: an SA that expires is 300 of them, and thousands may expire at once. */
const EVENT_QUEUE = 4 << 20;

const SO_ATTACH_FILTER = 26;
/** Classic BPF: load the two octets at an offset, in the order of the network; go on behind as many; return. */
const BPF = { load: 0x28, ifEqual: 0x15, return: 0x06 } as const;
const TYPE_OFFSET = 4;

/** Has the kernel queue messages of these types alone: what others carry, keys among it, never comes here. */
function keepTypes(libc: Libc, fd: number, types: readonly number[]): void {
  const program = new Uint8Array(8 * (types.length + 3));
  const view = new DataView(program.buffer);
  const put = (at: number, code: number, value: number, skip = 0) => {
    view.setUint16(8 * at, code, true);
    view.setUint8(8 * at + 2, skip);
    view.setUint32(8 * at + 4, value, true);
  };
  put(0, BPF.load, TYPE_OFFSET);
  types.forEach((type, at) => put(at + 1, BPF.ifEqual, (type & 0xff) << 8 | type >> 8, types.length - at));
  put(types.length + 1, BPF.return, 0);
  put(types.length + 2, BPF.return, 0xffff_ffff);
  const header = new DataView(new ArrayBuffer(16));
  header.setUint16(0, types.length + 3, true);
  header.setBigUint64(8, libc.addressOf(program), true);
  const set = libc.c.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(header.buffer), 16);
  libc.unwrap(set, "filter the news of the kernel's IPsec");
}

/** What the kernel's IPsec tells of its own accord: poll `fd` for POLLIN, then `drain`. */
export class KernelEvents {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #buffer: Octets = new Uint8Array(64 << 10);

  /**
   * Listens to these groups (XFRM_GROUP) in the calling thread's network namespace, for messages of these types
   * (XFRM_MSG). Throws `LibcError`.
   */
  constructor(libc: Libc, groups: number, types: readonly number[]) {
    this.#libc = libc;
    this.fd = listen(libc, "xfrm", groups, "listen to the kernel's IPsec");
    setBuffer(libc, this.fd, SO_RCVBUFFORCE, SO_RCVBUF, EVENT_QUEUE);
    try {
      keepTypes(libc, this.fd, types);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Hands over each message that is there. True: some were lost, for the queue was full. */
  drain(each: (message: NetlinkMessage) => void): boolean {
    let lost = false;
    for (;;) {
      const length = this.#libc.c.recv(this.fd, this.#buffer, this.#buffer.length, 0);
      if (length < 0) {
        const errno = this.#libc.errno();
        if (errno === ERRNO.EINTR) continue;
        if (errno !== ERRNO.ENOBUFS) return lost;
        lost = true;
        continue;
      }
      for (const message of parseMessages(this.#buffer.slice(0, length))) each(message);
      this.#buffer.fill(0, 0, length);
    }
  }

  close(): void {
    this.#libc.c.close(this.fd);
  }
}

/** RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR. */
const LINK_GROUP = 0x1, ADDRESS_GROUPS = 0x10 | 0x100;

/** Tells that addresses of the host changed, and devices if `links`: poll `fd` for POLLIN, then `drain`. */
export class AddressMonitor {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #buffer: Octets = new Uint8Array(16 << 10);

  /** Listens in the calling thread's network namespace. */
  constructor(libc: Libc, links = false) {
    this.#libc = libc;
    const groups = links ? ADDRESS_GROUPS | LINK_GROUP : ADDRESS_GROUPS;
    this.fd = listen(libc, "route", groups, "listen for changes of addresses");
  }

  /** Reads all that is there; whether there was anything. An overflow (ENOBUFS) is news too. */
  drain(): boolean {
    let news = false;
    for (;;) {
      const length = this.#libc.c.recv(this.fd, this.#buffer, this.#buffer.length, 0);
      if (length < 0 && this.#libc.errno() !== ERRNO.ENOBUFS) return news;
      news = true;
    }
  }

  close(): void {
    this.#libc.c.close(this.fd);
  }
}
