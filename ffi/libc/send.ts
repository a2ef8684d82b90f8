/** Datagrams out, a batch in one call: sendmmsg with source address, TOS and UDP_SEGMENT. */
import { addressToOctets, type Endpoint, type Family, type IpAddress } from "../../src/ip/mod.ts";
import { ERRNO } from "./errno.ts";
import type { Libc, Octets } from "./libc.ts";
import {
  type Allocate,
  CONTROL_LENGTH,
  CONTROL_STRIDE,
  HEADER_LENGTH,
  MessageVector,
  NAME,
  NAME_LENGTH,
} from "./message_vector.ts";
import { encodeSockaddr } from "./sockaddr.ts";
import {
  IP_PKTINFO,
  IP_TOS,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_PKTINFO,
  IPV6_TCLASS,
  isFull,
  UDP_SEGMENT,
} from "./socket.ts";

const MSG_DONTWAIT = 0x40;
const TOS_SPACE = 24;
const SEGMENT_SPACE = 24;

/** From one of our addresses to one remote endpoint, encoded once for many packets. */
export interface SendPath {
  readonly family: Family;
  readonly remote: Endpoint;
  /** `sockaddr` of the remote; `ReceiveBatch.isFrom` takes it too. */
  readonly name: Octets;
  readonly nameAddress: bigint;
  /** Control messages with holes: TOS first, then the source address, last the segment size. */
  readonly control: Octets;
}

function putControl(view: DataView, at: number, level: number, type: number, octets: number): void {
  view.setUint32(at, 16 + octets, true);
  view.setInt32(at + 8, level, true);
  view.setInt32(at + 12, type, true);
}

/** Prepares a path. Without `local` the kernel chooses the source. Raw sockets ignore the remote's port. */
export function sendPath(
  libc: Libc,
  local: IpAddress | undefined,
  remote: Endpoint,
  raw = false,
): SendPath {
  const { family } = remote.address;
  if (local !== undefined && local.family !== family) {
    throw new RangeError("Source and destination differ in family");
  }
  // The kernel takes the port of a raw IPv6 destination for a protocol number.
  const name = encodeSockaddr(raw ? { address: remote.address, port: 0 } : remote);
  const infoSpace = local === undefined ? 0 : family === 4 ? 32 : 40;
  const control = new Uint8Array(TOS_SPACE + infoSpace + SEGMENT_SPACE);
  const view = new DataView(control.buffer);
  if (family === 4) putControl(view, 0, IPPROTO_IP, IP_TOS, 4);
  else putControl(view, 0, IPPROTO_IPV6, IPV6_TCLASS, 4);
  if (local !== undefined && family === 4) {
    putControl(view, TOS_SPACE, IPPROTO_IP, IP_PKTINFO, 12);
    control.set(addressToOctets(local), TOS_SPACE + 16 + 4);
  } else if (local !== undefined) {
    putControl(view, TOS_SPACE, IPPROTO_IPV6, IPV6_PKTINFO, 20);
    control.set(addressToOctets(local), TOS_SPACE + 16);
  }
  putControl(view, TOS_SPACE + infoSpace, IPPROTO_UDP, UDP_SEGMENT, 2);
  return { family, remote, name, nameAddress: libc.addressOf(name), control };
}

export interface SendOptions {
  /** Messages per call; 16 by default. */
  readonly slots?: number;
  /** Octets per message, all its segments together; 65,536 by default. */
  readonly slotLength?: number;
  /** Where `data` comes from; new memory where absent. */
  readonly allocate?: Allocate;
}

/**
 * Told of a message that the kernel refused: EMSGSIZE (too long for the path), ENETUNREACH, EPERM …; and how many
 * datagrams of it were lost.
 */
export type SendFailed = (errno: number, path: SendPath, datagrams: number) => void;

/**
 * One arena for sending through one socket. Write a message to `data` from `at` on, `commit` it, `flush` when
 * `full` or at the end of a turn. A message of several equal datagrams goes out in one piece with UDP_SEGMENT.
 */
export class SendBatch {
  /** All slots' octets, and a view of the same. */
  readonly data: Octets;
  readonly view: DataView<ArrayBuffer>;
  readonly slotLength: number;
  /** Offset in `data` of the next message. Valid while not `full`. */
  at = 0;
  readonly #libc: Libc;
  readonly #vector: MessageVector;
  readonly #paths: (SendPath | undefined)[];
  readonly #lengths: Int32Array;
  readonly #segments: Int32Array;
  #first = 0;
  #count = 0;
  /** Datagrams that the last `#sendSingly` could not send. */
  #unsent = 0;

