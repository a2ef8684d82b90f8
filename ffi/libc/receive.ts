/** Datagrams in, a batch in one call: recvmmsg with destination address, TOS and UDP_GRO. */
import type { Endpoint, IpAddress } from "../../src/ip/mod.ts";
import { ERRNO, LibcError } from "./errno.ts";
import type { Libc, Octets } from "./libc.ts";
import {
  type Allocate,
  CONTROL_LENGTH,
  CONTROL_STRIDE,
  FLAGS,
  HEADER_LENGTH,
  MESSAGE_LENGTH,
  MessageVector,
  NAME_LENGTH,
} from "./message_vector.ts";
import { decodeSockaddr, ipv4At, ipv6At, SOCKADDR_LENGTH } from "./sockaddr.ts";
import {
  IP_PKTINFO,
  IP_TOS,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_UDP,
  IPV6_PKTINFO,
  IPV6_TCLASS,
  UDP_GRO,
} from "./socket.ts";

const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

/** Results of recvmmsg that only a fault of ours can cause. */
const OUR_FAULT: ReadonlySet<number> = new Set([ERRNO.EBADF, ERRNO.ENOTSOCK, ERRNO.EFAULT, ERRNO.EINVAL]);

export interface ReceiveOptions {
  /** Messages per call; 16 by default. */
  readonly slots?: number;
  /** Octets per message; 65,536 by default, which UDP_GRO needs. Longer messages are dropped. */
  readonly slotLength?: number;
  /** Raw IPv4 sockets give the IP header too: pass over it. */
  readonly ipv4Header?: boolean;
  /** Where `data` comes from; new memory where absent. */
  readonly allocate?: Allocate;
}

/**
 * One arena for receiving; usable with one socket after the other. All accessors speak of the last `receive`, `i`
 * below its result; `data` is overwritten by the next one, so what is kept must be copied.
 */
export class ReceiveBatch {
  /** All slots' octets, and a view of the same. */
  readonly data: Octets;
  readonly view: DataView<ArrayBuffer>;
  readonly #libc: Libc;
  readonly #vector: MessageVector;
  readonly #ipv4Header: boolean;
  readonly #start: Int32Array;
  readonly #length: Int32Array;
  readonly #segment: Int32Array;
  readonly #tos: Uint8Array;
  /** Offset in the control arena of the destination address: positive IPv4, negative IPv6, 0 none. */
  readonly #local: Int32Array;
  #used: number;

  constructor(libc: Libc, options: ReceiveOptions = {}) {
    const slots = options.slots ?? 16;
    this.#libc = libc;
    this.#vector = new MessageVector(libc, slots, options.slotLength ?? 65536, options.allocate);
    this.#ipv4Header = options.ipv4Header ?? false;
    this.data = this.#vector.data;
    this.view = this.#vector.view;
    this.#start = new Int32Array(slots);
    this.#length = new Int32Array(slots);
    this.#segment = new Int32Array(slots);
    this.#tos = new Uint8Array(slots);
    this.#local = new Int32Array(slots);
    this.#used = slots;
  }

  /** Number of messages that were waiting, at most the slots; 0 is none. Network errors count as none. */
  receive(fd: number): number {
    const { headers, pointers, slots } = this.#vector;
    for (let i = 0; i < this.#used; i++) {
      headers.setUint32(i * HEADER_LENGTH + NAME_LENGTH, SOCKADDR_LENGTH, true);
      headers.setUint32(i * HEADER_LENGTH + CONTROL_LENGTH, CONTROL_STRIDE, true);
    }
    this.#used = 0;
    const count = this.#libc.c.recvmmsg(fd, pointers[0]!, slots, MSG_DONTWAIT, null);
    if (count < 0) {
      const errno = this.#libc.errno();
      if (OUR_FAULT.has(errno)) throw new LibcError("receive", errno);
      return 0;
    }
    this.#used = count;
    for (let i = 0; i < count; i++) this.#read(i);
    return count;
  }

