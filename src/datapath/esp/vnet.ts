/**
 * The header that a TUN device with IFF_VNET_HDR puts before each packet: `struct virtio_net_hdr` (VIRTIO 1.2 §5.1.6),
 * ten octets in the machine's byte order.
 *
 *     u8 flags | u8 gso_type | u16 hdr_len | u16 gso_size | u16 csum_start | u16 csum_offset
 */
import type { PacketBuffer } from "./buffer.ts";
import { LITTLE_ENDIAN } from "./endian.ts";

/** Octets of the header. */
export const VNET_HEADER = 10;

/** The field at `csum_start + csum_offset` holds the sum of the pseudo-header only. */
export const NEEDS_CHECKSUM = 1;

/** `gso_type`: what the device joined, or what it shall cut. */
export const GSO = { none: 0, tcp4: 1, tcp6: 4, udp: 5 } as const;

/** Set in `gso_type` where CWR stands in the first segment only, as it always does here. */
const GSO_ECN = 0x80;

/** One header; one object is used again and again. */
export class VnetHeader {
  flags = 0;
  gsoType = 0;
  /** Octets of payload in a segment. */
  gsoSize = 0;
  /** Where the checksum begins, counted from the packet. */
  checksumStart = 0;
  /** Where its field is, counted from there. */
  checksumOffset = 0;
}

/** Reads the header at `at`. */
export function readVnet(header: VnetHeader, { octets, view }: PacketBuffer, at: number): void {
  header.flags = octets[at]!;
  header.gsoType = octets[at + 1]! & ~GSO_ECN;
  header.gsoSize = view.getUint16(at + 4, LITTLE_ENDIAN);
  header.checksumStart = view.getUint16(at + 6, LITTLE_ENDIAN);
  header.checksumOffset = view.getUint16(at + 8, LITTLE_ENDIAN);
}

/** How many packets the device makes of what was written to it: header at `at`, `length` octets with it. */
export function packetsIn({ octets, view }: PacketBuffer, at: number, length: number): number {
  if (octets[at + 1] === GSO.none) return 1;
  const headers = view.getUint16(at + 2, LITTLE_ENDIAN), segment = view.getUint16(at + 4, LITTLE_ENDIAN);
  return Math.ceil((length - VNET_HEADER - headers) / segment);
}

/** Writes the header of a packet that is whole as it is. */
export function writePlainVnet({ view }: PacketBuffer, at: number): void {
  view.setUint16(at, 0);
  view.setBigUint64(at + 2, 0n);
}

/** Writes the header of a packet that the device shall cut; `headerLength` counts to the payload. */
export function writeGsoVnet(
  { octets, view }: PacketBuffer,
  at: number,
  gsoType: number,
  headerLength: number,
  gsoSize: number,
  checksumStart: number,
  checksumOffset: number,
): void {
  octets[at] = NEEDS_CHECKSUM;
  octets[at + 1] = gsoType;
  view.setUint16(at + 2, headerLength, LITTLE_ENDIAN);
  view.setUint16(at + 4, gsoSize, LITTLE_ENDIAN);
  view.setUint16(at + 6, checksumStart, LITTLE_ENDIAN);
  view.setUint16(at + 8, checksumOffset, LITTLE_ENDIAN);
}
