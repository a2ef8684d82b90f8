/**
 * `struct mmsghdr[]` with its iovecs, control and data in one arena each, prepared once (64-bit Linux):
 *
 *     mmsghdr, 64 octets: name*, namelen, -, iov*, iovlen, control*, controllen, flags, -, len, -
 *     cmsghdr, 16 octets: len (8), level (4), type (4), then data, padded to 8
 */
import type { Libc, Octets } from "./libc.ts";

export const HEADER_LENGTH = 64;
export const NAME = 0;
export const NAME_LENGTH = 8;
export const CONTROL_LENGTH = 40;
export const FLAGS = 48;
export const MESSAGE_LENGTH = 56;
/** Octets of control per message: TOS, packet info and segment size of IPv6 need 88. */
export const CONTROL_STRIDE = 128;
const IOV_STRIDE = 16;
const NAME_STRIDE = 32;

/** Gives memory of so many octets, at a multiple of eight. */
export type Allocate = (length: number) => Octets;

const fresh: Allocate = (length) => new Uint8Array(length);

/** Messages for recvmmsg or sendmmsg; slot `i` has its header at 64·i, its data at slotLength·i. */
export class MessageVector {
  readonly data: Octets;
  readonly view: DataView<ArrayBuffer>;
  readonly headers: DataView<ArrayBuffer>;
  readonly names: Octets;
  readonly nameView: DataView<ArrayBuffer>;
  readonly control: Octets;
  readonly controlView: DataView<ArrayBuffer>;
  readonly vectors: DataView<ArrayBuffer>;
  /** Address of `data`. */
  readonly dataAddress: bigint;
  /** Pointer to each slot's header. */
  readonly pointers: readonly Deno.PointerObject[];

  constructor(libc: Libc, readonly slots: number, readonly slotLength: number, allocate: Allocate = fresh) {
    this.data = allocate(slots * slotLength);
    this.view = new DataView(this.data.buffer, this.data.byteOffset, this.data.length);
    this.names = new Uint8Array(slots * NAME_STRIDE);
    this.nameView = new DataView(this.names.buffer);
    this.control = new Uint8Array(slots * CONTROL_STRIDE);
    this.controlView = new DataView(this.control.buffer);
    const headers = new Uint8Array(slots * HEADER_LENGTH);
    this.headers = new DataView(headers.buffer);
    const vectors = new Uint8Array(slots * IOV_STRIDE);
    this.vectors = new DataView(vectors.buffer);
    this.dataAddress = libc.addressOf(this.data);
    const nameAddress = libc.addressOf(this.names);
    const controlAddress = libc.addressOf(this.control);
    const vectorAddress = libc.addressOf(vectors);
    const pointers: Deno.PointerObject[] = [];
    for (let i = 0; i < slots; i++) {
      const at = i * HEADER_LENGTH;
      this.headers.setBigUint64(at + NAME, nameAddress + BigInt(i * NAME_STRIDE), true);
      this.headers.setBigUint64(at + 16, vectorAddress + BigInt(i * IOV_STRIDE), true);
      this.headers.setBigUint64(at + 24, 1n, true);
      this.headers.setBigUint64(at + 32, controlAddress + BigInt(i * CONTROL_STRIDE), true);
      this.span(i, i * slotLength, slotLength);
      pointers.push(libc.pointerTo(headers.subarray(at, at + HEADER_LENGTH)));
    }
    this.pointers = pointers;
  }

  /** Offset of slot `i`'s name in `names`. */
  nameAt(i: number): number {
    return i * NAME_STRIDE;
  }

  /** Lets slot `i`'s iovec name `length` octets of `data` from `offset` on. */
  span(i: number, offset: number, length: number): void {
    this.vectors.setBigUint64(i * IOV_STRIDE, this.dataAddress + BigInt(offset), true);
    this.vectors.setUint32(i * IOV_STRIDE + 8, length, true);
  }

  /** The same for a message that starts where the slot does: its length only. */
  spanLength(i: number, length: number): void {
    this.vectors.setUint32(i * IOV_STRIDE + 8, length, true);
  }
}