  constructor(libc: Libc, options: SendOptions = {}) {
    const slots = options.slots ?? 16;
    this.#libc = libc;
    this.#vector = new MessageVector(libc, slots, options.slotLength ?? 65536, options.allocate);
    this.slotLength = this.#vector.slotLength;
    this.data = this.#vector.data;
    this.view = this.#vector.view;
    this.#paths = new Array<SendPath | undefined>(slots).fill(undefined);
    this.#lengths = new Int32Array(slots);
    this.#segments = new Int32Array(slots);
  }

  /** Whether every slot is taken: `flush` first. */
  get full(): boolean {
    return this.#count === this.#vector.slots;
  }

  /** Messages committed and not yet sent. */
  get pending(): number {
    return this.#count - this.#first;
  }

  /**
   * Takes the `length` octets written from `at` on as one message for `path`. With `segment` below `length` it is
   * sent as datagrams of `segment` octets each, the last may be shorter, at most 64 of them (UDP only).
   */
  commit(length: number, path: SendPath, tos: number, segment = length): void {
    const i = this.#count++;
    const { headers, control, controlView } = this.#vector;
    const header = i * HEADER_LENGTH, base = i * CONTROL_STRIDE;
    if (this.#paths[i] !== path) {
      this.#paths[i] = path;
      headers.setBigUint64(header + NAME, path.nameAddress, true);
      headers.setUint32(header + NAME_LENGTH, path.name.length, true);
      control.set(path.control, base);
    }
    const full = path.control.length;
    controlView.setUint32(base + 16, tos, true);
    if (segment < length) {
      controlView.setUint16(base + full - SEGMENT_SPACE + 16, segment, true);
      headers.setUint32(header + CONTROL_LENGTH, full, true);
    } else headers.setUint32(header + CONTROL_LENGTH, full - SEGMENT_SPACE, true);
    this.#vector.spanLength(i, length);
    this.#lengths[i] = length;
    this.#segments[i] = segment;
    this.at += this.slotLength;
  }

  /** Copies the parts into the next slot as one datagram: for IKE. Returns false where they are too long for it. */
  push(path: SendPath, tos: number, ...parts: readonly Uint8Array[]): boolean {
    let length = 0;
    for (const part of parts) length += part.length;
    if (length > this.slotLength) return false;
    let at = this.at;
    for (const part of parts) {
      this.data.set(part, at);
      at += part.length;
    }
    this.commit(length, path, tos);
    return true;
  }

  /**
   * Sends what was committed. Returns the messages that stay because the socket's queue is full (0: all gone): call
   * again on POLLOUT, or `discard`. Refused ones are told to `failed` and passed over.
   */
  flush(fd: number, failed?: SendFailed): number {
    const { pointers } = this.#vector;
    while (this.#first < this.#count) {
      const sent = this.#libc.c.sendmmsg(fd, pointers[this.#first]!, this.#count - this.#first, MSG_DONTWAIT);
      if (sent > 0) {
        this.#first += sent;
        continue;
      }
      let errno = this.#libc.errno();
      if (isFull(errno)) return this.pending;
      if (errno === ERRNO.EINTR) continue;
      this.#unsent = this.#datagrams(this.#first);
      // Devices without checksum offload refuse UDP_SEGMENT with EIO, paths with a small MTU with EINVAL.
      if (errno === ERRNO.EIO || errno === ERRNO.EINVAL) errno = this.#sendSingly(fd, this.#first, errno);
      if (errno !== 0) failed?.(errno, this.#paths[this.#first]!, this.#unsent);
      this.#first++;
    }
    this.discard();
    return 0;
  }

  /** Forgets what was committed and not sent; so many datagrams. */
  discard(): number {
    let datagrams = 0;
    for (let i = this.#first; i < this.#count; i++) datagrams += this.#datagrams(i);
    this.#first = this.#count = this.at = 0;
    return datagrams;
  }

  /** How many datagrams a message is sent as. */
  #datagrams(i: number): number {
    const length = this.#lengths[i]!;
    return length === 0 ? 1 : Math.ceil(length / this.#segments[i]!);
  }

  /** Datagram by datagram; returns the first errno, 0 where there was none. */
  #sendSingly(fd: number, i: number, cause: number): number {
    const { headers, slotLength } = this.#vector;
    const length = this.#lengths[i]!, segment = this.#segments[i]!;
    if (segment >= length) return cause;
    const start = i * slotLength;
    headers.setUint32(
      i * HEADER_LENGTH + CONTROL_LENGTH,
      this.#paths[i]!.control.length - SEGMENT_SPACE,
      true,
    );
    let first = 0;
    this.#unsent = 0;
    for (let at = 0; at < length; at += segment) {
      this.#vector.span(i, start + at, Math.min(segment, length - at));
      if (this.#libc.c.sendmsg(fd, this.#vector.pointers[i]!, MSG_DONTWAIT) >= 0) continue;
      if (first === 0) first = this.#libc.errno();
      this.#unsent++;
    }
    this.#vector.span(i, start, length);
    return first;
  }
}