  /** Offset in `data` of message `i`'s payload. */
  start(i: number): number {
    return this.#start[i]!;
  }

  /** Octets of message `i`'s payload, all its datagrams together. 0 where it was too long for the slot. */
  length(i: number): number {
    return this.#length[i]!;
  }

  /** Octets of each datagram that UDP_GRO joined into message `i`, the last may be shorter. 0 for an empty one. */
  segment(i: number): number {
    return this.#segment[i]!;
  }

  /** TOS or traffic class octet of the outer header. */
  tos(i: number): number {
    return this.#tos[i]!;
  }

  /** Who sent message `i`; the port is 0 for raw sockets over IPv4. */
  remote(i: number): Endpoint | undefined {
    return decodeSockaddr(this.#vector.nameView, this.#vector.nameAt(i));
  }

  /** Whether message `i` came from this `sockaddr` (`encodeSockaddr`): without making an object. */
  isFrom(i: number, name: Octets): boolean {
    const { names } = this.#vector;
    const at = this.#vector.nameAt(i);
    // Family, port and address; flow label and scope of IPv6 do not say who it is.
    for (let k = 0; k < 4; k++) if (names[at + k] !== name[k]) return false;
    if (name.length === 16) {
      for (let k = 4; k < 8; k++) if (names[at + k] !== name[k]) return false;
      return true;
    }
    for (let k = 8; k < 24; k++) if (names[at + k] !== name[k]) return false;
    return true;
  }

  /** The address of ours that message `i` was sent to. */
  local(i: number): IpAddress | undefined {
    const at = this.#local[i]!;
    if (at === 0) return undefined;
    return at > 0 ? ipv4At(this.#vector.controlView, at) : ipv6At(this.#vector.controlView, -at);
  }

  /** A copy of message `i`'s payload without its first `skip` octets. */
  copy(i: number, skip = 0): Octets {
    return this.data.slice(this.start(i) + skip, this.start(i) + this.length(i));
  }

  #read(i: number): void {
    const { headers, slotLength } = this.#vector;
    const at = i * HEADER_LENGTH;
    const truncated = (headers.getInt32(at + FLAGS, true) & MSG_TRUNC) !== 0;
    let start = i * slotLength;
    let length = truncated ? 0 : headers.getUint32(at + MESSAGE_LENGTH, true);
    if (this.#ipv4Header) {
      const header = length === 0 ? 0 : (this.data[start]! & 15) * 4;
      start += header;
      length = Math.max(0, length - header);
    }
    this.#start[i] = start;
    this.#length[i] = length;
    this.#segment[i] = length;
    this.#tos[i] = 0;
    this.#local[i] = 0;
    this.#readControl(i, headers.getUint32(at + CONTROL_LENGTH, true));
  }

  #readControl(i: number, octets: number): void {
    const view = this.#vector.controlView;
    const end = i * CONTROL_STRIDE + octets;
    for (let at = i * CONTROL_STRIDE; at + 16 <= end;) {
      const length = view.getUint32(at, true);
      if (length < 16) return;
      const level = view.getInt32(at + 8, true), type = view.getInt32(at + 12, true), body = at + 16;
      if (level === IPPROTO_UDP && type === UDP_GRO) this.#segment[i] = view.getInt32(body, true);
      // ipi_spec_dst is the local address even for a broadcast; ipi_addr what the header said.
      else if (level === IPPROTO_IP && type === IP_PKTINFO) this.#local[i] = body + 4;
      else if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) this.#local[i] = -body;
      else if (level === IPPROTO_IP && type === IP_TOS) this.#tos[i] = view.getUint8(body);
      else if (level === IPPROTO_IPV6 && type === IPV6_TCLASS) this.#tos[i] = view.getUint8(body);
      at += (length + 7) & ~7;
    }
  }
}
