/**
 * The ESP transform on one packet, in place (RFC 4303 §2, §3.3, §3.4).
 *
 *     0                   1                   2                   3
 *     | Security Parameters Index (SPI)                               |
 *     | Sequence Number (low 32 bits)                                 |
 *     | IV (0, 8 or 16 octets)                                        |
 *     | inner IP packet                                               |
 *     |             | padding 1, 2, 3, … | pad length | next header   |
 *     | Integrity Check Value                                         |
 *
 * With ESN the high 32 bits are not sent: an AEAD has them in its AAD (RFC 4106 §5), a MAC behind the trailer
 * (RFC 4303 §2.2.1).
 */
import type { PacketBuffer } from "./buffer.ts";
import { DROP, type Drop } from "./drops.ts";
import { ESP_HEADER, type InboundSa, type OutboundSa, writeIv } from "./sa.ts";
import { IP_PROTOCOL } from "./packet.ts";

/** The last sequence number that may be used: 32 bits, or all that a number holds exactly. */
export function lastSequence(sa: OutboundSa): number {
  return sa.esn ? Number.MAX_SAFE_INTEGER : 0xffff_ffff;
}

/** Octets of the ESP packet that carries `length` octets. */
export function sealedLength(sa: OutboundSa, length: number): number {
  const text = Math.ceil((length + 2) / sa.alignment) * sa.alignment;
  return ESP_HEADER + sa.ivLength + text + sa.icvLength;
}

/** The longest inner packet whose ESP packet is not longer than `room` octets; negative where none is. */
export function openedRoom(sa: OutboundSa, room: number): number {
  const text = room - ESP_HEADER - sa.ivLength - sa.icvLength;
  return Math.floor(text / sa.alignment) * sa.alignment - 2;
}

function writeAad(sa: InboundSa | OutboundSa, sequence: number): void {
  if (sa.esn) {
    sa.aadView.setUint32(4, Math.floor(sequence / 0x1_0000_0000));
    sa.aadView.setUint32(8, sequence >>> 0);
  } else {
    sa.aadView.setUint32(4, sequence);
  }
}

/**
 * Makes the packet at `at + 8 + ivLength`, of `length` octets, an ESP packet that begins at `at`. Returns its octets:
 * `sealedLength`. The caller has seen that there is a sequence number left.
 */
export function seal(
  sa: OutboundSa,
  buffer: PacketBuffer,
  at: number,
  length: number,
  nextHeader: number,
): number {
  const { octets, view } = buffer;
  const ivAt = at + ESP_HEADER, textAt = ivAt + sa.ivLength;
  const textLength = Math.ceil((length + 2) / sa.alignment) * sa.alignment;
  const end = textAt + textLength;
  const padLength = textLength - length - 2;
  for (let pad = 1; pad <= padLength; pad++) octets[textAt + length + pad - 1] = pad;
  octets[end - 2] = padLength;
  octets[end - 1] = nextHeader;
  const sequence = ++sa.sequence;
  view.setUint32(at, sa.spi);
  view.setUint32(at + 4, sequence >>> 0);
  writeIv(sa, buffer, ivAt, sequence);
  writeAad(sa, sequence);
  sa.cipher.seal(octets, ivAt, textAt, textLength, sa.aad);
  if (sa.mac !== undefined) {
    let covered = end - at;
    if (sa.esn) {
      view.setUint32(end, Math.floor(sequence / 0x1_0000_0000));
      covered += 4;
    }
    sa.mac.write(octets, at, covered, end);
  }
  return end + sa.icvLength - at;
}

/** What `open` found; one object is used again and again. */
export class Opened {
  /** Where the inner packet begins. */
  offset = 0;
  /** Octets up to the padding. */
  length = 0;
  nextHeader = 0;
  /** The ICV was right, whatever came of the rest. */
  authentic = false;
  /** The highest sequence number so far. */
  newest = false;
}

/**
 * Checks and decrypts the ESP packet of `length` octets at `at`, in place. The window is asked before the ICV is
 * looked at and moved after it was found right (RFC 4303 §3.4.3).
 */
export function open(
  sa: InboundSa,
  buffer: PacketBuffer,
  at: number,
  length: number,
  opened: Opened,
): Drop | undefined {
  const { octets, view } = buffer;
  const ivAt = at + ESP_HEADER, textAt = ivAt + sa.ivLength;
  const textLength = length - ESP_HEADER - sa.ivLength - sa.icvLength;
  opened.authentic = false;
  if (textLength < 2 || textLength % sa.cipher.blockLength !== 0) return DROP.malformedEsp;
  const low = view.getUint32(at + 4);
  const sequence = sa.esn ? sa.replay.infer(low) : low;
  const refused = sa.replay.check(sequence);
  if (refused !== undefined) return refused;
  const end = textAt + textLength;
  writeAad(sa, sequence);
  if (sa.mac !== undefined) {
    let covered = end - at;
    for (let octet = 0; octet < sa.icvLength; octet++) sa.icv[octet] = octets[end + octet]!;
    if (sa.esn) {
      view.setUint32(end, Math.floor(sequence / 0x1_0000_0000));
      covered += 4;
    }
    if (!sa.mac.verify(octets, at, covered, sa.icv)) return DROP.forged;
  }
  if (!sa.cipher.open(octets, ivAt, textAt, textLength, sa.aad)) return DROP.forged;
  opened.authentic = true;
  opened.newest = sa.replay.accept(sequence);
  const padLength = octets[end - 2]!;
  opened.offset = textAt;
  opened.length = textLength - 2 - padLength;
  opened.nextHeader = octets[end - 1]!;
  if (opened.length < 0) return DROP.badPadding;
  // The authenticated plaintext: nothing can be learnt from how long this takes.
  for (let pad = 1; pad <= padLength; pad++) {
    if (octets[textAt + opened.length + pad - 1] !== pad) return DROP.badPadding;
  }
  return opened.nextHeader === IP_PROTOCOL.noNext ? DROP.dummy : undefined;
}
